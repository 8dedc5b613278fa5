"""The evidence of a track: the owner's genres in the store, the folders, and the list of artists.

New and changed files are counted first, so that a genre of the owner's counts in the same run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from tagger.core import albums
from tagger.core import genres as spelling
from tagger.evidence import folders, names, weigh
from tagger.evidence.credits import CLASSICAL, list_level
from tagger.evidence.names import fold
from tagger.evidence.tally import MANY, Artists
from tagger.evidence.weigh import Example, Level
from tagger.library.counting import count_new, keys_of
from tagger.library.fit import Fit, remember, remembered
from tagger.library.folder_levels import ONE_GENRE, FolderLevels
from tagger.library.genre_words import GenreWords
from tagger.library.other_tracks import MOST_OF_ARTIST, OtherTracks
from tagger.library.siblings import is_unchanged

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from tagger.config import EvidenceSettings, GenreSettings
    from tagger.core.domain import Track
    from tagger.core.evidence import Evidence
    from tagger.evidence.artists import ArtistList
    from tagger.evidence.tally import Tally
    from tagger.store import Store
    from tagger.store.labels import Genres

SOURCES = ("album", "artist", "folders", "known_artists")
"""The settings of sources."""
COUNTING = "by the artist of a track, without doubted genres"
"""How files are counted; all are counted again where an earlier version counted otherwise."""
SAMPLE = 1000
"""Files on which the trust in each source is fitted."""
NEW_SHARE = 0.1
"""Share of new labels from which on the trust is fitted again."""


class LibraryEvidence:
    """Returns the evidence of tracks from one library."""

    def __init__(
        self,
        store: Store,
        settings: EvidenceSettings,
        model: Sequence[str],
        known: ArtistList | None,
        genres: GenreSettings,
    ) -> None:
        """Look up in a store.

        Args:
            store: The state database.
            settings: The sources that count.
            model: The genres of the model.
            known: The list of artists, None where it does not count.
            genres: The user's words.

        """
        self._store = store
        self._settings = settings
        self._model = tuple(model)
        self._even = weigh.base({}, model)
        self._words = GenreWords(model, genres.vocabulary)
        self._known = known
        self._genres = genres
        self._whole = sorted({*self._model} - {*spelling.parts(self._model)})
        """The genres of the model that look like a list."""
        self._read_by = names.key(
            COUNTING, *sorted(genres.empty_keys), "", *sorted(genres.vocabulary.words), *self._whole
        )
        self._names = {fold(name): genre for name, genre in settings.folder_names.items()}
        self._use(Fit(dict(weigh.DEFAULT_TRUST), {}))

    @property
    def _sources(self) -> str:
        return " ".join(name for name in SOURCES if getattr(self._settings, name))

    @property
    def is_off(self) -> bool:
        """Whether the sound decides alone."""
        return not self._sources

    def prepare(self) -> None:
        """Count new and changed files, and fit the trust in the sources again where it is due."""
        if self.is_off:
            return
        before = remembered(self._store)
        if before and before.words != self._read_by:
            self._store.labels.uncount()
        counted = count_new(self._store, self._genres, self._whole)
        since = counted + (before.since if before else 0)
        same = before and (before.sources, before.words) == (self._sources, self._read_by)
        if before and same and since <= NEW_SHARE * sum(before.library.values()):
            fit = msgspec.structs.replace(before, since=since)
            self._use(fit)
        else:
            fit = self._fit()
        if fit != before:
            remember(fit, self._store)

    def of(self, track: Track) -> Evidence | None:
        """Return the evidence of a track; None where there is none."""
        return self.of_all([track]).get(track)

    def of_all(self, tracks: Iterable[Track]) -> dict[Track, Evidence]:
        """Return the evidence of the tracks that have any; the other tracks are read once."""
        if self.is_off:
            return {}
        others = self._others()
        found: dict[Track, Evidence] = {}
        before: tuple[Level, ...] = ()
        evidence: Evidence | None = None
        for track in tracks:
            levels = self._levels(track, others)
            if levels != before:  # most tracks of an album have the levels of the track before
                before, evidence = levels, weigh.weigh(levels, self._even, self._trust)
            if evidence:
                found[track] = evidence
        return found

    def owned(self, track: Track) -> tuple[str, ...]:
        """Return the genres of a track that its owner gave, by the names of the model."""
        return self._words.of_model(self._store.labels.of(track.path))

    def unsure(self, tracks: Iterable[Track]) -> list[Track]:
        """Return the unsure files of the artists of tracks that have a genre of their owner.

        They may be decided now. `prepare` comes first.
        """
        if not self._settings.artist:
            return []
        artists = {
            keys.artist: None
            for track in tracks
            if self._store.labels.of(track.path) and (keys := keys_of(track)).artist is not None
        }
        found = self._store.labels.unsure([a for a in artists if a is not None], MOST_OF_ARTIST)
        return [track for track in found if is_unchanged(track)]

    def levels(self, track: Track) -> tuple[Level, ...]:
        """Return the sources that have something on a track, from the lowest to the highest."""
        return self._levels(track, self._others())

    def _others(self) -> OtherTracks:
        return OtherTracks(self._store.labels, self._words)

    def _levels(self, track: Track, others: OtherTracks) -> tuple[Level, ...]:
        on = self._settings
        keys, above = keys_of(track), folders.above(track)
        found: list[Level | None] = []
        if self._known is not None:
            if CLASSICAL in self._vocabulary and _is_work(track):
                found.append(Level("title", {CLASSICAL: 1.0}, 1.0, "the title is a classical work"))
            found.append(self._listed(track, self._known, above))
        if on.folders:
            found += self._folders.levels(above, keys.artist)
        if on.artist and keys.artist is not None:
            found.append(self._artist_level(track, others.of_artist(keys, track.path)))
        if on.album and keys.album is not None:
            found.append(self._album_level(track, others.of_album(keys, track.path)))
        return tuple(level for level in found if level is not None)

    def _artist_level(self, track: Track, tally: Tally) -> Level | None:
        if tally.tracks < self._settings.min_tracks or tally.is_of_many:
            return None
        return self._level("artist", tally, f"of {names.library_artist(track.tags)}")

    def _album_level(self, track: Track, tally: Tally) -> Level | None:
        if not self._settings.min_tracks <= tally.tracks < albums.LARGEST_ALBUM:
            return None
        if tally.is_mixed:  # a compilation: its other tracks show little
            return None
        album, folder = track.tags.album, track.path.parent.name
        where = f"of the album {album}" if album else f"in the folder {folder}"
        return self._level("album", tally, where)

    def _level(self, source: str, tally: Tally, where: str) -> Level:
        shares, text = self._words.spread(tally.shares), tally.text("tracks", where)
        counts, of_all = dict(tally.having), tally.top == self._of_all
        return Level(source, shares, weigh.strength(tally.tracks), text, counts, of_all)

    def _use(self, fit: Fit) -> None:
        self._trust, self._of_all = fit.trust, fit.of_all
        self._words.learn(fit.library, fit.doubted)
        least = self._settings.min_tracks
        self._folders = FolderLevels(
            self._store.labels, self._words, self._names, least, fit.of_all
        )
        library = self._words.spread(fit.library)
        self._vocabulary = {genre for genre, n in library.items() if n >= least} | {*self._model}

    def _fit(self) -> Fit:
        library: dict[str, float] = {}
        for genres, files in self._store.labels.library().items():
            for genre in genres:
                library[genre] = library.get(genre, 0.0) + files / len(genres)
        default = Fit(dict(weigh.DEFAULT_TRUST), library)
        self._use(default)
        sample = self._store.labels.sample(SAMPLE)
        by_list = list(self._by_list(sample))
        doubted = weigh.doubted(by_list)
        of_all = "" if doubted else self._of_nearly_all(sample, by_list)
        fit = msgspec.structs.replace(default, doubted=doubted, of_all=of_all)
        if fit != default:
            self._use(fit)
        base = weigh.base(self._words.spread(library), self._model)
        self._trust = weigh.fit(list(self._examples(sample)), base)
        return msgspec.structs.replace(
            fit, trust=self._trust, sources=self._sources, words=self._read_by
        )

    def _of_nearly_all(
        self, sample: Iterable[tuple[Track, Genres]], by_list: Sequence[tuple[str, Level]]
    ) -> str:
        """Return the genre of nearly all artists, where too few are listed to confirm it."""
        found = ((keys_of(track).artist, self._words.counting(genres)) for track, genres in sample)
        artists = Artists.of(found).tally
        if artists.tracks < MANY or len(by_list) >= MANY:
            return ""
        return artists.top if artists.shares[artists.top] >= ONE_GENRE else ""

    def _by_list(self, sample: Iterable[tuple[Track, Genres]]) -> Iterator[tuple[str, Level]]:
        """Yield each genre of each listed artist, with the genres in the list."""
        seen: set[tuple[int | None, str]] = set()
        for track, genres in sample:
            artist = keys_of(track).artist
            found = {(artist, genre) for genre in self._words.of_model(genres)} - seen
            seen |= found
            if found and self._known:
                level = self._listed(track, self._known, folders.above(track))
                yield from ((genre, level) for _, genre in found if level)

    def _listed(self, track: Track, known: ArtistList, above: tuple[Path, ...]) -> Level | None:
        path = (track.path.stem, *(folder.name for folder in above))
        return list_level(track.tags, known, self._vocabulary, path)

    def _examples(self, sample: Iterable[tuple[Track, Genres]]) -> Iterator[Example]:
        for track, genres in sample:
            if counting := self._words.counting(genres):
                yield Example(self._words.of_model(counting), self.levels(track))


def _is_work(track: Track) -> bool:
    if not track.tags.title:
        return False
    from tagger.evidence import titles  # noqa: PLC0415 - its patterns take long to compile

    return titles.is_work(track.tags.title, track.tags.album)
