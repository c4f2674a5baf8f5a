"""What a placement costs, and what is wrong with it. The one definition that every engine is held to.

The published objective: over edges, the columns and `lam` times the rows between the producer's output face and the consumer's input
face, and `mu` times the row of every block. Costs are whole numbers of units (Instance.scale).
"""

from __future__ import annotations

from placer.placement.instance import Block, Instance, Link, Places, Region


def cost_units(instance: Instance, places: Places) -> int:
    """The published objective of `places`, one a block, in units."""
    heights = instance.height_units * sum(y for _, y in places)
    return heights + sum(link_units(instance, link, places) for link in instance.links)


def link_units(instance: Instance, link: Link, places: Places) -> int:
    """What one edge costs, in units."""
    (px, py), (cx, cy) = places[link.producer], places[link.consumer]
    across, along = instance.gaps(link, cx - px, cy - py)
    return instance.scale * across + instance.row_units * along


def violations(instance: Instance, places: Places) -> list[str]:
    """One sentence a broken rule; empty for a legal placement."""
    found = []
    for block, (x, y) in zip(instance.blocks, places, strict=True):
        if x < 0 or y < 0 or x + block.width > instance.width or y + block.height > instance.height:
            found.append(f"{block.name} leaves the grid")
        if block.anchor not in {None, (x, y)}:
            found.append(f"{block.name} is not at its anchor")
        if any(_covers(block, (x, y), region) for region in instance.forbidden):
            found.append(f"{block.name} stands on a forbidden region")
    shared = {
        (link.producer, link.consumer)
        for link in instance.links
        if link.may_share
        and (places[link.consumer][0] - places[link.producer][0], places[link.consumer][1] - places[link.producer][1])
        == instance.shared_at(link)
    }
    for one in range(len(places)):
        for other in range(one):
            if _extents_meet(instance, places, one, other) and (one, other) not in shared and (other, one) not in shared:
                found.append(f"{instance.blocks[one].name} overlaps {instance.blocks[other].name} or breaks a keep-out")
    return found


def _covers(block: Block, place: tuple[int, int], region: Region) -> bool:
    x, y = place
    return x < region.x + region.width and region.x < x + block.width and y < region.y + region.height and region.y < y + block.height


def _extents_meet(instance: Instance, places: Places, one: int, other: int) -> bool:
    a, b, (ax, ay), (bx, by) = instance.blocks[one], instance.blocks[other], places[one], places[other]
    rows = ay < by + b.height and by < ay + a.height
    return rows and max(0, ax - a.keepout_left) < bx + b.width and max(0, bx - b.keepout_left) < ax + a.width
