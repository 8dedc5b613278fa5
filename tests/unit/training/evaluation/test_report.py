"""What a report shows, what stands beside the figures, and how predictions hold."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import numpy as np
import pytest
import signals
from gtzan_like import write_gtzan

pytest.importorskip("sklearn", reason="scikit-learn (extra `train`) is not installed")
pytest.importorskip("onnx", reason="onnx (extra `train`) is not installed")

from tagger.inference.manifest import Evaluation, Written
from training.classifiers.svm_lda import Lda
from training.errors import TrainingDataError
from training.evaluation import breakdown, report
from training.evaluation.metrics import Predictions, few_artists
from training.models.ensemble import HeldOut
from training.models.recipe import Recipe
from training.research import baseline, degradations, robustness
from training.research.datasets import read_gtzan
from training.research.default_card import card
from training.research.default_report import gtzan_subject

if TYPE_CHECKING:
    from training.evaluation.report import Subject
    from training.research.datasets import LevelDataset

RECIPE = Recipe(families=((Lda(components=20), Lda(components=10)),), repeats=2, guards=())


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> LevelDataset:
    return read_gtzan(write_gtzan(tmp_path_factory.mktemp("data")))


@pytest.fixture(scope="module")
def subject(data: LevelDataset) -> Subject:
    return gtzan_subject(RECIPE, data)


@pytest.fixture
def some() -> Predictions:
    """Six clips of two genres: one of each is called the other."""
    return Predictions(
        np.array(["a", "a", "b", "c", "c", "d"]),
        np.array([0, 0, 0, 1, 1, 1]),
        np.array([0, 0, 1, 1, 1, 0]),
        np.array([0.9, 0.8, 0.7, 0.95, 0.6, 0.55]),
    )


def test_genres_with_mistakes_have_their_true_counts(some):
    assert breakdown.confusion(some, 2).tolist() == [[2, 1], [1, 2]]
    first, second, third = breakdown.by_genre(some, ("A", "B", "C"))
    assert (first.tracks, first.artists) == (3, 2)
    assert first.precision.value == pytest.approx(2 / 3)
    assert second.recall.value == pytest.approx(2 / 3)
    assert first.recall.low <= 2 / 3 <= first.recall.high
    assert third.tracks == 0
    assert third.precision.value is None


def test_mistakes_are_sorted_by_confidence(some):
    coverage, right = breakdown.risk_coverage(some)
    assert coverage.tolist() == pytest.approx([1 / 6, 2 / 6, 3 / 6, 4 / 6, 5 / 6, 1])
    assert right.tolist() == pytest.approx([1, 1, 1, 3 / 4, 4 / 5, 4 / 6])
    assert sum(one.tracks for one in breakdown.calibration(some)) == 6


def test_the_mistakes_of_the_report_name_their_clips(data, some):
    found = breakdown.mistakes(data, np.arange(6), some, most=1)
    assert [(one.clip, one.called, one.genre) for one in found] == [
        (data.ids[2], data.genres[1], data.genres[0])
    ]


def test_the_report_has_an_accuracy_for_each_number_of_tracks(subject):
    sizes, right = zip(*subject.learning, strict=True)
    assert sizes == tuple(size for size in breakdown.SIZES if size <= 8)
    assert all(0.2 < share <= 1 for share in right)


class Checked(HTMLParser):
    """Sees that tags are closed in order, and that nothing is fetched."""

    VOID = frozenset({"meta", "line"})

    def __init__(self, text):
        super().__init__()
        self.open = []
        self.seen = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        assert not {"src", "href"} & {name for name, _ in attrs}
        assert tag != "script"
        self.seen.append(tag)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        assert not attrs or tag in {"line", "circle", "polyline"}
        self.seen.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_page_is_well_formed_and_loads_no_other_file(subject):
    text = report.page(subject)
    checked = Checked(text)
    assert checked.open == []
    assert checked.seen.count("table") == 2
    assert "No mistake in" in text
    assert "&#34;" not in text.partition("</style>")[0]
    assert "url(" not in text
    assert "nan" not in text.lower().replace("dominant", "")
    assert text == report.page(subject)
    for genre in subject.data.genres:
        assert text.count(genre) >= 3


def test_the_page_of_a_library_escapes_any_name(data):
    ids = data.ids.astype(object)
    ids[:] = "/m/<script>alert(1)</script>\udce4.mp3"
    wrong = np.full((len(data), 10), -9.0)
    wrong[np.arange(len(data)), (data.labels + 1) % 10] = -0.001
    heard = HeldOut(np.arange(len(data)), wrong)
    text = report.page(
        report.Subject("<b>", {"Data": "a & b"}, replace(data, ids=ids), heard, None)
    )
    assert Checked(text).seen.count("table") == 3
    assert "&lt;script&gt;" in text
    assert "\\udce4" in text
    assert "No track would be written" in text
    text.encode()


def test_the_page_names_the_genres_that_need_more_than_the_other_tracks(subject):
    text = report.page(replace(subject, threshold=0.61, higher=["House", "<b>"]))
    assert "Tracks from 61% on would be written; more is needed for House, &lt;b&gt;." in text


def test_the_page_counts_as_its_figures_and_tells_how_many_mistakes_it_leaves_out(data):
    wrong = np.full((len(data), 10), -9.0)
    wrong[np.arange(len(data)), (data.labels + 1) % 10] = -0.001
    heard = HeldOut(np.arange(len(data)), wrong)
    subject = report.Subject("Mine", {}, data, heard, 0.5)
    count = len(data)
    text = report.page(subject)
    assert f"{count} mistakes, of which the first {report.MOST_MISTAKES} are listed" in text
    assert "<b>0.0%</b><span>right, of all tracks" in text
    figures = Evaluation(0.75, (0.5, 1.0), count, "", "", written=Written(0.9, 0.95, 0.25))
    next_one = np.roll(np.eye(10, dtype=bool), 1, axis=1)
    text = report.page(replace(subject, accepted=next_one, figures=figures))
    assert "No mistake in" in text
    for figure in ("75.0%", "95.0%", "25.0%"):
        assert f"<b>{figure}</b>" in text
    assert text.count('<td class="right"') == 10
    assert "A parent or the family of the label is right as well" in text


@pytest.mark.slow
def test_the_study_is_measured_on_the_same_splits(data):
    for name in ("study_foleiss", "study_kereliuk"):
        figure = baseline.REFERENCES[name](RECIPE, data)
        assert figure.tracks == (119 if name == "study_foleiss" else 40)
        assert 0.1 < figure.accuracy <= 1
        assert figure.command.endswith(f"benchmark {name} --data DATA")


def test_the_statistics_of_the_study_have_the_expected_values():
    still = np.repeat(np.linspace(0, 255, 128).astype(np.uint8)[:, np.newaxis], 40, axis=1)
    found = baseline.study_statistics(still)
    assert found.shape == (26,)
    assert found[12] == pytest.approx(1)
    assert found[13:] == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("name", degradations.TO_LEVELS)
def test_degraded_levels_are_valid_levels(data, name):
    changed = degradations.TO_LEVELS[name](data.levels[0])
    assert changed.dtype == np.uint8
    assert changed.shape[0] == 128
    assert 0 < changed.shape[1] <= data.levels.shape[2]


@pytest.mark.slow
@pytest.mark.parametrize("name", degradations.TO_SOUND)
def test_degraded_sound_is_valid_sound(name):
    samples = signals.melody(15.0)
    changed = degradations.TO_SOUND[name](samples)
    shorter = {"10 s later": 5}.get(name, 15)
    assert len(changed) / signals.RATE == pytest.approx(shorter, abs=0.25)
    assert np.abs(changed[: signals.RATE]).max() > 0.05


@pytest.mark.slow
def test_each_degradation_of_levels_and_sound_is_measured(data, tmp_path):
    with pytest.raises(TrainingDataError, match="no audio"):
        next(robustness.robustness(RECIPE, data, tmp_path))
    flac = degradations.Codec("flac", "flac", signals.RATE)
    for clip in data.ids[1:2]:
        write_clip(tmp_path / f"{clip}.flac", flac)
    held = list(robustness.robustness(RECIPE, data, tmp_path))
    assert [one.change for one in held] == [*degradations.TO_LEVELS, *degradations.TO_SOUND]
    assert {one.on: one.clips for one in held} == {"levels": 119, "sound": 1}
    assert held[0].same == held[len(degradations.TO_LEVELS)].same == 1


def write_clip(path, codec):
    import av  # noqa: PLC0415

    channels = np.stack([signals.melody(14.0)] * 2)
    with av.open(str(path), "w") as container:
        codec._write(container, channels)


@pytest.mark.slow
def test_the_card_contains_the_figures_of_its_results(data, tmp_path):
    from datetime import date  # noqa: PLC0415

    from training.research.build_default import Measures, build_gtzan  # noqa: PLC0415

    names = ("gtzan_kereliuk", "study_kereliuk")
    manifest = build_gtzan(RECIPE, data, tmp_path, date(2026, 1, 2), Measures(names))
    text = (tmp_path / "MODEL_CARD.md").read_text()
    assert "`study_kereliuk`" in text
    assert "study_kereliuk" not in manifest.evaluation
    assert "## Robustness" not in text
    bare = card(
        manifest,
        {},
        [robustness.RobustnessResult("first 15 s", "levels", 946, 0.76, 0.871, None, 0.0)],
    )
    assert "## Baselines" not in bare
    assert "| first 15 s | levels | 946 | 76.0% | 87.1% | - / 0% |" in bare


def test_a_figure_of_few_artists_comes_with_its_lower_limit():
    assert "as few as 37% of other artists could be right" in few_artists(3, 1.0)
    assert few_artists(1, 0.5) == "1 artist alone: this figure is weak evidence"
    assert not few_artists(20, 1.0)


def test_genres_without_a_track_have_no_row(subject):
    two = np.flatnonzero(subject.data.labels[subject.predicted.members] < 2)
    heard = HeldOut(subject.predicted.members[two], subject.predicted.log_probabilities[two])
    text = report.page(replace(subject, predicted=heard, learning=()))
    assert "8 genres without a track here: left out" in text
    assert text.count('<th scope="row"') == 4
