"""The links of the pages lead to files and headings that exist, and their tables have one width."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
LINK = re.compile(r"\]\(([^)\s]+)\)")
CODE = re.compile(r"```.*?```", re.DOTALL)
TABLE = re.compile(r"(?:^\|.*\n)+", re.MULTILINE)
HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)


def anchors(page):
    """Return the names by which the forge and the site link to the headings of a page."""
    texts = HEADING.findall(CODE.sub("", page.read_text("utf-8")))
    return {re.sub(r"[^\w\- ]", "", text.strip().lower()).replace(" ", "-") for text in texts}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_of_a_page_lead_to_files_and_headings(page):
    for link in LINK.findall(CODE.sub("", page.read_text("utf-8"))):
        if ":" in link:
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        assert target.exists(), f"{page.name}: {link}"
        if anchor:
            assert anchor in anchors(target), f"{page.name}: {link}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_rows_of_a_table_have_as_many_cells_as_its_head(page):
    text = re.sub(r"`[^`\n]*`", "", CODE.sub("", page.read_text("utf-8")))
    for table in TABLE.findall(text):
        head, *rows = (re.findall(r"(?<!\\)\|", row) for row in table.splitlines())
        assert {len(row) for row in rows} == {len(head)}, f"{page.name}: {table}"


def test_a_page_has_the_anchors_of_its_headings(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("# One `day`, two\n```\n# no heading\n```\n## Why?\n")
    assert anchors(page) == {"one-day-two", "why"}
