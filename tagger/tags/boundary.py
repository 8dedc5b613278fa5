"""The boundary between parsers of hostile bytes and the rest of tagger: one kind of errors."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from tagger.audio.source import device_error
from tagger.errors import CorruptTagsError, TagError, TaggerError
from tagger.system.next_steps import next_step
from tagger.tags.containers.base import MalformedError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def boundary(path: Path) -> Iterator[None]:
    """Convert every error that the bytes of a file can cause to an error of tagger.

    mutagen and the slicing of hostile bytes raise many exceptions, even MemoryError and
    RecursionError. mutagen also wraps errors of the operating system; the cause reveals them.
    """
    try:
        yield
    except (TaggerError, MemoryError):
        raise
    except Exception as error:
        if _is_out_of_memory(error):
            raise MemoryError from error
        cause = _os_error(error)
        if isinstance(cause, FileNotFoundError):
            raise TagError("the file does not exist", path) from error
        if isinstance(cause, PermissionError):
            hint = "make it and its folder readable for the user of tagger"
            raise TagError("no permission to read the file", path, hint) from error
        if cause is not None:
            reason = f"the file cannot be read: {cause.strerror}"
            raise TagError(reason, path, next_step(cause)) from error
        if isinstance(error, MalformedError):
            raise CorruptTagsError(f"the tags cannot be parsed: {error}", path) from error
        hint = "remove the tags, or write them again with another tagger"
        raise CorruptTagsError("the tags are damaged", path, hint) from error


def _is_out_of_memory(error: BaseException | None) -> bool:
    """Return whether a lack of memory caused an error, such as one of mutagen."""
    while error is not None and not isinstance(error, MemoryError):
        error = error.__cause__ or error.__context__
    return error is not None


def _os_error(error: BaseException | None) -> OSError | None:
    """Find an error of the operating system among the causes of an error."""
    while error is not None:
        if isinstance(error, OSError) and (found := device_error(error)):
            return found
        error = error.__cause__ or error.__context__
    return None
