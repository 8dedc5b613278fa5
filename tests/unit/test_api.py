"""The public Python interface."""

from __future__ import annotations

import subprocess
import sys

import bundles
import media
import mutagen
import numpy as np
import pytest
from programs import ROOT

from tagger.api import Action, Tagger
from tagger.errors import ConfigError
from tagger.store import Store


@pytest.fixture
def library(program, monkeypatch):
    """Give a home with two tracks, and a file without sound."""
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, program.environment[name])
    for name, sound in (("high", bundles.high(seed=1)), ("low", bundles.low(seed=2))):
        media.make(program.music / f"{name}.flac", "flac", signal=sound, rate=44100, tags={})
    (program.music / "text.mp3").write_text("no music")
    return program


def genre(path):
    return mutagen.File(path).get("genre")


def test_judgements_come_in_order_with_genres_reasons_and_errors(library):
    paths = [*sorted(library.music.iterdir()), library.music / "gone.flac"]
    with Tagger(library.config) as tagger:
        high, low, text, gone = tagger.judge(paths)
        assert set(tagger.genres) == set(high.probabilities)
    assert (high.action, high.genres, low.genres) == (Action.SET, ("Metal",), ("Classical",))
    assert high.confidence == pytest.approx(max(high.probabilities.values()))
    assert "Metal" in high.reason
    assert text.error is not None
    assert gone.error is not None
    assert genre(library.music / "high.flac") is None


def test_a_path_may_be_a_text(library):
    path = library.music / "high.flac"
    with Tagger(str(library.config)) as tagger:
        (judgement,) = tagger.judge([str(path)])
    assert (judgement.path, judgement.genres) == (path, ("Metal",))


def test_a_path_that_leads_nowhere_is_an_error_of_that_file(library):
    loop = library.music / "loop.mp3"
    loop.symlink_to(loop)
    with Tagger(library.config) as tagger:
        found = list(tagger.judge([loop, "nul\0.mp3", library.music / "none.mp3"]))
    assert [str(judgement.action) for judgement in found] == ["error"] * 3


def test_the_artists_list_counts_in_a_judgement_unless_the_sound_decides_alone(library):
    path = library.music / "torn.flac"
    media.make(path, "flac", signal=bundles.both(seed=3), rate=44100, tags={"artist": "Slayer"})
    for sound_only, genres in ((False, ("Metal",)), (True, ())):
        with Tagger(library.config, sound_only=sound_only) as tagger:
            (judgement,) = tagger.judge([path])
        assert judgement.genres == genres


def test_a_write_is_a_run_that_undo_takes_back(library):
    path = library.music / "high.flac"
    before = path.read_bytes()
    with Tagger(library.config) as tagger:
        written = tagger.write(tagger.judge([path]))
        assert [outcome.action for outcome in written.outcomes] == [Action.SET]
        assert genre(path) == ["Metal"]
        assert [outcome.path for outcome in tagger.undo(written.run)] == [path]
        with pytest.raises(ConfigError, match="no run 99"):
            tagger.undo(99)
    assert path.read_bytes() == before


def test_genres_that_the_user_took_back_elsewhere_are_recorded_for_the_daemon(library):
    path = library.music / "high.flac"
    with Tagger(library.config) as tagger:
        tagger.keep_undone({path: ["Metal"]})
        assert tagger.write(tagger.judge([path])).outcomes[0].action is Action.SET
    with Store(library.state) as store:
        assert store.journal.was_undone(path, ("Metal",))
        assert not store.journal.was_undone(path, ("Classical",))
        assert [run.undone for run in store.runs.summaries()] == [0, 1]


def test_a_file_that_changed_after_its_judgement_is_not_written(library):
    path = library.music / "high.flac"
    with Tagger(library.config) as tagger:
        (judgement,) = tagger.judge([path])
        media.tag(path, title="changed")
        (outcome,) = tagger.write([judgement]).outcomes
    assert outcome.action is not Action.SET
    assert genre(path) is None


def test_options_replace_those_of_the_configuration(library):
    path = library.music / "high.flac"
    media.tag(path, genre="Polka")
    with Tagger(library.config) as tagger:
        assert next(tagger.judge([path])).action is Action.KEEP
    with Tagger(library.config, mode="replace") as tagger:
        assert next(tagger.judge([path])).genres == ("Metal",)
    with Tagger(library.config, mode="replace", min_confidence=1.0) as tagger:
        assert next(tagger.judge([path])).action is Action.ABSTAIN


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("max_genres", 0),
        ("min_confidence", 2.0),
        ("min_confidence", float("nan")),
        ("min_confidence", "nan"),
        ("mode", "fill"),
    ],
)
def test_an_option_with_an_impossible_value_is_refused_with_its_name(library, option, value):
    with pytest.raises(ConfigError, match=f"^{option}: "):
        Tagger(library.config, **{option: value})


def test_samples_are_judged_in_this_process(library):
    with Tagger(library.config) as tagger:
        prediction = tagger.judge_samples(bundles.high(seed=5).astype(np.float32), 44100)
    assert prediction.genre == "Metal"


def test_the_example_of_the_docs_judges_writes_and_undoes(library):
    text = (ROOT / "docs/api.md").read_text()
    script = library.home / "example.py"
    script.write_text(text.split("```python\n")[1].split("```")[0])
    (library.home / "Music").symlink_to(library.music)
    before = (library.music / "high.flac").read_bytes()
    ended = subprocess.run(
        [sys.executable, script],
        cwd=library.home,
        env=library.environment | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "high.flac set ('Metal',)" in ended.stdout
    assert (library.music / "high.flac").read_bytes() == before
