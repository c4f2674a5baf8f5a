"""A hypothesis strategy for QDQ models: any sequence of supported operators that keeps onnxruntime's float32 arithmetic exact."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from hypothesis import strategies as st

from tests.qdq_models import QdqBuilder

# Operands of an Add whose scales lie closer than this sum exactly in float32.
CLOSE = 12
# Products of two tensors double exponents: from here on float32 would soon overflow.
FAR = 40


@dataclass(frozen=True)
class Live:
    """A dequantised value of the model: its name, the shape of one sample, log2 of its scale."""

    name: str
    shape: tuple[int, ...]
    exponent: int


@dataclass(frozen=True, eq=False)
class RandomModel:
    """A builder, the names in which the model ends, and a seed for its data."""

    builder: QdqBuilder
    outputs: tuple[str, ...]


@dataclass
class _Grower:
    """Draws one operator after another."""

    draw: st.DrawFn
    builder: QdqBuilder
    rng: np.random.Generator
    live: list[Live] = field(default_factory=list)

    def close(self, x: str, shape: tuple[int, ...], exponent: int) -> Live:
        """Round a real value, perhaps after a Relu, perhaps with a Relu that has its own rounding point."""
        relu = self.draw(st.sampled_from(("none", "none", "before", "after", "rescaled")))
        if relu == "before":
            x = self.builder.node("Relu", x)
        x = self.builder.qdq(x, exponent)
        if relu in {"after", "rescaled"}:
            exponent += relu == "rescaled"
            x = self.builder.qdq(self.builder.node("Relu", x), exponent)
        return Live(x, shape, exponent)

    def dense(self, source: Live) -> Live:
        b, inner, outer = self.builder, source.shape[-1], self.draw(st.integers(1, 12))
        weight_exponent = self.draw(st.integers(-8, -5))
        weight = self.rng.integers(-128, 128, (inner, outer)).astype(np.int8)
        step = source.exponent + weight_exponent
        bias = self._bias(outer, step)
        if len(source.shape) == 1 and self.draw(st.booleans()):
            trans = self.draw(st.integers(0, 1))
            operands = [source.name, b.weights(weight.T if trans else weight, weight_exponent), *([bias] if bias else [])]
            product = b.node("Gemm", *operands, transB=trans)
        else:
            product = b.node("MatMul", source.name, b.weights(weight, weight_exponent))
            if bias:
                product = b.node("Add", *self.draw(st.permutations((product, bias))))
        return self.close(product, (*source.shape[:-1], outer), step + self.draw(st.integers(-1, 14)))

    def _bias(self, outer: int, step: int) -> str | None:
        """No bias, int32 at the accumulator's scale, int8 at a coarser one, or floating point on the accumulator's grid."""
        kind = self.draw(st.sampled_from(("none", "int32", "int8", "float")))
        values = self.rng.integers(-(1 << 15), 1 << 15, outer)
        match kind:
            case "int32":
                return self.builder.weights(values.astype(np.int32), step, "int32")
            case "int8":
                return self.builder.weights((values >> 8).astype(np.int8), step + self.draw(st.integers(0, 6)))
            case "float":
                return self.builder.constant(values * 2.0**step, "float32")
        return None

    def add(self, left: Live) -> Live:
        others = [v for v in self.live if v.shape == left.shape and abs(v.exponent - left.exponent) < CLOSE]
        right = self.draw(st.sampled_from(others))
        exponent = max(left.exponent, right.exponent) + self.draw(st.integers(-1, 2))
        return self.close(self.builder.node("Add", left.name, right.name), left.shape, exponent)

    def add_constant(self, source: Live) -> Live:
        exponent = source.exponent + self.draw(st.integers(-3, 3))
        values = self.rng.integers(-128, 128, source.shape[-1:]).astype(np.int8)
        operands = self.draw(st.permutations((source.name, self.builder.weights(values, exponent))))
        return self.close(self.builder.node("Add", *operands), source.shape, source.exponent + self.draw(st.integers(-1, 3)))

    def requantise(self, source: Live) -> Live:
        return self.close(source.name, source.shape, source.exponent + self.draw(st.integers(-3, 4)))

    def transpose(self, source: Live) -> Live:
        if len(source.shape) != 2:
            return self.requantise(source)
        moved = self.builder.node("Transpose", source.name, perm=[0, 2, 1])
        keep = self.draw(st.booleans())
        return Live(moved if keep else self.builder.qdq(moved, source.exponent), source.shape[::-1], source.exponent)

    def permute(self, source: Live) -> Live:
        """Any order of the axes, perhaps rounded again."""
        perm = self.draw(st.permutations(range(len(source.shape))))
        moved = self.builder.node("Transpose", source.name, perm=[0, *(p + 1 for p in perm)])
        keep = self.draw(st.booleans())
        shape = tuple(source.shape[p] for p in perm)
        return Live(moved if keep else self.builder.qdq(moved, source.exponent), shape, source.exponent)

    def select(self, source: Live) -> Live:
        """Some places along one axis: an even step, in any order with repetition, or one alone without its axis."""
        axis = self.draw(st.integers(0, len(source.shape) - 1))
        size, b = source.shape[axis], self.builder
        first, step = self.draw(st.integers(0, size - 1)), self.draw(st.integers(1, 3))
        way = self.draw(st.sampled_from(("slice", "back", "gather", "one")))
        if way in {"slice", "back"}:
            ends = (first, size, step) if way == "slice" else (first, -size - 1, -step)
            listed = [b.constant([i], "int64") for i in (ends[0], ends[1], axis + 1, ends[2])]
            taken = len(range(first, size, step)) if way == "slice" else len(range(first, -1, -step))
            name = b.node("Slice", source.name, *listed)
        else:
            index = self.rng.integers(-size, size, () if way == "one" and len(source.shape) > 1 else self.draw(st.integers(1, 9)))
            taken = index.size
            name = b.node("Gather", source.name, b.constant(index, "int64"), axis=axis + 1)
            if index.ndim == 0:
                return Live(name, (*source.shape[:axis], *source.shape[axis + 1 :]), source.exponent)
        return Live(name, (*source.shape[:axis], taken, *source.shape[axis + 1 :]), source.exponent)

    def concat(self, source: Live) -> Live:
        """Two or three values one after the other."""
        axis = self.draw(st.integers(0, len(source.shape) - 1))

        def fits(other: Live) -> bool:
            same = len(other.shape) == len(source.shape)
            return same and all(i == axis or a == b for i, (a, b) in enumerate(zip(other.shape, source.shape, strict=True)))

        others = [v for v in self.live if fits(v)]
        parts = [source, *self.draw(st.lists(st.sampled_from(others), min_size=1, max_size=2))]
        size = sum(p.shape[axis] for p in parts)
        exponent = max(p.exponent for p in parts) + self.draw(st.integers(-1, 1))
        name = self.builder.node("Concat", *(p.name for p in parts), axis=axis + 1)
        return self.close(name, (*source.shape[:axis], size, *source.shape[axis + 1 :]), exponent)

    def matmul(self, source: Live) -> Live:
        """source @ source^T, or source @ any value of the right shape."""
        if len(source.shape) < 2 or abs(source.exponent) > FAR:
            return self.requantise(source)
        others = [v for v in self.live if v.shape[:-2] == source.shape[:-2] and v.shape[-2:-1] == source.shape[-1:]]
        right = self.draw(st.sampled_from((None, *others)))
        if right is None:
            rank = len(source.shape)
            turned = self.builder.node("Transpose", source.name, perm=[*range(rank - 1), rank, rank - 1])
            right = Live(turned, (*source.shape[:-2], source.shape[-1], source.shape[-2]), source.exponent)
        exponent = source.exponent + right.exponent + self.draw(st.integers(4, 12))
        return self.close(self.builder.node("MatMul", source.name, right.name), (*source.shape[:-1], right.shape[-1]), exponent)

    def softmax(self, source: Live) -> Live:
        """Over any axis; onnxruntime's floating point may differ."""
        axis = self.draw(st.integers(1, len(source.shape)))
        return Live(self.builder.qdq(self.builder.node("Softmax", source.name, axis=axis), -7), source.shape, -7)

    def mix(self, source: Live) -> Live:
        """Transpose, MatMul, Transpose: a product over tokens."""
        return self.transpose(self.dense(self.transpose(source)))

    def reshape(self, source: Live) -> Live:
        size = int(np.prod(source.shape))
        way = self.draw(st.sampled_from(("Flatten", "Reshape", "Unsqueeze")))
        if way == "Flatten":
            return Live(self.builder.node("Flatten", source.name), (size,), source.exponent)
        if way == "Reshape":
            rows = self.draw(st.sampled_from([d for d in range(1, size + 1) if size % d == 0]))
            if len(source.shape) > 1 and source.shape[-1] % 2 == 0 and self.draw(st.booleans()):
                heads = (*source.shape[:-1], 2, source.shape[-1] // 2)
                return Live(self.builder.node("Reshape", source.name, self.builder.constant([0, *heads], "int64")), heads, source.exponent)
            shape = self.builder.constant([0, rows, -1], "int64")
            return Live(self.builder.node("Reshape", source.name, shape), (rows, size // rows), source.exponent)
        if len(source.shape) > 1:
            return source
        return Live(self.builder.node("Unsqueeze", source.name, self.builder.constant([1], "int64")), (1, size), source.exponent)


# Operators on which onnxruntime and the integer evaluator agree bit for bit, those of attention and data movement apart.
PLAIN = ("dense", "dense", "mix", "add", "add_constant", "requantise", "transpose", "reshape")
MOVING = (*PLAIN, "permute", "permute", "select", "concat", "matmul", "matmul")


@st.composite
def random_models(draw: st.DrawFn, kinds: tuple[str, ...] = PLAIN) -> RandomModel:
    """Up to seven operators in any order, reading recent or old values; ends in the last value and now and then in others."""
    builder = QdqBuilder(draw(st.sampled_from((None, None, 3))))
    grower = _Grower(draw, builder, np.random.default_rng(draw(st.integers(0, 1 << 16))))
    axes = 3 if "permute" in kinds else 2
    shape = tuple(draw(st.lists(st.integers(1, 12), min_size=1, max_size=axes)))
    exponent = draw(st.integers(-7, 0))
    grower.live.append(Live(builder.qdq(builder.input(*shape), exponent), shape, exponent))
    for _ in range(draw(st.integers(1, 7))):
        source = grower.live[-1] if draw(st.integers(0, 3)) else draw(st.sampled_from(grower.live))
        step = getattr(grower, draw(st.sampled_from(kinds)))
        grower.live.append(step(source))
    others = draw(st.lists(st.sampled_from([v.name for v in grower.live[1:]]), max_size=2))
    return RandomModel(builder, tuple(dict.fromkeys((*others, grower.live[-1].name))))
