"""The reports of a run on a terminal and as a page."""

from __future__ import annotations

import re
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from tagger.cli.report.base import Report
from tagger.cli.report.listing import folder_tables
from tagger.cli.report.page import page
from tagger.cli.report.terminal import TerminalReport
from tagger.cli.report.words import DONE, UNDONE
from tagger.core.domain import Action, Outcome
from tagger.pipeline.publish import Published

MUSIC = Path("/music/Ada/One")
OUTCOMES = [
    Outcome(MUSIC / "2.mp3", Action.SET, ("Folk",), ("Rock",), "Rock", 0.9571, "Rock at 95%"),
    Outcome(MUSIC / "1.mp3", Action.KEEP, ("[red]",), ("[red]",), None, None, "has a genre"),
    Outcome(
        MUSIC.parent / "Two" / "a\nb.mp3",
        Action.ABSTAIN,
        (),
        (),
        None,
        0.31,
        "unsure: Pop at 31%, 90% needed",
    ),
]


def shown(width: int = 120) -> list[str]:
    console = Console(file=StringIO(), width=width)
    for part in folder_tables(OUTCOMES):
        console.print(part)
    return [" ".join(line.split()) for line in console.file.getvalue().splitlines()]


def test_a_listing_has_each_folder_and_its_files_in_order():
    assert shown() == [
        "/music/Ada/One",
        "1.mp3 [red] keep has a genre",
        "2.mp3 Folk -> Rock 95% Rock at 95%",
        "/music/Ada/Two",
        "a\\nb.mp3 - abstain 31% unsure: Pop at 31%, 90% needed",
    ]


def test_a_listing_on_a_narrow_terminal_folds_its_reasons():
    assert all(len(line) <= 60 for line in shown(60))
    assert "needed" in " ".join(shown(60))


def test_the_bar_of_an_undo_counts_files_and_analyzes_none(capsys, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")  # a bar is for a terminal
    with TerminalReport(UNDONE, dry_run=False) as report:
        report.expect(2)
    bar = capsys.readouterr().out
    assert "0/2" in bar
    assert "Files" in bar
    assert "Analyzing" not in bar


def test_a_terminal_shows_names_and_genres_as_they_are(capsys):
    report = TerminalReport(DONE, dry_run=False)
    report.outcome(Outcome(MUSIC / "a.mp3", Action.SET, (), ("[/b] :cat:",), None, None, ""))
    report.outcome(Outcome(MUSIC / "[u] :cat:.mp3", Action.SKIP, (), (), None, None, "[x]"))
    report.passed_over({"[Ll]ive": 2})
    report.finish(Published())
    shown = capsys.readouterr().out
    for text in ("[/b] :cat:", "[u] :cat:.mp3: [x]", "[Ll]ive: 2"):
        assert text in shown


def troubles(capsys, listing="auto"):
    """Return the last lines of a run with twelve skipped files and, after them, two failures."""
    report = TerminalReport(DONE, dry_run=False, listing=listing)
    for number in range(14):
        action = Action.SKIP if number < 12 else Action.ERROR
        report.outcome(Outcome(MUSIC / f"{number}.mp3", action, (), (), None, None, "why"))
    report.finish(Published(), failed=0)
    return capsys.readouterr().out.splitlines()[-11:]


def test_a_terminal_names_failures_first_and_counts_skipped_files_apart(capsys):
    *named, more = troubles(capsys)
    assert [line.partition(":")[0] for line in named] == ["error"] * 2 + ["skip"] * 8
    assert more == "... and 4 skipped: the same command with `| less` lists each file"


def test_a_terminal_with_counts_alone_names_the_option_that_leaves_the_list_out(capsys):
    more = troubles(capsys, "none")[-1]
    assert more == "... and 4 skipped: `| less` in place of --summary lists each file"


@pytest.mark.parametrize(("dry_run", "listing"), [(True, "auto"), (False, "all")])
def test_a_terminal_that_lists_each_file_lists_a_failure_once(capsys, dry_run, listing):
    report = TerminalReport(DONE, dry_run=dry_run, listing=listing)
    report.outcome(Outcome(MUSIC / "1.mp3", Action.ERROR, (), (), None, None, "why"))
    report.finish(Published(), failed=0)
    assert capsys.readouterr().out.count("why") == 1


@pytest.mark.parametrize("kind", [Report, TerminalReport])
def test_an_interrupt_before_the_first_outcome_is_no_run_without_music(kind, capsys):
    with pytest.raises(KeyboardInterrupt), kind(DONE, dry_run=False) as shown:
        shown.expect(3)
        shown.analyzed(2)
        raise KeyboardInterrupt
    printed = capsys.readouterr().out
    assert "none decided yet" in printed
    assert "no music" not in printed


def test_a_page_has_a_row_for_each_file_and_counts_the_reasons():
    text = page(OUTCOMES, dry_run=True, run=None)
    assert re.findall(r'<tr class="(\w+)">', text) == ["keep", "set", "abstain"]
    assert "<td>left alone as unsure</td><td>unsure</td>" in text
    assert "1 would get a genre" in text
    assert "undo" not in text


def test_a_page_of_a_real_run_names_its_undo_and_loads_nothing():
    text = page(OUTCOMES, dry_run=False, run=7)
    assert "tagger undo --run 7" in text
    assert not re.search(r"(src|href)=", text)
    kept = [one for one in OUTCOMES if not one.action.writes]
    assert "undo" not in page(kept, dry_run=False, run=7)
