from __future__ import annotations

import json
import shutil
import signal
import sys
import time
from typing import TYPE_CHECKING

import bundles
import media
import mutagen
import numpy as np
import pytest
from programs import Program

pytest.importorskip("sklearn", reason="training needs the extra `train`")
pytest.importorskip("joblib", reason="training needs the extra `train`")
pytest.importorskip("rapidfuzz", reason="training needs the extra `train`")
pytest.importorskip("anyascii", reason="training needs the extra `train`")
pytest.importorskip("onnx", reason="training needs the extra `train`")

from click.testing import CliRunner

from tagger.cli import models
from tagger.errors import ModelError, TaggerError
from tagger.inference.registry import ModelRegistry
from training.cli import train
from training.cli.train_report import print_result
from training.data.store import TrainingStore
from training.models import user_model
from training.train import training_lock

if TYPE_CHECKING:
    from typing import Any

BANDS = {"Low": (20, 600), "High": (4000, 9000)}
EACH = 10
TRAINING = '[training]\nfolders = ["{sorted}"]\nminimum = 10\n'


def sound(genre, seed):
    """Noise whose band tells the genre, a little different each time."""
    lowest, highest = BANDS[genre]
    random = np.random.default_rng(seed)
    spectrum = np.fft.rfft(random.normal(size=3 * 22050))
    hz = np.fft.rfftfreq(3 * 22050, 1 / 22050)
    spectrum[(hz < lowest) | (hz > highest * random.uniform(0.8, 1.2))] *= 1e-3
    signal = np.fft.irfft(spectrum)
    return (signal / np.abs(signal).max() * 0.8).astype(np.float32)


def put(path, band, seed, **tags):
    path.parent.mkdir(parents=True, exist_ok=True)
    named = {"title": f"{band} {seed}", "artist": f"{band} artist {seed}"} | tags
    return media.make(path, "flac", signal=sound(band, seed), rate=22050, tags=named)


def fill(folder, *, each=EACH):
    for genre in BANDS:
        for number in range(each):
            put(folder / genre / f"{number}.flac", genre, number)


def settle(program, more=""):
    """Let the active model decide, and learn from folders."""
    text = TRAINING.format(sorted=program.home / "sorted") + more
    program.bundle = "active"
    program.configure(text)
    return program


def trained(program, *args):
    result = program.run("train", "--only-mine", "--json", *args)
    assert result.code == 0, result.err
    return json.loads(result.out)


def here(program, *args):
    """Run `tagger train` in this process, which has the libraries loaded; return its objects."""
    said = CliRunner().invoke(
        train.command,
        ["--only-mine", *map(str, args)],
        env=program.environment,
        catch_exceptions=False,
    )
    return [json.loads(line) for line in said.stdout.splitlines() if line.startswith("{")]


def dry(program):
    (found,) = here(program, "--json", "--dry-run")
    return found


def refusal(program):
    with pytest.raises(TaggerError) as caught:
        here(program)
    return str(caught.value)


@pytest.fixture(scope="module")
def taught(tmp_path_factory: pytest.TempPathFactory) -> tuple[Program, dict[str, Any]]:
    """Give the home of a program that was trained once."""
    home = tmp_path_factory.mktemp("taught") / "home"
    home.mkdir()
    program = settle(Program(home, "active"))
    fill(home / "sorted")
    return program, trained(program, "--report", home / "report.html")


def test_a_model_is_trained_measured_and_made_active(taught):
    program, found = taught
    assert found["sources"] == {"corrections": 0, "folders": 2 * EACH}
    assert [(g["genre"], g["tracks"]) for g in found["genres"]] == [("High", EACH), ("Low", EACH)]
    assert found["promoted"]
    assert found["model"]["held_out"]["accuracy"] == 1.0
    assert found["model"]["held_out"]["written"]["coverage"] > 0.5
    assert found["comparison"]["tracks"] == sum(g["held_out"] for g in found["genres"]) > 0
    name = found["model"]["id"]
    (active,) = [o for o in program.run("models", "list", "--json").objects if o["active"]]
    assert (active["name"], active["genres"]) == (name, ["High", "Low"])
    assert name in program.run("models", "show").out
    new = put(program.home / "new.flac", "High", 99)
    (heard,) = program.run("classify", "--json", new).objects
    assert (heard["genre"], heard["model"]) == ("High", name)
    assert f"model       {name}\n" in program.run("status").out


@pytest.fixture
def few_classifiers(monkeypatch):
    """Let a training try as few classifiers as for a large library."""
    monkeypatch.setattr(user_model, "LARGE", 0)


@pytest.mark.usefixtures("few_classifiers")
def test_a_model_that_would_write_no_genre_is_not_made_active(program):
    settle(program)
    for number in range(2 * EACH):  # each band has both labels
        put(program.home / "sorted" / "AB"[number % 2] / f"{number}.flac", "High", number)
    text = program.run("train", "--only-mine").out
    assert "written     none of the held-out tracks: none is sure enough" in text
    assert "not active  no genre is right often enough" in text


@pytest.mark.usefixtures("few_classifiers")
def test_a_model_without_a_genre_that_the_current_model_was_taught_is_not_made_active(taught):
    program, found = taught
    there, renamed = program.home / "sorted" / "Low", program.home / "sorted" / "Deep"
    there.rename(renamed)
    without = trained(program)
    renamed.rename(there)
    assert without["comparison"]["lost_genres"] == ["Low"]
    assert without["reason"].startswith("lacks Low, which the current model has")
    assert not without["promoted"]
    assert ModelRegistry(program.state).active == found["model"]["id"] != without["model"]["id"]
    assert program.run("models", "remove", without["model"]["id"]).code == 0


def test_a_dry_run_analyzes_no_file_twice_and_changes_nothing(taught):
    program, _ = taught
    before = sorted(path for path in program.state.rglob("*") if "sqlite" not in path.name)
    text = program.run("train", "--only-mine", "--dry-run").out
    assert "labels      corrections 0, folders 20" in text
    assert "not analyzed yet" not in text
    assert sorted(p for p in program.state.rglob("*") if "sqlite" not in p.name) == before


def test_of_many_notes_the_first_are_printed_and_the_others_counted(taught):
    program, _ = taught
    tables = ", ".join(f'"/none/{number}.csv"' for number in range(12))
    settle(program, f"csv = [{tables}]\n")
    text = program.run("train", "--only-mine", "--dry-run").out
    settle(program)
    assert "note        training.csv: /none/9.csv does not exist" in text
    assert "/none/10.csv" not in text
    assert "note        ... and 2 more: `tagger train --dry-run --json`" in text


def test_a_new_genre_without_a_larger_genre_is_named_with_its_setting(taught):
    program, _ = taught
    note = "note        no parent of High, Low is known, so a larger genre counts as wrong"
    text = program.run("train", "--dry-run").out
    assert f"{note}: name it in training.parents\n" in text
    assert note not in program.run("train", "--dry-run", "--only-mine").out
    settle(program, '[training.parents]\nHigh = "Rock"\nLow = "Jazz"\n')
    assert "no parent" not in program.run("train", "--dry-run").out
    settle(program)


def test_a_report_named_html_is_a_page(taught):
    program, _ = taught
    text = (program.home / "report.html").read_text()
    assert text.startswith("<!doctype html>")
    assert "Your own library" in text
    assert "High" in text


def test_models_are_switched_taken_back_and_removed(taught):
    program, found = taught
    name = found["model"]["id"]

    def active():
        return ModelRegistry(program.state).active

    assert program.run("models", "use", "default").code == 0
    assert active() == "default"
    assert program.run("models", "rollback").code == 0
    assert active() == name
    for refused in (["remove", name], ["remove", "default"], ["use", "no-such"], ["show", "x"]):
        with pytest.raises(ModelError):
            CliRunner().invoke(
                models.command, refused, env=program.environment, catch_exceptions=False
            )
    assert active() == name
    assert bundles.installed(ModelRegistry(program.state), "another-1") == "another-1"
    assert program.run("models", "remove", "another-1").code == 0
    assert [model.name for model in ModelRegistry(program.state).all()] == ["default", name]


def test_a_damaged_model_is_never_made_active(taught):
    program, found = taught
    there = ModelRegistry(program.state)
    (there.folder / "broken-1").mkdir(exist_ok=True)
    (there.folder / "broken-1" / "manifest.json").write_text("{}")
    with pytest.raises(ModelError):
        there.activate("broken-1")
    assert there.active == found["model"]["id"]
    assert "cannot be used" in program.run("models", "list").out
    shutil.rmtree(there.folder / "broken-1")


def test_a_damaged_comparison_model_is_refused_before_the_training(taught):
    program, found = taught
    damaged = program.state / "models" / found["model"]["id"] / "measured" / "model.onnx"
    whole = damaged.read_bytes()
    damaged.write_bytes(whole[:100])
    try:
        with pytest.raises(ModelError, match="measured: model"):
            dry(program)
    finally:
        damaged.write_bytes(whole)


def test_corrections_are_learned_and_the_new_model_stays_away_from_them(program):
    """Somebody calls loud high noise Sunday, after tagger called it Metal."""
    for number in range(12):
        put(program.music / f"{number}.flac", "High", number)
        put(program.music / f"low{number}.flac", "Low", number)
    assert program.scan().summary["set"] == 24
    for number in range(10):
        file = mutagen.File(program.music / f"{number}.flac")
        file["genre"] = "Sunday"
        file.save()
    program.scan()
    program.configure('[training]\ntags = ["*"]\nminimum = 10\n')
    found = dry(program)
    assert found["sources"] == {"corrections": 10, "tags": 10}  # none of the 14 that are ours
    assert [few["genre"] for few in found["too_few"]] == []
    assert [genre["genre"] for genre in found["genres"]] == ["Sunday"]
    alone = refusal(program)
    assert "at least two genres" in alone
    assert "and Sunday has them" in alone


def test_hundreds_of_small_genres_are_counted_and_the_largest_are_named(program):
    for genre in range(30):
        for number in range(2 if genre == 29 else 1):
            file = program.home / "sorted" / f"Genre {genre}" / f"{number}.flac"
            put(file, "High", 2 * genre + number)
    program.configure(TRAINING.format(sorted=program.home / "sorted"))
    lines = program.run("train", "--dry-run").out.splitlines()
    small = [line for line in lines if line.startswith("not learned")]
    assert small[0].startswith("not learned Genre 29: 2 tracks")
    assert small[-1] == "not learned 20 more genres: `tagger train --dry-run --json`"
    assert len(small) == 11
    alone = refusal(program)
    assert "; Genre 29 has 2 tracks of 2 artists, " in alone
    assert "25 smaller genres" in alone


def test_genres_that_are_never_written_are_listed_with_the_possible_causes(capsys):
    written = {"precision": 0.9, "coverage": 0.5, "promised": 0.9}
    figures = {"accuracy": 0.8, "interval": [0.7, 0.9], "tracks": 90, "written": written}
    silent = [f"Genre {number}" for number in range(12)]
    model = {"id": "own17", "recipe": "", "never_written": silent, "held_out": figures}
    print_result({"model": model, "comparison": {"artists": 40}, "promoted": True, "reason": ""})
    out = capsys.readouterr().out
    assert "Genre 9, 2 more, by the sound alone: too few of their tracks or too much" in out


def test_too_few_labels_are_refused_before_a_file_is_analyzed(program):
    settle(program)
    fill(program.home / "sorted", each=EACH - 1)
    assert "High has 9 tracks of 9 artists, Low has 9 tracks of 9 artists" in refusal(program)
    assert dry(program)["to_hear"] == 2 * (EACH - 1)


def test_a_copy_of_a_file_with_a_renamed_genre_of_tagger_is_no_label(program):
    program.configure('[training]\ntags = ["*"]\nminimum = 10\ngenres = { Metal = "Heavy" }\n')
    for number in range(2):
        put(program.music / f"{number}.flac", "High", number)
    program.scan()
    shutil.copy(program.music / "0.flac", program.music / "copy.flac")
    program.scan("--mode", "replace", "--dry-run")  # analyzes the copy
    found = dry(program)
    assert (found["sources"]["tags"], found["own_words"]) == (1, 1)


def test_the_owners_genre_beside_an_equal_genre_of_tagger_is_a_label(program):
    program.configure('[tags]\nfield = "GROUPING"\n[training]\ntags = ["*"]\nminimum = 10\n')
    put(program.music / "0.flac", "High", 0)
    program.scan()
    song = mutagen.File(program.music / "0.flac")
    assert song["grouping"] == ["Metal"]
    song["genre"] = "Metal"
    song.save()
    program.scan("--mode", "replace", "--dry-run")  # analyzes the file
    assert "Metal has 1 track" in refusal(program)
    found = dry(program)
    assert (found["sources"]["tags"], found["own_words"]) == (1, 0)


def test_reclassify_touches_only_what_tagger_wrote(program):
    names = ["ours", "corrected", "theirs", "undone", "unsure"]
    for number, name in enumerate(names):
        genre = {"genre": "Jazz"} if name == "theirs" else {}
        put(program.music / f"{name}.flac", "High", number, **genre)
    media.make(program.music / "unsure.flac", "flac", signal=bundles.high(3), rate=44100, tags={})
    assert program.scan().summary["set"] == 4
    corrected = mutagen.File(program.music / "corrected.flac")
    corrected["genre"] = "Sunday"
    corrected.save()
    assert program.run("undo", program.music / "undone.flac").code == 0
    bundles.installed(ModelRegistry(program.state), "renamed-1", ("Baroque", "Industrial"))
    program.bundle = "active"
    program.configure()
    assert program.run("models", "use", "renamed-1").code == 0

    def genres():
        return {n: mutagen.File(program.music / f"{n}.flac").get("genre") for n in names}

    before = genres()
    told = program.scan("--reclassify", "--dry-run")
    assert genres() == before
    assert {n for n, o in told.files.items() if o["decision"] == "set"} == {
        "ours.flac",
        "unsure.flac",
    }
    shutil.move(program.music / "ours.flac", program.music / "moved.flac")
    names[0] = "moved"
    assert program.scan("--reclassify").code == 0
    assert genres() == {
        "moved": ["Industrial"],
        "corrected": ["Sunday"],
        "theirs": ["Jazz"],
        "undone": None,
        "unsure": ["Industrial"],
    }
    assert program.scan("--reclassify").summary["set"] == 0
    assert program.run("undo").code == 0
    assert genres()["moved"] == ["Metal"]


def test_a_playlist_is_matched_and_an_ambiguous_entry_is_chosen_once(program):
    put(program.music / "1.flac", "High", 1, title="Song", artist="Band", album="First")
    put(program.music / "2.flac", "High", 2, title="Song", artist="Band", album="Hits")
    table = program.home / "Sunday.csv"
    table.write_text(
        "Track URI,Track Name,Artist Name(s),Album Name,Duration (ms)\n"
        "uri:1,Song - Remastered,Band,Other,3000\nuri:2,Song,Band,First,3000\nuri:3,No,One,,1\n"
    )
    program.configure(f'[training]\ncsv = ["{table}"]\n')
    found = dry(program)
    assert (found["matched"], len(found["missing"])) == (1, 1)
    shown = program.run("train", "--dry-run").out
    assert "1 ambiguous: choose with `tagger train match`\n" in shown
    assert "1 not in the library: `tagger train --dry-run --json` lists them\n" in shown
    unknown = program.run("train", "match", "url:1", program.music / "2.flac")
    assert (unknown.code, "the entry 'url:1'" in unknown.err) == (2, True)
    assert "did you mean 'uri:1'?" in unknown.err
    (open_,) = here(program, "match", "--json")
    assert (open_["entry"], len(open_["files"])) == ("uri:1", 2)
    assert "choice kept" in program.run("train", "match", "uri:1", program.music / "2.flac").out
    assert dry(program)["matched"] == 2
    shutil.move(program.music / "2.flac", program.music / "moved.flac")
    assert dry(program)["matched"] == 2
    here(program, "match", "uri:1", "--none")
    assert len(dry(program)["missing"]) == 2
    here(program, "match", "uri:1", "--forget")
    assert len(dry(program)["ambiguous"]) == 1
    outside = put(program.home / "outside.flac", "High", 3)
    here(program, "match", "uri:1", outside)
    assert (dry(program)["matched"], dry(program)["sources"]["csv"]) == (2, 2)
    outside.unlink()
    assert len(dry(program)["ambiguous"]) == 1


def test_a_second_training_is_refused_with_the_next_step(program):
    settle(program)
    with training_lock(program.state):
        assert "another `tagger train` is running (wait until it ends)" in refusal(program)


def test_missing_labels_are_refused_and_nothing_changes(program):
    program.configure()
    refused = refusal(program)
    assert "no training data" in refused
    assert "--from known-artists" in refused
    settle(program)
    assert "no training data" in refusal(program)
    program.configure(TRAINING.format(sorted=program.home / "sortde"))
    assert f"there is no folder {program.home / 'sortde'}" in refusal(program)
    settle(program)
    for number in range(2 * EACH):
        path = program.home / "sorted" / f"Broken {number % 2}" / f"{number}.mp3"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"no music at all" * 99)
    refused = refusal(program)
    assert "can be analyzed: is not a supported audio file" in refused
    assert "(name other music in [training]" in refused
    fill(program.home / "sorted", each=EACH)
    models = program.state / "models"
    models.write_text("a file where a folder has to be")
    full = program.run("train", "--only-mine")
    assert (full.code, "cannot write models" in full.err) == (2, True)
    assert "Traceback" not in full.err
    assert ModelRegistry(program.state).active == "default"


def test_a_split_that_holds_out_every_artist_is_refused(program):
    fill(program.home / "sorted")
    files = sorted((program.home / "sorted").rglob("*.flac"))
    rows = [f"{path},{path.parent.name},{number},test" for number, path in enumerate(files)]
    table = program.home / "split.csv"
    table.write_text("\n".join(["path,genre,artist,split", *rows]))
    settle(program, f'csv = ["{table}"]\n')
    assert "fewer than 5 artists are not held out" in refusal(program)


@pytest.mark.slow
def test_a_killed_training_resumes_and_the_active_model_is_always_whole(program):
    settle(program)
    fill(program.home / "sorted", each=EACH)
    for after in (1.5, 3.0):
        program.killed("train", "--only-mine", after=after)
        assert all(found.manifest for found in ModelRegistry(program.state).all())
    shutil.rmtree(program.state / "training", ignore_errors=True)
    with program.start("train", "--only-mine") as child:
        while child.poll() is None and not list(program.state.glob("training/scores/*.npy")):
            time.sleep(0.05)
        child.send_signal(signal.SIGINT)
        _, err = child.communicate()
    assert (child.returncode, "Traceback" in err) == (130, False), err
    found = trained(program, "--report", program.home / "report.json")
    assert found["promoted"]
    assert json.loads((program.home / "report.json").read_text()) == found
    assert not list((program.state / "models").glob(".making-*"))
    with TrainingStore(program.state) as store:
        assert store.samples.get(program.home / "sorted" / "Low" / "0.flac").content_id


def test_train_without_the_extra_names_the_command_to_install_it(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "rapidfuzz", None)  # as where it is not installed
    monkeypatch.setenv("TAGGER_CONFIG", str(tmp_path / "config.toml"))
    (tmp_path / "config.toml").write_text(f'store.folder = "{tmp_path / "state"}"')
    result = CliRunner().invoke(train.command, [])
    assert f"{sys.executable} -m pip install 'tagger-by-ear[train]'" in str(result.exception)
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("train --dry-run --report page.html", "a page needs a training"),
        ("train match uri:1 --none --forget", "name one of FILE, --none and --forget"),
        ("train match --none", "name the ENTRY"),
        ("train match uri:1 /", "is a directory"),
        ("train match --forget", "name the ENTRY"),
    ],
)
def test_options_without_an_effect_are_refused(program, words, reason):
    refused = program.run(*words.split())
    assert refused.code == 2
    assert reason in refused.err
