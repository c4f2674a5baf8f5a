"""Attention as exporters write it, in int8 with power-of-two scales."""

from __future__ import annotations

import numpy as np

from tests.qdq_models import QdqBuilder, some_weights

TOKENS, WIDTH, HEADS = 12, 16, 2
SIZE = WIDTH // HEADS


def dense(b: QdqBuilder, x: str, inner: int, outer: int, seed: int) -> str:
    """A rounded product with weights."""
    return b.qdq(b.node("MatMul", x, b.weights(some_weights(inner, outer, seed), -9)), -4)


def reshape(b: QdqBuilder, x: str, *shape: int) -> str:
    """A Reshape to a constant shape."""
    return b.node("Reshape", x, b.constant(np.array(shape), "int64"))


def attend(b: QdqBuilder, q: str, k_turned: str, v: str) -> str:
    """softmax(q k^T / sqrt(size)) v, each product rounded."""
    scores = b.node("Mul", b.qdq(b.node("MatMul", q, k_turned), -3), b.constant(0.25, "float32"))
    weights = b.qdq(b.node("Softmax", b.qdq(scores, -5), axis=-1), -7)
    return b.qdq(b.node("MatMul", weights, v), -4)


def separate(b: QdqBuilder) -> str:
    """Three products; heads split by Reshape and Transpose (0, 2, 1, 3)."""
    x = b.qdq(b.input(TOKENS, WIDTH), -4)
    heads = [reshape(b, dense(b, x, WIDTH, WIDTH, seed), 0, TOKENS, HEADS, SIZE) for seed in range(3)]
    q, v = (b.node("Transpose", heads[i], perm=[0, 2, 1, 3]) for i in (0, 2))
    mixed = attend(b, q, b.node("Transpose", heads[1], perm=[0, 2, 3, 1]), v)
    merged = reshape(b, b.node("Transpose", mixed, perm=[0, 2, 1, 3]), 0, TOKENS, WIDTH)
    return dense(b, merged, WIDTH, WIDTH, 3)


def fused(b: QdqBuilder) -> str:
    """timm: one product, Reshape to five axes, Transpose (2, 0, 3, 1, 4), and a Gather for each of queries, keys, values."""
    x = b.qdq(b.input(TOKENS, WIDTH), -4)
    five = reshape(b, dense(b, x, WIDTH, 3 * WIDTH, 0), -1, TOKENS, 3, HEADS, SIZE)
    moved = b.node("Transpose", five, perm=[2, 0, 3, 1, 4])
    q, k, v = (b.node("Gather", moved, b.constant(np.array(i), "int64"), axis=0) for i in range(3))
    mixed = attend(b, q, b.node("Transpose", k, perm=[0, 1, 3, 2]), v)
    return dense(b, reshape(b, b.node("Transpose", mixed, perm=[0, 2, 1, 3]), -1, TOKENS, WIDTH), WIDTH, WIDTH, 3)


def tokens_first(b: QdqBuilder) -> str:
    """nn.MultiheadAttention: tokens before the batch, the batch merged with heads, a Gemm behind a reshape to a matrix."""
    x = b.node("Transpose", b.qdq(b.input(TOKENS, WIDTH), -4), perm=[1, 0, 2])
    heads = []
    for seed in range(3):
        apart = reshape(b, dense(b, x, WIDTH, WIDTH, seed), TOKENS, -1, SIZE)
        heads.append(reshape(b, b.node("Transpose", apart, perm=[1, 0, 2]), -1, HEADS, TOKENS, SIZE))
    mixed = attend(b, heads[0], b.node("Transpose", heads[1], perm=[0, 1, 3, 2]), heads[2])
    matrix = reshape(b, b.node("Transpose", mixed, perm=[2, 0, 1, 3]), -1, WIDTH)
    out = b.qdq(b.node("Gemm", matrix, b.weights(some_weights(WIDTH, WIDTH, 3), -9)), -4)
    return b.node("Transpose", reshape(b, out, TOKENS, -1, WIDTH), perm=[1, 0, 2])


SPELLINGS = {"separate": separate, "fused": fused, "tokens first": tokens_first}
