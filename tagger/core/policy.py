"""The genres of a file, from the prediction of a model. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from tagger.core import genres as names
from tagger.core.domain import Action, Decision, Prediction
from tagger.core.vocabulary import Vocabulary

if TYPE_CHECKING:
    from collections.abc import Mapping

Mode = Literal["empty", "add", "replace"]
"""Fill empty genres only, add to genres, or replace them."""

FURTHER_GENRE_SHARE = 0.5
"""The least probability of a further genre, relative to the first genre."""


_EVEN = 0.02
"""No genre is prominent while the likeliest exceeds the mean probability by no more than this."""


@dataclass(frozen=True, slots=True)
class Policy:
    """The user's rules for one run."""

    mode: Mode = "empty"
    max_genres: int = 1
    keep: frozenset[str] = frozenset()
    """Keys of genres whose files stay unchanged; see `genres.key`."""
    empty: frozenset[str] = frozenset()
    """Keys of words that name no genre, such as `Unknown`."""
    vocabulary: Vocabulary = field(default_factory=Vocabulary)
    """The user's words, and the genres that may be written."""
    parents: bool = False
    own_parents: Mapping[str, str] = field(default_factory=dict)
    """Key of a genre to its parent, by the user's configuration."""

    def without_audio(
        self, existing: tuple[str, ...], *, corrected: bool = False, spoken: bool = False
    ) -> Decision | None:
        """Decide without audio; None when the decision needs a prediction.

        Args:
            existing: The genres in the file.
            corrected: Whether the user changed the genre after tagger.
            spoken: Whether the tags mark a podcast or an audiobook.

        """
        kept = [genre for genre in existing if names.keys_of_lists([genre]) & self.keep]
        if corrected:
            return Decision(Action.KEEP, existing, "you changed the genre after tagger")
        if kept:
            return Decision(Action.KEEP, existing, f"{kept[0]} is among tags.keep")
        if self.mode == "empty" and self._named(existing):
            return Decision(Action.KEEP, existing, "has a genre")
        if spoken:  # a podcast can begin with 30 s of music
            return Decision(Action.KEEP, existing, "is a podcast or an audiobook by its tags")
        return None

    def decide(  # noqa: PLR0913 - the parts of one reason
        self,
        prediction: Prediction,
        existing: tuple[str, ...],
        required: Mapping[str, float | None],
        *,
        album_of: int = 1,
        members: Mapping[str, float] | None = None,
        note: str = "",
    ) -> Decision:
        """Decide by a prediction.

        Args:
            prediction: The prediction of a track, of an album, or of families of genres.
            existing: The genres in the file.
            required: The least confidence for a write, 0 to 1, by genre; None if no
                confidence is enough.
            album_of: The number of tracks behind the prediction.
            members: The genres of the likeliest family, with their probabilities; empty if the
                prediction is for genres.
            note: The evidence beside the sound, for the reason.

        """
        top, confidence = prediction.genre, prediction.confidence
        need = required[top]
        album = "" if album_of == 1 else f", with {album_of - 1} more of its album"
        likely = (
            f"{self.own_name(top)} at {math.floor(100 * confidence)}%{self._open(members)}{album}"
        )
        noted = f"{likely}: {note}" if note else likely
        if refusal := self.vocabulary.refusal(top):
            return _abstain(existing, f"{noted}: {refusal}", confidence)
        if need is None:
            return _abstain(existing, f"{noted}: never sure enough for this genre", confidence)
        if confidence < need:
            known = len(prediction.probabilities)
            why = f"{likely}, {math.ceil(100 * need)}% needed"
            if confidence <= 1 / known + _EVEN:
                why = f"none of the {known} genres is prominent{album}"
            if note:
                why = f"{why}; {note}"
            return _abstain(existing, f"unsure: {why}", confidence)
        decision = self._placed(self._chosen(prediction), existing, noted, confidence)
        among = tuple(self.own_name(genre) for genre, _ in _likely(members))
        if among and decision.action.writes and is_among(existing, among):
            reason = f"{noted}: already there"
            return Decision(Action.KEEP, existing, reason, decision.genre, confidence)
        return replace(decision, among=among)

    def contradicted(
        self, prediction: Prediction, existing: tuple[str, ...], note: str
    ) -> Decision:
        """Abstain because the sound and the evidence contradict each other.

        Args:
            prediction: The prediction of the sound.
            existing: The genres in the file.
            note: The evidence and the sound, for the reason.

        """
        return _abstain(existing, f"{note}; undecided, they disagree", prediction.confidence)

    def own_name(self, genre: str) -> str:
        """Return the user's name for a genre."""
        return self.vocabulary.word(genre)

    def no_music(self, prediction: Prediction, existing: tuple[str, ...]) -> Decision:
        """Abstain because the sound is no music; `existing` are the genres in the file."""
        return _abstain(existing, prediction.sound, prediction.confidence)

    def _open(self, members: Mapping[str, float] | None) -> str:
        """Return the text on the likely genres of a family, the likeliest first."""
        if not members:
            return ""
        likely = _likely(members)
        parts = [f"{self.own_name(genre)} {math.floor(100 * p)}%" for genre, p in likely]
        return f" as a family, its genre is open ({', '.join(parts)})"

    def _chosen(self, prediction: Prediction) -> tuple[str, ...]:
        ranked = prediction.ranked[: self.max_genres]
        least = FURTHER_GENRE_SHARE * ranked[0][1]
        genres = [
            names.canonical(genre)
            for place, (genre, probability) in enumerate(ranked)
            if place == 0 or probability >= least
        ]
        if self.parents:
            own = self.own_parents
            genres += [above for genre in genres for above in names.parents(genre, own)]
        allowed = [genre for genre in genres if self.vocabulary.refusal(genre) is None]
        return tuple(dict.fromkeys(map(self.own_name, allowed)))

    def _placed(
        self, chosen: tuple[str, ...], existing: tuple[str, ...], likely: str, confidence: float
    ) -> Decision:
        own = map(self.own_name, self.vocabulary.read(existing))
        present = names.keys_of_lists((*existing, *own))
        wanted = names.keys(chosen)
        equal = (names.keys(existing), names.keys(names.parts(existing)))
        if (self.mode == "add" and wanted <= present) or wanted in equal:
            reason = f"{likely}: already there"
            return Decision(Action.KEEP, existing, reason, chosen[0], confidence)
        if self.mode == "add" and (named := self._named(existing)):
            new = tuple(genre for genre in chosen if names.key(genre) not in present)
            return Decision(Action.ADD, named + new, likely, chosen[0], confidence)
        return Decision(Action.SET, chosen, likely, chosen[0], confidence)

    def _named(self, existing: tuple[str, ...]) -> tuple[str, ...]:
        """Return the texts that name a genre."""
        return tuple(text for text in existing if not names.is_empty(text, self.empty))


def is_among(existing: tuple[str, ...], family: tuple[str, ...]) -> bool:
    """Return whether a file has genres, and only likely genres of a family."""
    own = names.keys(names.parts(existing))
    return bool(own) and own <= names.keys(family)


def _likely(members: Mapping[str, float] | None) -> list[tuple[str, float]]:
    """Return the likely genres of a family, the likeliest first."""
    ranked = sorted((members or {}).items(), key=lambda item: -item[1])
    return [(genre, p) for genre, p in ranked if p >= _EVEN]


def _abstain(existing: tuple[str, ...], reason: str, confidence: float) -> Decision:
    return Decision(Action.ABSTAIN, existing, reason, None, confidence)
