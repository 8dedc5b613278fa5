"""Files whose owner's genre is likely a mistake: album, artist and a sure sound disagree with it.

Nothing is changed. Only files that the library contradicts are analyzed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from tagger.core.domain import Action, Decision, Outcome, Prediction
from tagger.core.evidence import family
from tagger.pipeline import build

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tagger.config import Settings
    from tagger.core.decide import DecisionRules
    from tagger.core.domain import Track
    from tagger.evidence.weigh import Level
    from tagger.library.evidence import LibraryEvidence
    from tagger.store import Store

AGREED = 2 / 3
"""The share of one family among the other tracks of an album, and of an artist."""


@dataclass(frozen=True, slots=True)
class _Candidate:
    track: Track
    family: str
    """The family of genres of album and artist."""
    level: Level


def mistakes(settings: Settings, store: Store) -> Iterator[Outcome]:
    """Yield each likely mistake, with the genre of the other tracks as `Outcome.genre`.

    Raises ModelError when the model cannot be run.
    """
    basis = build.Basis.of(_sources(settings), store)
    evidence = basis.evidence
    evidence.prepare()
    found = [c for track in store.labels.owned() if (c := _candidate(track, evidence))]
    if not found:
        return
    with build.worker_pool(basis.settings) as pool:
        analyzer, rules = basis.analyzer(pool), basis.rules
        for candidate in found:
            answer = analyzer.result(analyzer.request(candidate.track))
            if isinstance(answer, Prediction) and (outcome := _judged(candidate, answer, rules)):
                yield outcome


def _sources(settings: Settings) -> Settings:
    """Return settings under which nothing but album and artist counts."""
    sources = msgspec.structs.replace(settings.evidence.without(), album=True, artist=True)
    return msgspec.structs.replace(settings, evidence=sources)


def _candidate(track: Track, evidence: LibraryEvidence) -> _Candidate | None:
    levels = evidence.levels(track)
    own = {family(genre) for genre in evidence.owned(track)}
    tops = {_family(level) for level in levels}
    top = next(iter(tops), None)
    if len(tops) != 1 or top is None or top in own:
        return None
    return _Candidate(track, top, levels[-1])


def _family(level: Level) -> str | None:
    """Return the family of the likeliest genre of a level, None where too few tracks agree."""
    shares: dict[str, float] = {}
    for genre, share in level.shares.items():
        shares[family(genre)] = shares.get(family(genre), 0.0) + share
    top = family(_likeliest(level))
    return top if shares[top] >= AGREED else None


def _likeliest(level: Level) -> str:
    return max(level.shares, key=lambda genre: level.shares[genre])


def _judged(candidate: _Candidate, sound: Prediction, rules: DecisionRules) -> Outcome | None:
    chosen = rules.widened(sound, rules.track_thresholds)
    if not rules.is_sure(chosen) or family(chosen.genre) != candidate.family:
        return None
    level, track = candidate.level, candidate.track
    reason = f"{level.text}; {rules.sound(chosen)}"
    right = rules.policy.own_name(_likeliest(level))
    kept = Decision(Action.KEEP, track.tags.genres, reason, right, chosen.confidence)
    return Outcome.of(track, kept)
