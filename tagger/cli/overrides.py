"""Options of `tagger scan` that replace settings of the configuration for one run."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, TypeVar

import click

from tagger.cli.options import JOBS, SOUND_ONLY, configured
from tagger.cli.types import Confidence

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tagger.config import Settings

T = TypeVar("T")


def _patterns(_context: click.Context, _option: click.Parameter, given: tuple[str, ...]) -> Any:
    from tagger.config import is_pattern  # noqa: PLC0415 - not for help

    for pattern in given:
        if not is_pattern(pattern):
            reason = f"{pattern!r} is no supported pattern of gitignore"
            raise click.BadParameter(f"{reason}; correct it, or remove the option")
    return given


MODE = click.Choice(["empty", "add", "replace"])
OPTIONS = (
    click.option("--mode", type=MODE, help="Fill empty genres only, add to them, or replace them."),
    click.option("--min-confidence", type=Confidence(), help="The confidence that writing needs."),
    click.option(
        "--not",
        "ignored",
        multiple=True,
        metavar="PATTERN",
        callback=_patterns,
        help="Leave these out: 'Live/'.",
    ),
    JOBS,
    click.option("--no-albums", is_flag=True, help="Decide each track by itself."),
    SOUND_ONLY,
    click.option("--no-playlists", is_flag=True, help="Leave the playlists alone."),
)


def overridable(command: Callable[..., T]) -> Callable[..., T]:
    """Give a command the settings as its first argument, and the options that override them."""

    @functools.wraps(command)
    def with_overrides(
        settings: Settings,
        /,
        *,
        mode: str | None,
        min_confidence: float | str | None,
        ignored: Sequence[str],
        jobs: int | None,
        no_albums: bool,
        sound_only: bool,
        no_playlists: bool,
        **others: Any,
    ) -> T:
        settings = settings.override("tags", mode=mode, min_confidence=min_confidence)
        settings = settings.override("library", ignore=(*settings.library.ignore, *ignored))
        settings = settings.override("workers", count=jobs)
        settings = settings.override("albums", together=False if no_albums else None)
        settings = settings.override("playlists", enabled=False if no_playlists else None)
        if sound_only:
            settings = settings.by_sound_alone()
        return command(settings, **others)

    decorated: Callable[..., T] = configured(with_overrides)
    for option in reversed(OPTIONS):
        decorated = option(decorated)
    return decorated
