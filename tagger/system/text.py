"""Text from files and other programs, made safe for one line of a terminal or a log."""

from __future__ import annotations


def one_line(text: str) -> str:
    r"""Escape each character that is not printable: a line feed becomes `\n`, a raw byte `\xff`.

    Takes any string, with lone surrogates or without, and returns text that UTF-8 can encode.
    """
    return "".join(c if c.isprintable() else _escape(c) for c in text)


def _escape(character: str) -> str:
    if "\udc80" <= character <= "\udcff":  # a byte that was not UTF-8 (PEP 383)
        return f"\\x{ord(character) - 0xDC00:02x}"
    return character.encode("unicode_escape").decode()
