"""Sound, library and list together, on left-out clips of songs: the evidence of `tagger.evidence`.

The sound's predictions come from models without the clip's source and artist. The library is made
of the labels of the artist's other clips. Labels and the list both come from knowledge of the
artist, so the figures are upper bounds. The words of a record guide are the independent check.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct

from tagger.core.decide import DecisionRules
from tagger.core.domain import FileIdentity, Prediction, Track, TrackTags
from tagger.core.evidence import POINTS
from tagger.core.families import families
from tagger.core.policy import Policy
from tagger.evidence import weigh
from tagger.evidence.credits import list_level
from tagger.evidence.names import credited
from tagger.evidence.tally import Tally
from tagger.evidence.weigh import Example, Level
from tagger.library.known_artists import open_list
from training.classifiers.softmax import fit_vectors
from training.evaluation.measure import PROMISE, rounded
from training.research.wide import leave_out
from training.research.wide_data import GENRES, song_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from tagger.evidence.artists import ArtistList
    from training.data.vectors import Vectors
    from training.research.wide import LeftOut

TAGGED = (0, 1, 2, 5, 20)
"""Tracks of an artist that have the owner's genre."""
WRONG = (0.0, 0.1, 0.3)
"""Share of wrong labels in the library, or of wrong names of artists."""
DRAWS = 3
"""Repetitions of each experiment with chance in it."""
GUIDED = "4q"
"""The collection with the words of a guide to records."""
GUIDE = {
    "Blues": ("Blues",),
    "Classical": ("Classical",),
    "Country": ("Country",),
    "Electronic": ("Electronic", "Ambient"),
    "Folk": ("Folk",),
    "International": ("World", "Latin", "Reggae", "Folk"),
    "Jazz": ("Jazz",),
    "Latin": ("Latin",),
    "New Age": ("Ambient", "World"),
    "Pop/Rock": ("Rock", "Pop", "Metal", "Punk"),
    "R&B": ("R&B",),
    "Rap": ("Hip-Hop",),
    "Reggae": ("Reggae",),
    "Easy Listening": ("Pop",),
    "Vocal": ("Jazz", "Pop"),
    "Religious": ("World", "Classical", "R&B"),
}
"""The guide's words with the genres that they allow."""


class EvidenceFigure(Struct, frozen=True):
    """The decisions of one experiment."""

    part: str
    """`library`, `list`, `genre`, `guide` or `teacher`."""
    name: str
    clips: int
    written: float
    """Share of the clips that get a genre or a family."""
    right: float | None
    """Precision of the written genres; None where none is written."""
    by_evidence: float | None = None
    """The same of the genres whose source is not the sound."""


@dataclass(frozen=True)
class Clip:
    """A song with the prediction for its sound."""

    track: Track
    sound: Prediction
    in_library: Prediction
    """The sound weighed by the genres of its collection, where there is no evidence."""
    accept: tuple[str, ...]
    words: str

    @property
    def artist(self) -> str:
        """The artist's name."""
        return self.track.tags.artist


@dataclass(frozen=True)
class Verdict:
    """One decision, and whether the written genre is right."""

    written: bool
    right: bool
    source: str


class Bench:
    """Decides clips with the rules of the default model."""

    def __init__(self, left: LeftOut, clips: Sequence[Clip]) -> None:
        points = left.promises.tracks
        thresholds = {genre: points.threshold(PROMISE, genre) for genre in GENRES}
        groups = families(GENRES)
        self._groups = groups
        self.clips = clips
        self.lowest = weigh.base({}, GENRES)
        self._rules = DecisionRules(
            Policy(),
            left.promises.pooling,
            thresholds,
            thresholds,
            albums_together=False,
            families=groups,
            evidence_threshold=POINTS.threshold(PROMISE, ""),
        )

    def judge(
        self,
        clip: Clip,
        levels: Sequence[Level],
        trust: Mapping[str, float],
        right: Callable[[Clip, str], bool] | None = None,
    ) -> Verdict:
        """Decide a clip and compare the genre with its label.

        Args:
            clip: The clip.
            levels: Its evidence.
            trust: The weight of each source.
            right: Whether a genre is right for a clip, by default by its label.

        """
        right = right or self.is_right
        evidence = weigh.weigh(levels, self.lowest, trust)
        sound = clip.sound if evidence else clip.in_library
        decision = self._rules.decide(clip.track, sound, evidence=evidence)
        written = decision.action.writes
        genre = decision.genres[0] if written else ""
        source = decision.grounds.source if decision.grounds else "sound"
        return Verdict(written, written and right(clip, genre), source)

    def is_right(self, clip: Clip, genre: str) -> bool:
        """Return whether a genre, or a member of the family that it heads, is accepted."""
        members = self._groups.get(genre, (genre,))
        return genre in clip.accept or any(member in clip.accept for member in members[1:])

    def figure(self, part: str, name: str, verdicts: Sequence[Verdict]) -> EvidenceFigure:
        """Summarize decisions.

        Args:
            part: The part of the data, for the figure.
            name: The name of the figure.
            verdicts: The decisions with their verdicts.

        """
        written = [verdict for verdict in verdicts if verdict.written]
        evident = [verdict for verdict in written if verdict.source != "sound"]
        return EvidenceFigure(
            part,
            name,
            len(verdicts),
            rounded(len(written) / max(1, len(verdicts))),
            _share(written),
            _share(evident),
        )


def _share(verdicts: Sequence[Verdict]) -> float | None:
    if not verdicts:
        return None
    return rounded(sum(verdict.right for verdict in verdicts) / len(verdicts))


def read_clips(data: Path, left: LeftOut) -> list[Clip]:
    """Return the clips with a known artist."""
    with (data / "collections" / "labels.csv").open(encoding="utf-8", newline="") as file:
        words = {row["file"]: row["words"] for row in csv.DictReader(file)}
    clips = []
    in_library = left.in_library
    for place, row in enumerate(song_rows(data)):
        if not row["artist"]:
            continue
        alone, there = (
            Prediction(dict(zip(GENRES, map(float, found[place]), strict=True)), "left-out")
            for found in (left.probabilities, in_library)
        )
        path = data / row["id"]
        track = Track(
            path,
            data,
            FileIdentity(0, place, 0, 0),
            TrackTags(title=row["title"], artist=row["artist"]),
        )
        accept = tuple(row["accept"].split("|"))
        clips.append(Clip(track, alone, there, accept, words.get(row["id"], "")))
    return clips


def figures(data: Path, network: Path | None = None) -> Iterator[EvidenceFigure]:
    """Measure everything on the clips of `data`.

    Args:
        data: The folder of the data.
        network: The published file of EfficientAT, for the model with that network.

    """
    left = leave_out(data, network)
    bench = Bench(left, read_clips(data, left))
    yield from library_figures(bench)
    yield from list_figures(bench, open_list(None))
    yield from teacher_figures(left.songs.vectors, read_names(data), open_list(None))


def library_figures(bench: Bench) -> Iterator[EvidenceFigure]:
    """Measure clips whose artist has another clip, by tagged tracks and wrong labels."""
    by_artist: dict[str, list[int]] = defaultdict(list)
    for place, clip in enumerate(bench.clips):
        by_artist[clip.artist].append(place)
    others = {
        place: [other for other in places if other != place]
        for places in by_artist.values()
        for place in places
        if len(places) > 1
    }
    for wrong in WRONG:
        for tagged in TAGGED:
            verdicts: list[Verdict] = []
            for draw in range(DRAWS if tagged and wrong else 1):
                rng = np.random.default_rng(draw)
                labels = _labels(bench.clips, wrong, rng)
                levels = {
                    place: _artist_levels([labels[other] for other in places], tagged, rng)
                    for place, places in others.items()
                }
                examples = [Example(labels[p], found) for p, found in levels.items() if found]
                trust = weigh.fit(examples, bench.lowest)
                verdicts += [
                    bench.judge(bench.clips[p], found, trust) for p, found in levels.items()
                ]
            yield bench.figure("library", f"{tagged} tracks tagged, {wrong:.0%} wrong", verdicts)


def _labels(clips: Sequence[Clip], wrong: float, rng: np.random.Generator) -> list[tuple[str, ...]]:
    """Label each clip as its owner would, with a share of labels drawn at random."""
    best = [clip.accept[0] for clip in clips]
    return [(best[rng.integers(len(best))] if rng.random() < wrong else genre,) for genre in best]


def _artist_levels(
    labels: Sequence[tuple[str, ...]], tagged: int, rng: np.random.Generator
) -> tuple[Level, ...]:
    """Return the evidence of an artist's other clips; where there are few, some count twice."""
    if not tagged:
        return ()
    enough = tagged <= len(labels)
    chosen = (
        rng.permutation(len(labels))[:tagged] if enough else rng.integers(len(labels), size=tagged)
    )
    tally = Tally.of(labels[int(place)] for place in chosen)
    return (Level("artist", tally.shares, weigh.strength(tally.tracks), "", dict(tally.having)),)


def list_figures(bench: Bench, known: ArtistList) -> Iterator[EvidenceFigure]:
    """Measure the list: sound alone, right names, wrong names, names that it lacks, by genre."""
    clips, trust = bench.clips, dict(weigh.DEFAULT_TRUST)

    def judged(chosen: Sequence[Clip], names: Sequence[str]) -> list[Verdict]:
        return [
            bench.judge(clip, _list_levels(clip, name, known), trust)
            for clip, name in zip(chosen, names, strict=True)
        ]

    right = [clip.artist for clip in clips]
    yield bench.figure("list", "sound alone", judged(clips, [""] * len(clips)))
    verdicts = judged(clips, right)
    yield bench.figure("list", "with the list", verdicts)
    listed = [any(known.find(name) for name in credited(clip.artist)) for clip in clips]
    for name, part in (("listed", True), ("not listed", False)):
        chosen = [v for v, is_listed in zip(verdicts, listed, strict=True) if is_listed is part]
        yield bench.figure("list", f"artists {name}", chosen)
    for wrong in WRONG[1:]:
        swapped: list[Verdict] = []
        for draw in range(DRAWS):
            rng = np.random.default_rng(draw)
            names = [
                right[rng.integers(len(right))] if rng.random() < wrong else name for name in right
            ]
            swapped += judged(clips, names)
        yield bench.figure("list", f"{wrong:.0%} of the names are others'", swapped)
    for genre in GENRES:
        chosen = [v for v, c in zip(verdicts, clips, strict=True) if c.accept[0] == genre]
        yield bench.figure("genre", genre, chosen)
    guided = [clip for clip in clips if clip.track.path.parts[-2] == GUIDED and clip.words]
    for name, heard in (("sound alone", False), ("with the list", True)):
        found = [
            bench.judge(
                clip, _list_levels(clip, clip.artist, known) if heard else (), trust, in_guide
            )
            for clip in guided
        ]
        yield bench.figure("guide", name, found)


def _list_levels(clip: Clip, name: str, known: ArtistList) -> tuple[Level, ...]:
    if not name:
        return ()
    tags = replace(clip.track.tags, artist=name)
    level = list_level(tags, known, set(GENRES))
    return (level,) if level else ()


def in_guide(clip: Clip, genre: str) -> bool:
    """Return whether the guide's words for the record allow a genre."""
    words = [word.strip() for word in clip.words.split(";")]
    return any(genre in GUIDE.get(word, ()) for word in words)


def read_names(data: Path) -> list[str]:
    """Return the artist of each song, in the order of `read_songs`; empty for an unknown one."""
    return [row["artist"] for row in song_rows(data)]


def teacher_figures(
    songs: Vectors, names: Sequence[str], known: ArtistList
) -> Iterator[EvidenceFigure]:
    """Measure the list as a teacher: a third of the artists is a library, a third the test.

    The figures are of the likeliest genre, of all clips and of the surest half of them.

    Args:
        songs: The vectors of songs.
        names: The artist of each song.
        known: The list.

    """
    listed = [list_level(TrackTags(artist=name), known, GENRES) if name else None for name in names]
    third = songs.artists % 3
    base, tested = third == 0, third == 2
    library = (third == 1) & np.array([level is not None for level in listed])
    by_list = songs.allowed.copy()
    for place in np.flatnonzero(library):
        level = listed[place]
        by_list[place] = [level is not None and genre in level.shares for genre in GENRES]
    sets = replace(songs, allowed=by_list)
    fits = {
        "the default's third alone": songs.of(base),
        "with a library labelled by the list": sets.of(base | library),
        "with the same library labelled by song": songs.of(base | library),
    }
    clips = songs.of(tested)
    for name, vectors in fits.items():
        scores = fit_vectors(vectors).scores(clips.inputs)
        right = clips.right(scores)
        surest = np.argsort(-scores.max(axis=1), kind="stable")
        for part, share in (("all", 1.0), ("surest half", 0.5)):
            kept = surest[: round(share * len(clips))]
            figure = rounded(right[kept].mean())
            yield EvidenceFigure("teacher", f"{name}, {part}", len(clips), share, figure)
