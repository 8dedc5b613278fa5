"""Genres of the configuration that no file can have: most are spelled wrongly."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from tagger.core import genres
from tagger.errors import ConfigError
from tagger.inference.registry import ModelRegistry
from tagger.library.known_artists import read_own

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tagger.config import Settings
    from tagger.inference import Manifest
    from tagger.store import Store


def unknown_names(settings: Settings, manifest: Manifest, store: Store) -> Iterator[str]:
    """Yield a text for each genre of a list that has no effect, with the nearest genre.

    Args:
        settings: With the lists `genres.only`, `genres.never` and `playlists.genres`.
        manifest: The manifest of the model in use.
        store: The state database, with the genres of the library.

    """
    if not (settings.genres.only or settings.genres.never or settings.playlists.genres):
        return
    try:
        names = _names(settings, manifest, store)
    except ConfigError:  # the user's list of artists may have the genre
        return
    if any(_unknown(settings, names)):  # few lists need the genres of every single file
        names |= _of_files(store)
    yield from _unknown(settings, names)


def _unknown(settings: Settings, names: set[str]) -> Iterator[str]:
    """Yield a text for each genre of a list that is not among known names.

    Args:
        settings: With the lists.
        names: The known names.

    """
    words = {genres.key(word): word for word in map(settings.genres.vocabulary.word, names)}
    either = {genres.key(name): name for name in names} | words
    for key, chosen, known in (
        ("genres.only", settings.genres.only, words),
        ("genres.never", settings.genres.never, either),
        ("playlists.genres", settings.playlists.genres, words),
    ):
        for name in chosen:
            if genres.key(name) not in known:
                yield f"{key}: {_text(name, known, settings)}"


def _text(name: str, known: dict[str, str], settings: Settings) -> str:
    """Return the text on an unknown name.

    Args:
        name: The name.
        known: Keys of the known genres, with the genres.
        settings: With the user's words.

    """
    word = settings.genres.vocabulary.word(name)
    key = genres.key(word)
    near = [key] if key in known else difflib.get_close_matches(genres.key(name), known, n=1)
    hint = f", did you mean {known[near[0]]!r}?" if near else ""
    return f"no model, file or list has the genre {name!r}{hint}"


def _names(settings: Settings, manifest: Manifest, store: Store) -> set[str]:
    """Return the names of genres that a file can get, or that the owner gave a counted file."""
    models = [manifest, *(one.manifest for one in ModelRegistry(settings.store.folder).all())]
    own = read_own(settings.evidence.artists)[0] if settings.evidence.known_artists else ()
    return {
        *genres.common(),
        *settings.genres.map,
        *settings.evidence.folder_names.values(),
        *settings.training.parents.values(),
        *(genre for model in models if model for genre in model.genres),
        *(genre for artist in own for genre in artist.accept),
        *genres.parts(text for texts in store.labels.library() for text in texts),
    }


def _of_files(store: Store) -> set[str]:
    """Return the genres in all files, those of tagger too."""
    found = store.files.combinations(store.files.roots())
    texts = {text for combination in found for text in combination.genres}
    return {*texts, *genres.parts(texts)}
