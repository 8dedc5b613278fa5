"""Ogg: packets in numbered, checksummed pages.

https://www.rfc-editor.org/rfc/rfc3533

The comment packet is the second of its stream (Vorbis, Opus, Speex, FLAC). It shares pages with
the header packets behind it, and these pages end where a packet ends. The packets are distributed
over the same number of pages if possible, so that no other page of the file changes. Otherwise the
later pages get new numbers.
"""

from __future__ import annotations

import itertools
import struct
import zlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from tagger.audio.formats import FORMATS
from tagger.tags.containers.base import Container, MalformedError, Piece, Raw, RawTag, Span
from tagger.tags.containers.stream import file_size, read_at
from tagger.tags.containers.vorbis import VorbisComment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import BinaryIO

HEADER: Final = 27
MAX_SEGMENTS: Final = 255
CONTINUED: Final = 1
FIRST: Final = 2
NOTHING_ENDS: Final = -1
"""The granule position of a page on which no packet ends."""

CODECS: Final = {form.ogg_codec: name for name, form in FORMATS.items() if form.ogg_codec}
"""The beginning of a stream's first packet, by codec."""
COMMENT_MAGICS: Final = {"vorbis": b"\x03vorbis", "opus": b"OpusTags", "speex": b""}
"""The bytes before the comments; Ogg FLAC has a block header there."""
FLAC_COMMENT: Final = 4
HEADER_PACKETS: Final = {"vorbis": 2, "opus": 1}
"""The number of header packets from the comments on, where the codec has a fixed number."""
_MIRROR: Final = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


@dataclass(frozen=True, slots=True)
class Page:
    """One page; `lacing` are the sizes of its segments."""

    start: int
    flags: int
    granule: int
    serial: int
    number: int
    lacing: bytes
    body: Raw

    @property
    def size(self) -> int:
        """The size in the file, bytes."""
        return HEADER + len(self.lacing) + sum(self.lacing)

    @property
    def complete(self) -> bool:
        """Whether the last packet of the page ends on it."""
        return bool(self.lacing) and self.lacing[-1] < MAX_SEGMENTS

    def render(self) -> bytes:
        """Return the bytes of the page with its checksum."""
        head = struct.pack(
            "<4sBBqIIIB",
            b"OggS",
            0,
            self.flags,
            self.granule,
            self.serial,
            self.number & 0xFFFFFFFF,
            0,
            len(self.lacing),
        )
        data = head + self.lacing + self.body
        return data[:22] + struct.pack("<I", checksum(data)) + data[26:]


def checksum(data: bytes) -> int:
    """Ogg's CRC-32: zlib's with mirrored bits, starting from 0 and not inverted."""
    mirrored = zlib.crc32(data.translate(_MIRROR), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{mirrored:032b}"[::-1], 2)


def read_page(file: BinaryIO, at: int) -> Page:
    """Read one page; its checksum is not verified."""
    head = read_at(file, at, HEADER)
    magic, version, flags, granule, serial, number, _, count = struct.unpack("<4sBBqIIIB", head)
    if magic != b"OggS" or version != 0:
        raise MalformedError("an Ogg page does not follow the one before")
    rest = file.read(count)
    body = file.read(sum(rest))
    if len(rest) != count or len(body) != sum(rest):
        raise MalformedError("the last Ogg page is cut off")
    return Page(at, flags, granule, serial, number, rest, body)


def first_page(file: BinaryIO, at: int = 0) -> Page:
    """Return the first page of the first audio stream; first pages precede all other pages."""
    while True:
        page = read_page(file, at)
        if not page.flags & FIRST:
            raise MalformedError("no Ogg stream of a known codec")
        if _begins_sound(page):
            return page
        at += page.size


def _begins_sound(page: Page) -> bool:
    return bytes(page.body).startswith(tuple(CODECS))


def _codec(first: Page) -> str:
    return next(name for magic, name in CODECS.items() if bytes(first.body).startswith(magic))


def ogg_codec(file: BinaryIO, start: int = 0) -> str | None:
    """Return the codec of an Ogg stream that begins at `start`, None for an unknown codec."""
    try:
        return _codec(first_page(file, start))
    except MalformedError:
        return None


class OggFile(Container):
    """An Ogg file with one audio stream; its other streams stay unchanged."""

    primary = "vorbis"

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._size = file_size(file)
        self._first = first_page(file)
        self._codec = _codec(self._first)
        self._group, headers = self._header_pages(file)
        packets = _packets(self._group, headers)
        self._magic, comments = self._split_magic(packets[0])
        self._other_headers = packets[1:]
        self._is_multiplexed = self._has_second_sound()
        self.tags: Mapping[str, RawTag] = {"vorbis": VorbisComment.parse(comments)}

    def _header_pages(self, file: BinaryIO) -> tuple[list[Page], bytes]:
        """Read the pages from the comment packet to the first common end of a packet and a page.

        Returns the pages without their bodies, and the bodies together: a picture is many pages.
        """
        pages: list[Page] = []
        bodies = bytearray()
        at = self._first.start + self._first.size
        while True:
            page = read_page(file, at)
            at += page.size
            if page.serial != self._first.serial:
                continue
            if not pages and page.flags & CONTINUED:
                raise MalformedError("the comment packet shares a page with the sound")
            bodies += page.body
            pages.append(replace(page, body=b""))
            if page.complete:
                break
        headers = HEADER_PACKETS.get(self._codec)
        odd = any(page.granule not in (0, NOTHING_ENDS) for page in pages)
        if odd and (headers is None or len(_packets(pages, bodies)) > headers):
            raise MalformedError("the comment packet shares a page with the sound")
        return pages, bytes(bodies)

    def _split_magic(self, packet: memoryview) -> tuple[bytes, memoryview]:
        if self._codec == "oggflac":
            size = int.from_bytes(packet[1:4], "big")
            if packet[0] & 0x7F != FLAC_COMMENT or size != len(packet) - 4:
                raise MalformedError("the second Ogg FLAC packet is not a comment block")
            return bytes(packet[:4]), packet[4:]
        magic = COMMENT_MAGICS[self._codec]
        if packet[: len(magic)] != magic:
            raise MalformedError("the second packet contains no comments")
        return magic, packet[len(magic) :]

    def _has_second_sound(self) -> bool:
        """Return whether a further stream of sound begins beside the first."""
        at = self._first.start + self._first.size
        while at < self._size and (page := read_page(self._file, at)).flags & FIRST:
            if _begins_sound(page):
                return True
            at += page.size
        return False

    def empty(self) -> RawTag:
        """Return empty comments; the packet itself always exists."""
        return replace(self.tags["vorbis"], items=())

    def compose(self, tags: Mapping[str, RawTag]) -> Iterator[Piece]:
        """Distribute the header packets over pages again."""
        if self._is_multiplexed:
            raise MalformedError(
                "it has two streams of sound side by side, and players disagree on the first"
            )
        comments = (tags["vorbis"] if "vorbis" in tags else self.empty()).pieces()
        magic = self._magic
        if self._codec == "oggflac":
            magic = magic[:1] + sum(map(len, comments)).to_bytes(3, "big")
        others: list[list[Raw]] = [[packet] for packet in self._other_headers]
        pages = _paginate([[magic, *comments], *others], self._group)
        added = len(pages) - len(self._group)
        at = 0
        for i, old in enumerate(self._group):
            yield Span(at, old.start - at)
            last = i == len(self._group) - 1
            for page in pages[i:] if last else pages[i : i + 1]:
                yield page.render()
            at = old.start + old.size
        if added:
            yield from self._renumbered(at, added)
        else:
            yield Span(at, self._size - at)

    def _renumbered(self, at: int, added: int) -> Iterator[Piece]:
        for page in _pages(self._file, at, self._size):
            if isinstance(page, Span):
                yield page
            elif page.serial != self._first.serial:
                yield Span(page.start, page.size)
            elif page.flags & FIRST:
                raise MalformedError("a stream's serial number is used twice")
            else:
                yield replace(page, number=page.number + added).render()

    def payload(self) -> Iterator[Piece]:
        """Yield every packet but the comments, and each page without number and checksum."""
        yield from self._other_headers
        rewritten = {page.start for page in self._group}
        for page in _pages(self._file, 0, self._size):
            if isinstance(page, Span):
                yield page
            elif page.start not in rewritten:
                yield struct.pack("<BqI", page.flags, page.granule, page.serial) + page.lacing
                yield page.body


def _pages(file: BinaryIO, at: int, end: int) -> Iterator[Page | Span]:
    """Read page by page; the rest after the last whole page is one span."""
    while at < end:
        try:
            page = read_page(file, at)
        except MalformedError:
            yield Span(at, end - at)
            return
        yield page
        at += page.size


def _packets(pages: list[Page], bodies: bytes | bytearray) -> list[memoryview]:
    """Split the bodies of pages into the packets that end there."""
    packets: list[memoryview] = []
    start = end = 0
    for size in itertools.chain.from_iterable(page.lacing for page in pages):
        end += size
        if size < MAX_SEGMENTS:
            packets.append(memoryview(bodies)[start:end])
            start = end
    return packets


def _lacing(size: int) -> bytes:
    return b"\xff" * (size // 255) + bytes([size % 255])


def _paginate(packets: list[list[Raw]], old: list[Page]) -> list[Page]:
    """Distribute packets, in pieces, over the pages of `old` with equal sizes, or over more."""
    lacing = b"".join(_lacing(sum(map(len, pieces))) for pieces in packets)
    body = memoryview(b"".join(itertools.chain.from_iterable(packets)))
    pages: list[Page] = []
    inside = False
    at = 0
    for count in _spread(len(lacing), [len(page.lacing) for page in old]):
        mine, lacing = lacing[:count], lacing[count:]
        size = sum(mine)
        page = Page(
            start=0,
            flags=CONTINUED if inside else 0,
            granule=_granule(mine, old[len(pages)] if len(pages) < len(old) else None),
            serial=old[0].serial,
            number=old[0].number + len(pages),
            lacing=mine,
            body=body[at : at + size],
        )
        at += size
        inside = not page.complete
        pages.append(page)
    return pages


def _granule(lacing: bytes, old: Page | None) -> int:
    """Return the granule position of a page of headers: the old one, if that still fits."""
    ends = min(lacing) < MAX_SEGMENTS
    if old is not None and old.lacing and ends == (min(old.lacing) < MAX_SEGMENTS):
        return old.granule
    return 0 if ends else NOTHING_ENDS


def _spread(total: int, old: list[int]) -> list[int]:
    """Distribute `total` segments, at least one for each page; the last page gets the rest."""
    counts = []
    old = old[:total]
    for i, count in enumerate(old[:-1]):
        pages_after = len(old) - 1 - i
        counts.append(max(1, min(count, total - pages_after)))
        total -= counts[-1]
    while total > MAX_SEGMENTS:
        counts.append(MAX_SEGMENTS)
        total -= MAX_SEGMENTS
    return [*counts, total]
