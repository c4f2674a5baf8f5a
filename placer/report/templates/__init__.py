"""The templates of reports, and the one way to fill them: every value is escaped, an undefined one is an error."""

from __future__ import annotations

from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined

_environment = Environment(
    loader=PackageLoader("placer.report", "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)


def render(template: str, **values: object) -> str:
    """Fill a template of this folder."""
    return _environment.get_template(template).render(values)


def asset(name: str) -> str:
    """The text of a style sheet or script of this folder."""
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")
