"""Plans: the genres that a dry run would write, as a file that can be edited and applied later.

A plan has one JSON object on each line. docs/plan.md describes its fields, and
docs/plan.schema.json is their JSON schema. A field gets another meaning only with another version.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from tagger.config.diagnostics import json_fault
from tagger.core import genres
from tagger.core.domain import Action, AnalysisKey
from tagger.core.thresholds import Share  # noqa: TC001  # msgspec resolves annotations at run time
from tagger.errors import OutputError, PlanError
from tagger.system import atomic
from tagger.system.next_steps import next_step

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tagger.core.domain import Outcome
    from tagger.store import Store

VERSION: Final = 1
_CONTENT = re.compile(r"[0-9a-f]{64}@\d+(\.\d+)?\+\d+(\.\d+)?")
_SURROGATE = re.compile("[\ud800-\udfff]")
_ANEW = "make the plan again: tagger scan --dry-run --plan FILE"
_AGAIN = f"correct the line, or {_ANEW}"
_PLANNED = (Action.SET, Action.ADD, Action.KEEP, Action.ABSTAIN)
"""Actions on files that can be written."""


class PlannedFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line of a plan."""

    version: Literal[1]
    """`VERSION`."""
    path: str
    """An absolute path; bytes that are not UTF-8 are lone surrogates (PEP 383)."""
    content: str | None
    """`AnalysisKey` of the sound; None for a file that was not analyzed."""
    now: tuple[str, ...]
    """The genres in the file when the plan was made."""
    then: tuple[str, ...]
    """The genres that are written; equal to `now` for a file that is left alone."""
    confidence: Share | None = None
    """Probability of the likeliest genre."""
    reason: str = ""
    """The reason of the decision."""

    @property
    def key(self) -> AnalysisKey | None:
        """`content` as a value."""
        return AnalysisKey.parse(self.content) if self.content else None

    @property
    def writes(self) -> bool:
        """Whether the plan changes the genres of the file."""
        return bool(self.then) and self.then != self.now


def planned(outcomes: Iterable[Outcome], store: Store) -> list[PlannedFile]:
    """Return the plan of the outcomes of a dry run; files that cannot be written are left out."""
    plan = []
    for outcome in outcomes:
        if outcome.action in _PLANNED:
            track = store.files.get(outcome.path)
            content = track.content if track else None
            plan.append(
                PlannedFile(
                    VERSION,
                    str(outcome.path),
                    str(content) if content else None,
                    outcome.before,
                    outcome.after,
                    None if outcome.confidence is None else round(outcome.confidence, 4),
                    outcome.reason,
                )
            )
    return plan


def write_plan(path: Path, plan: Iterable[PlannedFile]) -> None:
    """Write a plan in one step; raises OutputError."""
    lines = [json.dumps(msgspec.to_builtins(file)) + "\n" for file in plan]
    try:
        atomic.replace_file(path, "".join(lines).encode())
    except OSError as error:
        hint = next_step(error, "name another file")
        raise OutputError(f"cannot be written: {error.strerror}", path, hint) from error


def read_plan(path: Path, maps: Sequence[tuple[Path, Path]] = ()) -> list[PlannedFile]:
    """Read a plan.

    Args:
        path: The plan.
        maps: Folders of the plan, each with the folder that has the same files here.

    Raises:
        PlanError: the file cannot be read, a line is malformed, or a folder of `maps` has no file.

    """
    try:
        lines = path.read_text("utf-8-sig").split("\n")  # a name may have other line separators
    except OSError as error:
        raise PlanError(f"cannot be read: {error.strerror}", path, "check the file") from error
    except UnicodeDecodeError:
        raise PlanError("is not UTF-8", path, f"save it as UTF-8, or {_ANEW}") from None
    plan: dict[str, PlannedFile] = {}
    unused = {source for source, _ in maps}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        planned = _parsed(line, path, number)
        unused -= {source for source in unused if Path(planned.path).is_relative_to(source)}
        file = _moved(planned, maps)
        if file.path in plan:
            reason = f"line {number}: the file has a line already: {file.path}"
            raise PlanError(reason, path, "remove one of the lines")
        plan[file.path] = file
    for source in unused if plan else ():
        raise PlanError(f"has no file below {source}", path, "correct --map FROM TO")
    return list(plan.values())


def _parsed(line: str, path: Path, number: int) -> PlannedFile:
    try:
        found = json.loads(line)
        if isinstance(found, dict) and found.get("version", VERSION) != VERSION:
            raise PlanError(
                f"line {number}: version {found['version']!r}; this tagger reads {VERSION}",
                path,
                _AGAIN,
            )
        file = msgspec.convert(found, PlannedFile)
    except (ValueError, RecursionError) as error:
        raise PlanError(f"line {number}: {json_fault(error)}", path, _AGAIN) from error
    if file.content is not None and not _CONTENT.fullmatch(file.content):
        raise PlanError(
            f"line {number}: content is no analysis key: {file.content!r}", path, _AGAIN
        )
    if any(_SURROGATE.search(text) for text in (*file.now, *file.then, file.reason)):
        raise PlanError(f"line {number}: a genre or the reason is not UTF-8", path, _AGAIN)
    if not _is_absolute(file.path):
        raise PlanError(f"line {number}: path is no absolute path: {file.path!r}", path, _AGAIN)
    return msgspec.structs.replace(file, then=_once(file))


def _once(file: PlannedFile) -> tuple[str, ...]:
    """Return the genres that are written, each in its first spelling after those in the file."""
    kept = file.now if file.then[: len(file.now)] == file.now else ()
    then = list(kept)
    for genre in file.then[len(kept) :]:
        if genres.key(genre) not in genres.keys(then):
            then.append(genre)
    return tuple(then)


def _is_absolute(text: str) -> bool:
    """Return whether a text is an absolute path in the encoding of the file system."""
    try:
        return os.path.isabs(text) and b"\0" not in os.fsencode(text)  # noqa: PTH117 - a text
    except UnicodeEncodeError:
        return False


def _moved(file: PlannedFile, maps: Sequence[tuple[Path, Path]]) -> PlannedFile:
    path = Path(file.path)
    for source, target in maps:
        if path.is_relative_to(source):
            path = target / path.relative_to(source)
            break
    return msgspec.structs.replace(file, path=os.path.normpath(path))
