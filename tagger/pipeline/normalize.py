"""One name for each genre that is in the files already: `Hip Hop` and `hip-hop` become one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tagger.core import genres
from tagger.core.domain import Action, Decision, Outcome
from tagger.pipeline import build
from tagger.pipeline.command_run import CommandRun
from tagger.pipeline.operations import permitted
from tagger.pipeline.scan import Scan, ScanOptions
from tagger.store import Origin

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from tagger.config import Settings
    from tagger.core.domain import Track
    from tagger.core.policy import Policy
    from tagger.pipeline.command_run import Observer, RunResult
    from tagger.store import Store


def normalize(
    settings: Settings,
    store: Store,
    paths: Sequence[Path],
    observer: Observer,
    *,
    dry_run: bool,
) -> RunResult:
    """Write the genres in files under their usual or the user's own names.

    Args:
        settings: The settings, with `genres.map`, `genres.only` and `genres.never`.
        store: The state database.
        paths: Files and folders; without any, the configured roots.
        observer: Takes the outcome of each file with a genre.
        dry_run: Write nothing.

    Raises:
        ConfigError: a path is gone, or an ignore pattern is malformed.

    """
    policy, options = build.policy(settings), build.write_options(settings)
    run = CommandRun(settings, store, observer)
    whole = store.journal.written_genres()  # "Drum/Bass" may be a genre of the user's model
    with build.tag_jobs(settings) as jobs:
        scan = Scan(settings, store, paths, ScanOptions(dry_run=True))
        tracks, passed = scan.find(observer, jobs)
        named = [track for track in tracks if track.tags.genres]
        failed_before = [found for found in passed if found.action is Action.ERROR]
        observer.expect(len(named) + len(failed_before))
        for found in failed_before:
            run.take(found)
        operation = run.start("names", jobs, Origin.NAMES, dry_run=dry_run)
        for track in named:
            decision = permitted(track, decide(track, policy, whole), options)
            writes = decision.action.writes
            run.take(operation.apply(track, decision) if writes else Outcome.of(track, decision))
    return run.finish(dict.fromkeys(track.root for track in named))


def decide(track: Track, policy: Policy, whole: Collection[str]) -> Decision:
    """Return the decision on the names of the genres in a file.

    Args:
        track: The file.
        policy: With the user's words.
        whole: Further texts that are no lists, in any letter case.

    """
    now = track.tags.genres
    vocabulary = policy.vocabulary
    found = vocabulary.read(now, whole)
    allowed = [genre for genre in found if vocabulary.refusal(genre) is None]
    names = tuple(dict.fromkeys(map(vocabulary.word, allowed)))
    if found and not names:
        why = vocabulary.refusal(found[0])
        return Decision(Action.KEEP, now, f"no genre would be left: {found[0]} is {why}")
    if not names or names == now:
        return Decision(Action.KEEP, now, "has usual names")
    if genres.keys_of_lists(now) & policy.keep:
        return Decision(Action.KEEP, now, "is among tags.keep")
    left_out = [genre for genre in found if genre not in allowed]
    reason = f"the usual name of {', '.join(now)}"
    if left_out:
        reason += f"; {', '.join(left_out)} {vocabulary.refusal(left_out[0])}"
    return Decision(Action.SET, names, reason, names[0])
