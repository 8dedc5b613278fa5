"""Plans: what a dry run writes is applied to exactly these files, and to no other."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import bundles
import jsonschema
import pytest
from bundles import song
from letter_case import ignore_case
from programs import ROOT, Program

from tagger import config, tags
from tagger.cli.report.base import Report
from tagger.cli.report.words import DONE
from tagger.errors import PlanError
from tagger.pipeline.apply import apply_plan
from tagger.pipeline.plan import read_plan
from tagger.store import Store


@pytest.fixture
def planned(program):
    song(program.music / "calm.mp3")
    song(program.music / "loud.mp3", bundles.high, genre=["Folk"])
    plan = program.home / "plan.jsonl"
    assert program.scan("--dry-run", "--mode", "replace", "--plan", plan).code == 0
    return plan


def lines(plan):
    return [json.loads(line) for line in plan.read_text().splitlines()]


def test_a_plan_keeps_to_its_published_schema(planned):
    schema = json.loads((ROOT / "docs/plan.schema.json").read_text())
    for line in lines(planned):
        jsonschema.validate(line, schema)
    assert [line["then"] for line in lines(planned)] == [["Classical"], ["Metal"]]


def test_genres_of_a_plan_or_of_names_are_not_counted_as_decided_by_the_sound(planned, program):
    assert program.run("apply", planned).code == 0
    assert json.loads(program.run("status", "--json").out)["sources"] == {"plan": 2}
    assert program.run("runs", "show", "1").out.startswith("2 by plan\n")
    program.configure('[genres]\nmap = { Metal = "Heavy" }\n')
    assert program.run("genres", "normalize").code == 0
    found = json.loads(program.run("status", "--json").out)["sources"]
    assert found == {"plan": 1, "names": 1}


def test_a_plan_of_another_machine_is_compared_by_sound_and_path(planned, bundle):
    home = planned.parent / "other"
    home.mkdir()
    other = Program(home, bundle)
    here = planned.parent / "music"
    for path in here.glob("*.mp3"):
        (other.music / path.name).write_bytes(path.read_bytes())
    song(other.music / "calm.mp3", bundles.both)
    result = other.run("apply", "--json", "--map", here, other.music, planned)
    assert result.code == 0
    assert result.files["calm.mp3"]["reason"] == "its sound is not the sound of the plan"
    assert tags.read(other.music / "calm.mp3").genres == ()
    assert tags.read(other.music / "loud.mp3").genres == ("Metal",)


def test_a_map_in_other_letters_names_the_same_files_where_letter_case_is_ignored(
    planned, program, monkeypatch
):
    ignore_case(monkeypatch, program.home)
    result = program.run("apply", "--json", "--map", program.music, program.home / "MUSIC", planned)
    assert [Path(one["path"]).parent for one in result.files.values()] == [program.music] * 2
    assert result.summary["set"] == 2


def test_a_map_of_a_folder_that_the_plan_lacks_is_refused(planned, program):
    result = program.run("apply", "--map", program.home / "Misuc", program.music, planned)
    assert result.code == 2
    assert f"has no file below {program.home / 'Misuc'} (correct --map FROM TO)" in result.err
    assert tags.read(program.music / "calm.mp3").genres == ()


def test_files_of_a_plan_that_are_gone_or_no_files_fail_alone(planned, program):
    (program.music / "calm.mp3").unlink()
    extra = {"version": 1, "path": str(program.home), "content": None, "now": [], "then": ["X"]}
    planned.write_text(planned.read_text() + json.dumps(extra) + "\n")
    result = program.run("apply", "--json", planned)
    assert result.code == 1
    assert result.files["calm.mp3"]["reason"] == "is not there"
    assert result.files["home"]["decision"] == "error"
    assert result.files["loud.mp3"]["decision"] == "set"


def test_a_file_of_a_plan_that_is_still_being_written_is_skipped_with_the_next_step(
    planned, program
):
    os.utime(program.music / "calm.mp3", (0, 0))
    (program.music / "loud.mp3.part").touch()
    result = program.run("apply", "--json", planned)
    assert [one["decision"] for one in result.files.values()] == ["skip", "skip"]
    time, control = (one["reason"] for one in result.files.values())
    assert time.startswith("is still being written: it has the time of an interrupted rsync")
    assert control == "is still being written: a control file of a download is beside it"


def test_a_line_with_a_genre_that_no_tag_can_hold_fails_alone(planned, program):
    planned.write_text(planned.read_text().replace('["Classical"]', '["a;b"]'))
    result = program.run("apply", "--json", planned)
    assert result.files["calm.mp3"]["decision"] == "error"
    assert result.files["loud.mp3"]["decision"] == "set"


@pytest.mark.parametrize(
    ("now", "then", "written"),
    [
        ((), ["rock", "Rock", "Hip Hop", "hip-hop"], ("rock", "Hip Hop")),
        (("Folk", "folk"), ["Folk", "folk", "FOLK", "Rock"], ("Folk", "folk", "Rock")),
        (("Folk", "folk"), ["Rock", "folk", "Folk"], ("Rock", "folk")),
        (("Folk", "folk"), ["Folk", "folk"], ("Folk", "folk")),
    ],
)
def test_a_genre_that_a_plan_repeats_is_written_once(program, now, then, written):
    path = song(program.music / "a.mp3", genre=list(now))
    line = {"version": 1, "path": str(path), "content": None, "now": now, "then": then}
    plan = program.home / "plan.jsonl"
    plan.write_text(json.dumps(line))
    assert program.run("apply", plan).code == 0
    assert tags.read(path).genres == written


def test_a_name_that_is_not_utf8_comes_through_a_plan(program):
    odd = Path(os.fsdecode(os.fsencode(program.music) + b"/a\xff.mp3"))
    song(program.music / "a.mp3").rename(odd)
    plan = program.home / "plan.jsonl"
    program.scan("--dry-run", "--plan", plan)
    assert program.run("apply", plan).code == 0
    assert tags.read(odd).genres == ("Classical",)


PLANNED = (
    '{"version": 1, "path": "/a", "content": null, "now": [], "then": ["A"], "confidence": %s}'
)


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("no JSON", "line 1: is no JSON"),
        ("[]", "line 1: expected a table, got a list"),
        ('{"version": 2}', "version 2"),
        ('{"version": 1, "path": "/a", "content": null, "now": []}', "the field then is missing"),
        ('{"version": 1, "path": 7}', "line 1: path: expected text, got a whole number"),
        ('{"version": 1, "pth": "/a"}', "line 1: unknown field pth"),
        ('{"version": 1, "path": "a", "content": null, "now": [], "then": []}', "absolute"),
        (
            '{"version": 1, "path": "/\\ud800", "content": null, "now": [], "then": []}',
            "line 1: path is no absolute path",
        ),
        ('{"version": 1, "path": "/a", "content": "x", "now": [], "then": ["A"]}', "content"),
        (
            '{"version": 1, "path": "/a", "content": null, "now": [], "then": ["\\udcff"]}',
            "line 1: a genre or the reason is not UTF-8",
        ),
        ("[" * 100_000, "line 1: is no JSON"),
        (PLANNED % 7, "line 1: confidence"),
        (PLANNED % "NaN", "line 1: confidence"),
    ],
)
def test_a_malformed_line_refuses_the_whole_plan(tmp_path, line, fault):
    plan = tmp_path / "plan.jsonl"
    plan.write_text(line)
    with pytest.raises(PlanError, match=fault) as refused:
        read_plan(plan)
    assert refused.value.path == plan
    assert "make the plan again" in refused.value.hint


def test_a_plan_that_other_programs_saved_is_read_line_by_line(tmp_path):
    plan = tmp_path / "plan.jsonl"
    paths = ["/music/one\u2028two\x85.mp3", "/music/b.mp3"]
    rows = [{"version": 1, "path": p, "content": None, "now": [], "then": ["Jazz"]} for p in paths]
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    plan.write_text("\r\n".join(lines), "utf-8-sig", newline="")
    assert [file.path for file in read_plan(plan)] == paths


def test_a_path_that_no_file_can_have_fails_alone(program, planned):
    line = lines(planned)[0] | {"path": f"/{'a' * 5000}"}
    planned.write_text(json.dumps(line) + "\n" + planned.read_text())
    applied = program.run("apply", "--json", planned)
    assert applied.code == 1
    assert [applied.summary[action] for action in ("error", "set")] == [1, 2]


def test_a_file_with_two_lines_refuses_the_whole_plan(planned):
    planned.write_text(planned.read_text() * 2)
    with pytest.raises(PlanError, match="has a line already"):
        read_plan(planned)


def test_an_empty_plan_is_reported_as_empty(program):
    plan = program.home / "plan.jsonl"
    assert program.scan("--dry-run", "--plan", plan).code == 0
    result = program.run("apply", plan)
    assert (result.code, result.out) == (0, "0 files: the plan is empty\n")


def test_a_plan_without_a_dry_run_is_a_usage_error(program):
    assert program.run("scan", "--plan", program.home / "plan.jsonl").code == 2


class Stopped(Report):
    """A report whose run is interrupted after its first file."""

    def outcome(self, outcome):
        super().outcome(outcome)
        raise KeyboardInterrupt


def test_an_interrupted_plan_names_its_undo_and_is_applied_again(planned, program, capsys):
    settings = config.load(program.config)
    report = Stopped(DONE, dry_run=False)
    with Store(program.state) as store, pytest.raises(KeyboardInterrupt), report:
        apply_plan(settings, store, read_plan(planned), report, dry_run=False)
    assert "1 file: 1 got a genre\n`tagger undo --run 1` takes" in capsys.readouterr().out
    again = program.run("apply", "--json", planned)
    assert [again.summary[action] for action in ("keep", "set")] == [1, 1]
    assert program.run("undo", program.music, "--json").summary["set"] == 2


def test_an_apply_that_is_killed_in_the_middle_is_finished_by_a_second_apply(program):
    first = song(program.music / "00.mp3")
    songs = [first, *(program.music / f"{number:02}.mp3" for number in range(1, 12))]
    for path in songs[1:]:
        path.write_bytes(first.read_bytes())
    before = first.read_bytes()
    plan = program.home / "plan.jsonl"
    program.scan("--dry-run", "--plan", plan)
    with program.start("apply", plan) as child:
        while child.poll() is None and first.read_bytes() == before:
            time.sleep(0.01)
        os.killpg(child.pid, signal.SIGKILL)
        assert child.wait() == -signal.SIGKILL
    written = [path for path in songs if tags.read(path).genres]
    assert 0 < len(written) < len(songs)
    result = program.run("apply", "--json", plan)
    assert result.code == 0
    assert {tags.read(path).genres for path in songs} == {("Classical",)}
    kept = [name for name, row in result.files.items() if row["decision"] == "keep"]
    assert len(kept) in (len(written), len(written) + 1)
    assert sorted(path.name for path in program.music.glob("*")) == sorted(
        ["Playlists", *(path.name for path in songs)]
    )
    assert program.run("undo", program.music).code == 0
    assert {path.read_bytes() for path in songs} == {before}


def test_a_plan_that_is_applied_again_makes_the_playlists_that_the_first_time_left_out(
    planned, program
):
    program.configure("[playlists]\nenabled = false\n")  # as an interrupt before the playlists
    assert program.run("apply", planned).code == 0
    program.configure()
    again = program.run("apply", "--json", planned)
    assert (again.summary["keep"], again.summary["playlists"]) == (2, {"created": 2})
