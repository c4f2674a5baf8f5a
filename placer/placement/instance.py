"""A placement problem: rectangular blocks, the edges between their faces, and a grid. Formats of docs/formats.md.

A block's anchor (x, y) is its lowest column and row. Its extent adds the keep-out columns west of it; only extents of blocks that may
share a keep-out may overlap.
"""

from __future__ import annotations

from enum import Enum
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from math import lcm
from typing import Annotated

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError, model_validator
from pydantic.dataclasses import dataclass

from placer.errors import InputError, nearest_name

Place = tuple[int, int]
Places = tuple[Place, ...]
Span = tuple[int, int]

SIZE_LIMIT = 1000
WEIGHT_DECIMALS = 6

# Generators leave notes beside an instance's own keys, so those pass; blocks, faces and edges have none.
_NOTED = ConfigDict(extra="ignore", strict=True, validate_by_name=True, validate_by_alias=True)
_STRICT = ConfigDict(extra="forbid", strict=True, validate_by_name=True, validate_by_alias=True)
Size = Annotated[int, Field(ge=1, le=SIZE_LIMIT)]
Offset = Annotated[int, Field(ge=0, le=SIZE_LIMIT)]
Weight = Annotated[float, Field(ge=0, le=1e6, allow_inf_nan=False)]


class Side(Enum):
    """The side of a block on which a face lies; "top" is the lowest row."""

    LEFT = "left"
    RIGHT = "right"
    TOP = "top"
    BOTTOM = "bottom"


@dataclass(frozen=True, config=_STRICT)
class Face:
    """Tiles `start` to `end`, inclusive, of one side of a block: rows on the left and right, columns on the top and bottom."""

    side: Side
    start: Offset
    end: Offset

    def columns(self, width: int) -> Span:
        """First and last column, from the anchor of a block `width` wide."""
        match self.side:
            case Side.LEFT:
                return 0, 0
            case Side.RIGHT:
                return width - 1, width - 1
            case _:
                return self.start, self.end

    def rows(self, height: int) -> Span:
        """First and last row, from the anchor of a block `height` high."""
        match self.side:
            case Side.TOP:
                return 0, 0
            case Side.BOTTOM:
                return height - 1, height - 1
            case _:
                return self.start, self.end


@dataclass(frozen=True, config=_STRICT)
class Block:
    """A rectangle of `width` columns and `height` rows; with an `anchor` it stands there and nowhere else."""

    name: str
    width: Annotated[Size, Field(validation_alias="w")]
    height: Annotated[Size, Field(validation_alias="h")]
    keepout_left: Offset
    input_face: Face
    output_face: Face
    anchor: Annotated[tuple[Offset, Offset] | None, Field(strict=False)] = None

    @model_validator(mode="after")
    def _faces_fit(self) -> Block:
        for role, face in (("input_face", self.input_face), ("output_face", self.output_face)):
            length = self.height if face.side in {Side.LEFT, Side.RIGHT} else self.width
            if not face.start <= face.end < length:
                raise ValueError(
                    f"{role} from {face.start} to {face.end} must lie within 0 to {length - 1}, its side of block {self.name!r}"
                )
        return self


@dataclass(frozen=True, config=_STRICT)
class Edge:
    """Data from the output face of block `src` to the input face of block `dst`.

    Where it is direct and its producer feeds nothing else, the two may share a keep-out (Instance.shares_keepout).
    """

    src: str
    dst: str
    direct: bool
    producer_exclusive: bool


@dataclass(frozen=True, config=_STRICT)
class Region:
    """Tiles that no block may stand on; a keep-out may lie there."""

    x: Offset
    y: Offset
    width: Annotated[Size, Field(validation_alias="w")]
    height: Annotated[Size, Field(validation_alias="h")]


@dataclass(frozen=True)
class Link:
    """An edge by block numbers; `may_share`: its ends may share a keep-out."""

    producer: int
    consumer: int
    may_share: bool


@dataclass(frozen=True, config=_NOTED)
class Instance:
    """Blocks and edges on a grid of `width` x `height` tiles.

    lam: cost of a row between faces, where a column costs 1. mu: cost of each block's row. Both to six decimals.
    """

    name: str
    width: Annotated[Size, Field(validation_alias="W")]
    height: Annotated[Size, Field(validation_alias="H")]
    lam: Weight
    mu: Weight
    blocks: Annotated[tuple[Block, ...], Field(validation_alias="nodes", strict=False)]
    edges: Annotated[tuple[Edge, ...], Field(strict=False)]
    forbidden: Annotated[tuple[Region, ...], Field(strict=False)] = ()

    @model_validator(mode="after")
    def _names_fit(self) -> Instance:
        names = [b.name for b in self.blocks]
        for one, other in pairwise(sorted(names)):
            if one == other:
                raise ValueError(f"two nodes are named {one!r}")
        for number, edge in enumerate(self.edges):
            for end in (edge.src, edge.dst):
                if end not in names:
                    raise ValueError(f"edges[{number}] names {end!r}, which is no node{nearest_name(end, names)}")
            if edge.src == edge.dst:
                raise ValueError(f"edges[{number}] leads from {edge.src!r} to itself")
        for key, weight in (("lam", self.lam), ("mu", self.mu)):
            if 10**WEIGHT_DECIMALS % Fraction(str(weight)).denominator:
                raise ValueError(f"{key} has more than {WEIGHT_DECIMALS} decimals")
        return self

    @cached_property
    def links(self) -> tuple[Link, ...]:
        """The edges by block numbers."""
        number = {b.name: i for i, b in enumerate(self.blocks)}
        exclusive = {(e.src, e.dst) for e in self.edges if e.direct and e.producer_exclusive}
        return tuple(Link(number[e.src], number[e.dst], (e.src, e.dst) in exclusive and self._face_to_face(e)) for e in self.edges)

    def _face_to_face(self, edge: Edge) -> bool:
        src, dst = (next(b for b in self.blocks if b.name == name) for name in (edge.src, edge.dst))
        output, taken = src.output_face, dst.input_face
        return output.side is Side.RIGHT and taken.side is Side.LEFT and output.end - output.start == taken.end - taken.start

    @cached_property
    def neighbours(self) -> tuple[frozenset[int], ...]:
        """For each block the blocks that share an edge with it."""
        found: list[set[int]] = [set() for _ in self.blocks]
        for link in self.links:
            found[link.producer].add(link.consumer)
            found[link.consumer].add(link.producer)
        return tuple(map(frozenset, found))

    @cached_property
    def scale(self) -> int:
        """Cost units in a cost of 1, such that every cost is a whole number of units."""
        return lcm(*(Fraction(str(weight)).denominator for weight in (self.lam, self.mu)))

    @cached_property
    def row_units(self) -> int:
        """Cost of a row between faces, in units."""
        return int(Fraction(str(self.lam)) * self.scale)

    @cached_property
    def height_units(self) -> int:
        """Cost of a block's row, in units."""
        return int(Fraction(str(self.mu)) * self.scale)

    def gaps(self, link: Link, x: int, y: int) -> tuple[int, int]:
        """Columns and rows between the faces of an edge whose consumer stands at the offset (x, y) from its producer."""
        producer, consumer = self.blocks[link.producer], self.blocks[link.consumer]
        across = _gap(producer.output_face.columns(producer.width), consumer.input_face.columns(consumer.width), x)
        along = _gap(producer.output_face.rows(producer.height), consumer.input_face.rows(consumer.height), y)
        return across, along

    def shared_at(self, link: Link) -> Place:
        """Where the consumer of `link` stands, from its producer's anchor, when the two share a keep-out."""
        producer, consumer = self.blocks[link.producer], self.blocks[link.consumer]
        return producer.width, producer.output_face.start - consumer.input_face.start


def _gap(a: Span, b: Span, shift: int) -> int:
    """Steps between two inclusive ranges, the second moved by `shift`; 0 when they meet."""
    return max(0, b[0] + shift - a[1], a[0] - b[1] - shift)


_INSTANCES = TypeAdapter(tuple[Instance, ...])


def read_instances(text: str | bytes, where: str) -> tuple[Instance, ...]:
    """The instances of a JSON list.

    Raises InputError naming `where`, the place in it, and what is allowed.
    """
    try:
        instances = _INSTANCES.validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        at = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in first["loc"]).lstrip(".")
        message = first["msg"].removeprefix("Value error, ").replace("tuple", "list").replace("dataclass", "object")
        raise InputError(f"{where}: {at + ': ' if at else ''}{message[0].lower()}{message[1:]}") from error
    for one, other in pairwise(sorted(i.name for i in instances)):
        if one == other:
            raise InputError(f"{where}: two instances are named {one!r}")
    return instances
