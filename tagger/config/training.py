"""`[training]`: the sources of the labels of `tagger train`, and the names of their genres."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct, field

from tagger.config.values import MOST, Text


class SpotifySettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`[training.spotify]`: the user's own playlists as labels."""

    enabled: bool = False
    """Whether tagger may connect to Spotify."""
    client_id: str = ""
    """The id of the user's registered app; public, since PKCE needs no secret."""
    playlists: dict[Text, Text] = field(default_factory=dict)
    """Id, URL, or name in an export, to genre."""
    exports: tuple[Path, ...] = ()
    """Files or folders of exports by Spotify or Exportify."""


class BeetsSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`[training.beets]`: the database of beets with the plugin of tagger."""

    enabled: bool = False
    """Whether the genres that the user gave in beets are labels."""
    library: Path = field(default_factory=lambda: Path("~/.config/beets/library.db").expanduser())
    """The setting `library` of beets."""
    directory: Path = field(default_factory=lambda: Path("~/Music").expanduser())
    """The setting `directory` of beets, below which it keeps the files."""


class TrainingSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`[training]`: `tagger train`, and the names of its labels."""

    folders: tuple[Path, ...] = ()
    """Folders with one subfolder for each genre; also the layouts of GTZAN and FMA."""
    tags: tuple[Text, ...] = ()
    """Genre tags to learn; `*` means all."""
    playlists: tuple[Path, ...] = ()
    """M3U files, or folders of them."""
    csv: tuple[Path, ...] = ()
    """Tables, or folders of them."""
    genres: dict[Text, str] = field(default_factory=dict)
    """A source's word to the user's genre; an empty genre leaves the tracks out."""
    parents: dict[Text, Text] = field(default_factory=dict)
    """A genre to its parent genre."""
    minimum: Annotated[int, Meta(ge=10, le=MOST)] = 50
    """Tracks that a genre needs to be learned."""
    balance: Annotated[float, Meta(ge=1)] = 5.0
    """The largest ratio of a genre's tracks to the smallest genre's tracks."""
    beets: BeetsSettings = field(default_factory=BeetsSettings)
    """`[training.beets]`."""
    spotify: SpotifySettings = field(default_factory=SpotifySettings)
    """`[training.spotify]`."""
