"""Jinja templates of reports and model cards; HTML is escaped, Markdown is not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

if TYPE_CHECKING:
    from pathlib import Path


def render(template: Path, *, base: Path | None = None, **values: Any) -> str:
    """Fill in a template.

    `template` is a file, `base` the folder of templates that it extends or includes, if that is
    another folder than its own. `values` are the names in the template; a missing name raises
    jinja2.UndefinedError.
    """
    environment = Environment(
        loader=FileSystemLoader([template.parent, *([base] if base else [])]),
        autoescape=select_autoescape(["html.jinja"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["percent"] = percent
    return environment.get_template(template.name).render(values)


def percent(share: float, places: int = 0) -> str:
    """Write a share as a percentage."""
    return f"{share:.{places}%}"
