"""The prose rule of CONTRIBUTING.md as a check: `python -m prose [ROOT]` lists the breaches.

The check reads the documents, the comments of `config.example.toml`, and the docstrings, comments
and messages of `tagger` and `training`. Code, tables, quotations of code and URLs are no prose.
"""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCUMENTS = ("*.md", "docs/*.md", "config.example.toml")
PACKAGES = ("tagger", "training")
MAX_WORDS = 25

_BANNED = re.compile(r"\b(shall|besides|whoever|anew|for ever)\b", re.IGNORECASE)
_HUMAN = re.compile(
    r"\b(tells?|told|knows?|knew|says?|said|hears?|heard|stands?|stood)\b(?!-)", re.IGNORECASE
)
"""Verbs of people; software returns, contains, logs and reads. A stand-in is a noun."""
_PEOPLE = re.compile(
    r"\b(?:you|people|users?|owners?|readers?|listeners?|collectors?|maintainers?|authors?)"
    r"(?:\s(?:do|does|did|not|may|can|already|also))*\s$",
    re.IGNORECASE,
)
"""The end of a text before a verb whose subject is a person."""
_CLAUSE = re.compile(r"\bwhat (?:is|was|are|were)\b", re.IGNORECASE)
_END = re.compile(r"[.!?]['\")*_]*(?=\s|$)")
_ABBREVIATION = re.compile(r"(?:\b(?:e\.g|i\.e|etc|et al|cf|vs|[A-Z])|\.\.)\.$")
_WORD = re.compile(r"[A-Za-zÀ-ɏ][\w'\u2019-]*")

_CODE = re.compile(r"(`+).+?\1|\"[^\"]+\"", re.DOTALL)
"""Code spans and quotations."""
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_URL = re.compile(r"<?\b(?:https?|ftp)://[^\s>)]+>?")
_ITEM = re.compile(
    r"""\s{4,}\w+:\s             # a parameter of a docstring
      | \s*(?:[-*+]\s+            # a bullet
          | \d+[.)]\s+            # a numbered item
          | `[^`]+`(?:,\s`[^`]+`)*:\s   # names before a colon
          | "[^"]*":\s            # a value of a setting
        )""",
    re.VERBOSE,
)
_NO_PROSE = re.compile(r"\s*(?:\||>>>|<|```|---|===|[│┃├└┌╎])")
_PRAGMA = re.compile(r"#\s*(?:noqa|type:|fmt:|pragma|mypy:|ruff:|!)")


class Passage(NamedTuple):
    """Text of one paragraph or list item, and the line of its file where the text begins."""

    line: int
    text: str


class Finding(NamedTuple):
    """A breach of the prose rule."""

    line: int
    message: str


def check_passage(passage: Passage) -> Iterator[Finding]:
    """Yield each breach in a passage, with the line of the breach."""
    prose = _without_code(passage.text)
    for pattern in (_BANNED, _CLAUSE, _HUMAN):
        for match in pattern.finditer(prose):
            if pattern is _CLAUSE and _is_question(prose, match.start()):
                continue
            if pattern is _HUMAN and _PEOPLE.search(prose[: match.start()]):
                continue
            yield Finding(_line(passage, prose, match.start()), f'"{_one_line(match.group())}"')
    for start, sentence in _sentences(prose):
        count = len(_WORD.findall(sentence))
        if count > MAX_WORDS:
            yield Finding(
                _line(passage, prose, start),
                f"a sentence of {count} words: {_one_line(sentence)[:60]} ...",
            )


def check_file(path: Path) -> list[Finding]:
    """Return the breaches of one file in the order of their lines."""
    text = path.read_text(encoding="utf-8")
    readers = {".py": python_passages, ".md": markdown_passages, ".toml": toml_passages}
    passages = readers[path.suffix](text)
    return sorted({finding for passage in passages for finding in check_passage(passage)})


def markdown_passages(text: str) -> Iterator[Passage]:
    """Yield the paragraphs, list items and headings of a Markdown document."""
    lines = []
    fenced = False
    for line in text.splitlines():
        fence = line.lstrip().startswith("```")
        lines.append("" if fenced or fence else line)
        fenced ^= fence
    yield from _paragraphs(lines, 1)


def toml_passages(text: str) -> Iterator[Passage]:
    """Yield the comments of a TOML file; a key in a comment (`#key = value`) is code."""
    lines = text.splitlines()
    prose = (line[1:] if re.match(r"#\s+(?!\[|\")|#\s+\"[^\"]*\":", line) else "" for line in lines)
    yield from _paragraphs(list(prose), 1)


def python_passages(text: str) -> Iterator[Passage]:
    """Yield the docstrings, comments and messages of a Python module."""
    tree = ast.parse(text)
    inner = {id(part) for node in ast.walk(tree) for part in _parts_of_f_string(node)}
    docstrings = {id(node) for node in _docstrings(tree)}
    for node in ast.walk(tree):
        if id(node) in docstrings and isinstance(node, ast.Constant):
            yield from _paragraphs(str(node.value).splitlines(), node.lineno)
        elif id(node) not in inner and (message := _message(node)):
            yield Passage(getattr(node, "lineno", 1), message)
    yield from _comments(text)


def files(root: Path) -> Iterator[Path]:
    """Yield the files that the prose rule holds for."""
    for pattern in DOCUMENTS:
        yield from sorted(root.glob(pattern))
    for package in PACKAGES:
        yield from sorted((root / package).rglob("*.py"))


def main(arguments: list[str]) -> int:
    """Print each breach as `file:line: message`; return 1 if there is a breach."""
    root = Path(arguments[0]) if arguments else Path()
    count = 0
    for path in files(root):
        for finding in check_file(path):
            sys.stdout.write(f"{path.relative_to(root)}:{finding.line}: {finding.message}\n")
            count += 1
    return 1 if count else 0


def _paragraphs(lines: list[str], first: int) -> Iterator[Passage]:
    """Split lines at blank lines, items, headings and lines that are no prose."""
    held: list[str] = []
    start = first
    margin = min((_indent(line) for line in lines[1:] if line.strip()), default=0)
    inner = [line[margin:] for line in lines[1:]]
    for number, line in enumerate([*lines[:1], *inner, ""], first):
        heading = line.startswith("#")
        ends = not line.strip() or heading or _NO_PROSE.match(line) or _ITEM.match(line)
        if held and ends:
            yield Passage(start, "\n".join(held))
            held = []
        if not line.strip() or _NO_PROSE.match(line):
            continue
        if not held:
            start = number
            if _indent(line) >= 4 and not _ITEM.match(line):
                continue  # an indented block of code
        item = _ITEM.match(line)
        held.append(line[item.end() :] if item and not held else line)
        if heading:
            yield Passage(number, line.lstrip("# "))
            held = []


def _comments(text: str) -> Iterator[Passage]:
    """Yield each block of comment lines, and each comment behind code."""
    held: list[tuple[int, str]] = []

    def block() -> Iterator[Passage]:
        if held:
            yield from _paragraphs([line for _, line in held], held[0][0])
            held.clear()

    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type != tokenize.COMMENT or _PRAGMA.match(token.string):
            continue
        number = token.start[0]
        alone = not token.line[: token.start[1]].strip()
        if not held or not alone or number != held[-1][0] + 1:
            yield from block()
        held.append((number, token.string[1:].strip()))
        if not alone:
            yield from block()
    yield from block()


def _docstrings(tree: ast.AST) -> Iterator[ast.Constant]:
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if not isinstance(body, list):
            continue
        for child in body:
            value = child.value if isinstance(child, ast.Expr) else None
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                yield value


def _parts_of_f_string(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.JoinedStr):
        yield from node.values


def _message(node: ast.AST) -> str:
    """Return the text of a string that reads as a message, else an empty text."""
    text = ""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        text = node.value
    elif isinstance(node, ast.JoinedStr):
        parts = (str(v.value) if isinstance(v, ast.Constant) else "`x`" for v in node.values)
        text = "".join(parts)
    looks_like_code = re.search(r"^\s*(?:SELECT|INSERT|UPDATE|DELETE|WITH|CREATE)\b|[{}<>\\]", text)
    return "" if looks_like_code or text.count(" ") < 3 else text


def _sentences(prose: str) -> Iterator[tuple[int, str]]:
    start = 0
    for match in _END.finditer(prose):
        if _ABBREVIATION.search(prose[: match.end()]):
            continue
        yield start, prose[start : match.end()]
        start = match.end()
    yield start, prose[start:]


def _is_question(prose: str, position: int) -> bool:
    end = _END.search(prose, position)
    return end is not None and end.group().startswith("?")


def _without_code(text: str) -> str:
    """Blank code, URLs and the targets of links; keep the length, and so the lines."""
    text = _LINK.sub(lambda match: _blank(match.group(), match.group(1)), text)
    text = _URL.sub(lambda match: _blank(match.group()), text)
    return _CODE.sub(lambda match: _blank(match.group()), text)


def _blank(text: str, kept: str = "0") -> str:
    """Keep the text of a link, or a digit for code; turn the rest of the characters to blanks."""
    return kept + re.sub(r"[^\n]", " ", text[len(kept) :])


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _line(passage: Passage, prose: str, position: int) -> int:
    offset = len(prose[:position]) + len(prose[position:]) - len(prose[position:].lstrip())
    return passage.line + prose.count("\n", 0, offset)


def _one_line(text: str) -> str:
    return " ".join(text.split())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
