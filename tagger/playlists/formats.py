"""The formats of playlist files, by their extension."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tagger.playlists import m3u, smart

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tagger.playlists.values import Playlist


class Format(NamedTuple):
    """How a kind of file is written and read."""

    render: Callable[[Playlist], bytes]
    parse: Callable[[bytes], Playlist]
    """Returns the name and the mark."""


FORMATS: Mapping[str, Format] = {
    ".m3u8": Format(m3u.render, m3u.parse_head),
    ".m3u": Format(m3u.render, m3u.parse_head),
    ".nsp": Format(smart.render_nsp, smart.parse_nsp),
    ".xsp": Format(smart.render_xsp, smart.parse_xsp),
}
