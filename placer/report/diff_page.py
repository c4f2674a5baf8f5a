"""A difference as a picture, and as a page with words and picture."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from placer.report.diff import Change, Difference
from placer.report.files import Reported
from placer.report.floorplan import floorplan_svg, geometry
from placer.report.marks import clean
from placer.report.page import source_hash
from placer.report.templates import asset, render

# Height of a floorplan's heading in the picture, in SVG user units.
HEADING = 24


@dataclass(frozen=True)
class Side:
    """One of the two floorplans: its heading and SVG document, `y` units down."""

    heading: str
    svg: Markup
    y: int


@dataclass(frozen=True)
class Section:
    """Changes of one kind."""

    title: str
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class DiffPage:
    """Everything the templates show."""

    title: str
    width: int
    height: int
    sides: tuple[Side, ...]
    sections: tuple[Section, ...]
    style: Markup
    style_hash: str


def diff_svg(a: Reported, b: Reported, difference: Difference) -> str:
    """Both floorplans, one above the other; what is the same in both is pale."""
    return render("diff.svg.jinja", page=_page(a, b, difference))


def diff_html(a: Reported, b: Reported, difference: Difference) -> str:
    """Words and picture as one self-contained page."""
    return render("diff.html.jinja", page=_page(a, b, difference))


def sections(difference: Difference) -> tuple[Section, ...]:
    """The changes under their headings, those that have any."""
    kinds = (
        ("What was mapped", difference.subject),
        ("Figures (modelled)", difference.figures),
        ("Layers", difference.layers),
        ("Edges", difference.edges),
        ("Ports", difference.ports),
    )
    return tuple(Section(title, changes) for title, changes in kinds if changes)


def _page(a: Reported, b: Reported, difference: Difference) -> DiffPage:
    # One numbering for both, so that a layer has one letter and colour.
    names = tuple(dict.fromkeys(layer.name for m in (a.mapping, b.mapping) for layer in m.layers))
    style = asset("report.css")
    sides, y, width = [], 0, 0
    for heading, subject, changed in (("before", a, difference.before), ("after", b, difference.after)):
        drawn = floorplan_svg(subject.mapping, subject.device, legend=False, names=names, changed=changed)
        size = geometry(subject.device)
        text = f"{heading}: {clean(subject.mapping.network)} on {clean(subject.mapping.device)}, {len(changed)} tiles changed"
        sides.append(Side(text, Markup(drawn), y))
        y += HEADING + size.height
        width = max(width, size.width)
    return DiffPage("Two mappings", width, y, tuple(sides), sections(difference), Markup(style), source_hash(style))
