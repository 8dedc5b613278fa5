"""Text from files and other programs, made safe for one line of a terminal or a log."""

from __future__ import annotations


def one_line(text: str) -> str:
    r"""Escape each character that is not printable: a line feed becomes `\n`, a raw byte `\xff`.

    Takes any string, with lone surrogates or without, and returns text that UTF-8 can encode.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else _escape(c) for c in text)


def _escape(character: str) -> str:
    if "\udc80" <= character <= "\udcff":  # a byte that was not UTF-8 (PEP 383)
        return f"\\x{ord(character) - 0xDC00:02x}"
    return character.encode("unicode_escape").decode()


def number_of(count: int, noun: str, many: str = "") -> str:
    """Return a number with its noun, such as `1 track` and `1,000 tracks`.

    Args:
        count: The number.
        noun: The noun of one.
        many: The noun of several, where it is not `noun` with an s.

    """
    return f"{count:,} {noun if count == 1 else many or noun + 's'}"
