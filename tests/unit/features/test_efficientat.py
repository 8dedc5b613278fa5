"""EfficientAT: the graph of the package with the authors' file, against a plain implementation."""

from __future__ import annotations

import csv
import io
import pickle
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import signals

from tagger.audio.decode import Recording, read_recording
from tagger.errors import CorruptAudioError, MissingWeightsError, SilentError
from tagger.features import weights
from tagger.features.efficientat import EMBEDDING, SIZE
from tagger.features.embedder import Embedder
from tagger.features.sounds import MUSIC, SOUNDS, likeness, music
from tagger.features.weights import MN04
from tagger.features.wideband import N_BANDS, RATE, wideband_mel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

SHARED = Path(__file__).resolve().parents[4] / "shared"
NETWORKS = SHARED / "networks"
needs_weights = pytest.mark.skipif(
    not (NETWORKS / MN04.file).is_file(), reason="the published file is not here"
)


@pytest.fixture(scope="module")
def network() -> Embedder:
    graph = Path(weights.__file__).with_name("efficientat.onnx").read_bytes()
    return Embedder(graph, NETWORKS)


def clip(seconds: float) -> NDArray[np.float32]:
    return Recording.of(signals.melody(seconds), 22_050).clip(RATE).samples


def test_frames_of_a_clip_equal_a_plain_computation() -> None:
    samples = clip(3.0)
    scaled = samples.astype(float) * 0.1 / np.sqrt(np.mean(samples.astype(float) ** 2))
    sharp = np.pad(scaled[1:] - 0.97 * scaled[:-1], 512, mode="reflect")
    window = np.zeros(1024)
    window[112:912] = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(800) / 799)
    starts = range(0, len(sharp) - 1023, 320)
    power = np.array([np.abs(np.fft.rfft(window * sharp[s : s + 1024])) ** 2 for s in starts])
    edges = np.linspace(0, 1127 * np.log(1 + 15_000 / 700), N_BANDS + 2)
    mels = 1127 * np.log(1 + np.arange(512) * 31.25 / 700)
    bank = np.array([np.interp(mels, edges[b : b + 3], [0, 1, 0]) for b in range(N_BANDS)])
    wanted = (np.log(power[:, :512] @ bank.T + 1e-5) + 4.5) / 5
    np.testing.assert_allclose(wideband_mel(samples), wanted.T, atol=2e-4)


@pytest.mark.parametrize("gain", [0.03, 2.0])
def test_the_volume_of_a_clip_changes_no_frame(gain: float) -> None:
    samples = clip(3.0)
    np.testing.assert_allclose(
        wideband_mel(samples * np.float32(gain)), wideband_mel(samples), atol=1e-3
    )


@pytest.mark.parametrize(("value", "error"), [(0.0, SilentError), (np.nan, CorruptAudioError)])
def test_unusable_samples_raise_their_error(value: float, error: type[Exception]) -> None:
    with pytest.raises(error):
        wideband_mel(np.full(RATE * 3, value, np.float32))


@needs_weights
def test_the_graph_equals_a_plain_implementation(network: Embedder) -> None:
    plain = pytest.importorskip("training.research.efficientat_plain").plain
    content = (NETWORKS / MN04.file).read_bytes()
    frames = wideband_mel(clip(3.0))[:, :100]
    found = network(frames)
    wanted = plain(content, frames)
    assert found.shape == wanted.shape == (SIZE,)
    np.testing.assert_allclose(found, wanted, atol=1e-4)


@needs_weights
def test_the_packaged_graph_is_the_graph_that_the_code_writes() -> None:
    efficientat = pytest.importorskip("training.research.efficientat")
    packaged = Path(weights.__file__).with_name("efficientat.onnx").read_bytes()
    content = (NETWORKS / MN04.file).read_bytes()
    made = efficientat.network(efficientat.tensors(content))
    assert made.SerializeToString(deterministic=True) == packaged


@needs_weights
def test_embeddings_of_real_clips_equal_those_of_the_authors_code(network: Embedder) -> None:
    data = SHARED / "data"
    if not (data / "vectors.npz").is_file():
        pytest.skip("the data is not here")
    with (data / "vectors.csv").open(encoding="utf-8", newline="") as file:
        names = [row["id"] for row in csv.DictReader(file)]
    with np.load(data / "vectors.npz", allow_pickle=False) as archive:
        embeddings, logits = archive["mn04_embedding"], archive["mn04_logits"]
        classes = archive["mn04_classes"].tolist()
    for name in ("musicbingo_ru/hammali_navai_noty.opus", "audioset_edm/nG5_2IMbBo0_110.opus"):
        place = names.index(name)
        recording = read_recording(data / "collections" / name)
        found = network(wideband_mel(recording.clip(RATE).samples))
        assert np.corrcoef(found[:EMBEDDING], embeddings[place])[0, 1] > 0.9999
        both = [(n, classes.index(c)) for n, (c, _) in enumerate(SOUNDS) if c in classes]
        ours = [found[EMBEDDING + n] for n, _ in both]
        assert ours == pytest.approx(logits[place][[n for _, n in both]].tolist(), abs=0.02)


def test_missing_weights_name_the_next_step(tmp_path: Path) -> None:
    weights.use_folder(tmp_path)
    with pytest.raises(MissingWeightsError, match="tagger models fetch"):
        weights.find(MN04)


def test_a_pickle_with_another_name_is_refused() -> None:
    efficientat = pytest.importorskip("training.research.efficientat")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(Path("x")))
    with pytest.raises(efficientat.TrainingDataError, match="the file names pathlib"):
        efficientat.tensors(buffer.getvalue())


def test_non_music_is_described_by_its_likeliest_sound() -> None:
    logits = [-9.0] * len(SOUNDS)
    assert likeness(logits) == "does not sound like music (0.00)"
    logits[MUSIC], logits[1] = 1.0, 2.0
    assert likeness(logits) == f"sounds like {SOUNDS[1][1]} (0.9)"
    assert music(logits) == pytest.approx(1 / (1 + np.exp(-1)))
