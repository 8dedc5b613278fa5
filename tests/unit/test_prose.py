"""The prose check finds breaches of the prose rule, and passes plain sentences."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import prose
import pytest
from programs import ROOT

if TYPE_CHECKING:
    from pathlib import Path

LONG = "The scan " + "reads a file and " * 6 + "ends."
"""A sentence of 27 words."""


def markdown(text: str) -> list[tuple[int, str]]:
    """Return the findings of a Markdown text, as line and message."""
    passages = prose.markdown_passages(text)
    return [(f.line, f.message) for passage in passages for f in prose.check_passage(passage)]


def python(text: str) -> list[int]:
    """Return the lines of the findings of a Python module."""
    passages = prose.python_passages(text)
    return sorted(f.line for passage in passages for f in prose.check_passage(passage))


def toml(text: str) -> list[int]:
    """Return the lines of the findings of a TOML file."""
    passages = prose.toml_passages(text)
    return [f.line for passage in passages for f in prose.check_passage(passage)]


@pytest.mark.parametrize(
    "sentence",
    [
        "The file shall be read.",
        "The folder, and besides the name.",
        "Whoever reads this needs a model.",
        "The pages are written anew.",
        "A genre is kept for ever.",
        "The genre stands in the file.",
        "The model does not know the genre.",
        "The reason says that both disagree.",
        "Each player is told once.",
        "The user's file tells the artist.",
        "What is no music gets no genre.",
        "The journal has what was written.",
        "The report lists what are\nerrors.",
        LONG,
    ],
)
def test_a_breach_in_a_paragraph_is_found(sentence: str) -> None:
    assert len(markdown(sentence)) == 1


@pytest.mark.parametrize(
    "sentence",
    [
        "Non-music gets no genre.",
        "The understanding of outstanding standstill; marshalls and beside.",
        "The knowledge of a genre is well-known; a stand-in for an album.",
        "A genre that you\nknow, and users do not hear.",
        "What is a bundle? A folder with a model.",
        "The words `shall` and `what is` are forbidden.",
        'The clause reads "you shall not".',
        "See [the page](https://example.org/what-is/stands) or <https://example.org/anew>.",
        "The scan reads, " * 7 + "and " + "`a very long span of code` " * 20 + "ends.",
        "The scan ends. " * 20,
    ],
)
def test_a_paragraph_without_a_breach_passes(sentence: str) -> None:
    assert markdown(sentence) == []


def test_finding_in_markdown_has_the_line_of_the_word() -> None:
    found = markdown("# Title\n\nFirst line,\nthe file stands here.\n")

    assert found == [(4, '"stands"')]


def test_code_block_and_table_of_markdown_are_no_prose() -> None:
    text = f"```\nshall\n```\n\n| what is | {LONG} |\n|---|---|\n| anew | stands |\n"

    assert markdown(text) == []


def test_items_of_a_list_are_counted_one_by_one() -> None:
    assert markdown("- twelve words and no period at the end of this list item\n" * 4) == []


def test_long_item_of_a_list_is_found_at_its_own_line() -> None:
    assert [line for line, _ in markdown(f"- short\n- {LONG}\n- short\n")] == [2]


def test_docstring_comment_and_message_of_python_are_read() -> None:
    text = '"""It stands."""\n# it shall\nraise ValueError(f"{1} is written anew now")\n'

    assert python(text) == [1, 2, 3]


def test_sentence_over_several_comment_lines_is_one_sentence() -> None:
    half = "# scan reads a file and reads a file and reads a file\n"

    assert python(half * 2) == []
    assert python(half * 3) == [1]


def test_statement_of_sql_and_pragma_of_python_are_no_prose() -> None:
    text = 'sql = "SELECT stands FROM files WHERE shall"\nx = 1  # noqa: stands\n'

    assert python(text) == []


def test_parameters_of_a_docstring_are_counted_one_by_one() -> None:
    lines = "".join(f"        name{i}: The path of a file of the library.\n" for i in range(9))

    assert python(f'def f():\n    """Read.\n\n    Args:\n{lines}\n    """\n') == []


def test_key_in_a_comment_of_toml_is_no_prose() -> None:
    assert toml('# A folder.\n#stands = "shall"\n# The file stands here.\n') == [3]


def test_check_of_a_tree_with_a_breach_fails_with_file_and_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "README.md").write_text("Plain.\n\nIt stands.\n", encoding="utf-8")

    assert prose.main([str(tmp_path)]) == 1
    assert capsys.readouterr().out == 'README.md:3: "stands"\n'


def test_check_of_a_plain_tree_passes(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("Plain.\n", encoding="utf-8")

    assert prose.main([str(tmp_path)]) == 0


def test_a_name_of_a_test_has_room_for_subject_situation_and_result() -> None:
    """Five words are the least for the three parts; the rest is for a reader to judge."""
    found = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", path.read_text("utf-8"), re.MULTILINE)
        if name.count("_") < 5
    }
    assert found == set()
