"""`python -m training.research`: make the default model, and measure it again."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec
import numpy as np
from threadpoolctl import threadpool_limits

from tagger.errors import TaggerError
from tagger.features.weights import use_folder
from training.classifiers.speech_data import VECTORS
from training.evaluation.report import page
from training.export.bundle import write_card
from training.models.recipe import RECIPE
from training.research import added_genres, efficientat, musicnn, results, wide_card, wide_inputs
from training.research import wide as wide_model
from training.research.band_limited import augment
from training.research.baseline import REFERENCES
from training.research.benchmark import BENCHMARKS
from training.research.build_default import Measures, build_gtzan
from training.research.datasets import read_gtzan
from training.research.default_report import gtzan_subject
from training.research.evidence import figures as measure_evidence
from training.research.later_part import figures as measure_later
from training.research.make_speech import make_speech
from training.research.nonmusic import NONMUSIC, make_nonmusic
from training.research.robustness import robustness as measure_robustness
from training.research.speech_rejection import speech_written
from training.research.transfer import TRANSFERS
from training.research.unknown_genres import unknown_written
from training.research.wide_unknown import unknown_figures

if TYPE_CHECKING:
    from training.research.datasets import LevelDataset

_ROOT = Path(__file__).resolve().parents[2]
GRAPH = _ROOT / "tagger" / "features" / "efficientat.onnx"
_FIGURES = BENCHMARKS | REFERENCES
_network = click.option(
    "--network", type=click.Path(path_type=Path), help="The file of EfficientAT."
)
_data = click.option(
    "--data",
    type=click.Path(path_type=Path),
    default=_ROOT.parent / "shared" / "data",
    help="Folder of the data sets.",
)


@click.group()
def main() -> None:
    """Make and measure genre models."""
    # The matrices are small: more threads only wait for each other, and round otherwise.
    threadpool_limits(limits=1, user_api="blas")


@main.command()
@_data
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    required=True,
    help="Folder of the bundle.",
)
@click.option(
    "--created",
    type=click.DateTime(["%Y-%m-%d"]),
    default=lambda: datetime.now(UTC),
    help="Date in the manifest; give it to make the same bundle again.",
)
@click.option(
    "--benchmark",
    "benchmarks",
    type=click.Choice(list(_FIGURES)),
    multiple=True,
    default=list(_FIGURES),
    help="Figures to measure for the card.",
)
def build(data: Path, output: Path, created: datetime, benchmarks: tuple[str, ...]) -> None:
    """Train the earlier model, on the spectrograms of GTZAN, and write its bundle."""
    audio = data / "gtzan_clips"
    measures = Measures(benchmarks, audio if audio.is_dir() else None)
    manifest = build_gtzan(RECIPE, _clips(data), output, created.date(), measures)
    click.echo(f"{manifest.id}: {output}")


@main.command()
@_data
@click.option("--output", type=click.Path(path_type=Path), help="Folder of the bundle.")
@_network
@click.option(
    "--created",
    type=click.DateTime(["%Y-%m-%d"]),
    default=lambda: datetime.now(UTC),
    help="Date in the manifest; give it to make the same bundle again.",
)
def wide(data: Path, output: Path | None, network: Path | None, created: datetime) -> None:
    """Measure a default model on left-out sources, and write its bundle and results.

    Without --network this is the model on the built-in inputs.
    """
    suffix = _suffix(network)
    folder = output or _ROOT / "models" / f"default{suffix}"
    left = wide_model.leave_out(data, network)
    rows = [*wide_model.figures(left), *unknown_figures(left)]
    results.keep(f"wide{suffix}", rows)
    results.keep(f"added-genres{suffix}", added_genres.figures(left))
    manifest = wide_model.build(left, folder, created.date())
    write_card(folder, wide_card.card(manifest))
    click.echo(f"{manifest.id}: {folder}")


@main.command("efficientat-graph")
@click.argument("weights", type=click.Path(path_type=Path, dir_okay=False, exists=True))
def efficientat_graph(weights: Path) -> None:
    """Write the graph of `efficientat-1` for the file that the authors publish."""
    efficientat.write(weights, GRAPH)
    click.echo(GRAPH)


@main.command()
@_data
@click.option("--networks", type=click.Path(path_type=Path, exists=True), required=True)
@click.argument(
    "recordings",
    type=click.Path(path_type=Path, file_okay=False, exists=True, resolve_path=True),
    required=False,
)
def nonmusic(data: Path, networks: Path, recordings: Path | None) -> None:
    """Compute the vectors of noise and of recorded speech, in folders COLLECTION/VOICE.

    The folder `networks` has the file of EfficientAT. Without RECORDINGS, only the noises are
    computed again.
    """
    use_folder(networks)
    songs = sorted((data / "collections").rglob("*.opus"))
    click.echo(f"{make_nonmusic(recordings, songs)} clips: {NONMUSIC}")


@main.command()
@_data
@_network
def evidence(data: Path, network: Path | None) -> None:
    """Measure sound, library and artists list together; one JSON object a line."""
    rows = []
    for row in measure_evidence(data, network):
        rows.append(row)
        _print(row)
    results.keep(f"evidence{_suffix(network)}", rows)


@main.command()
@_data
@click.option("--network", type=click.Path(path_type=Path, exists=True), required=True)
def later(data: Path, network: Path) -> None:
    """Measure a later part of a song beside its beginning; one JSON object a line."""
    use_folder(network.parent)
    rows = []
    for row in measure_later(data, network, _ROOT / "models"):
        rows.append(row)
        _print(row)
    results.keep("later", rows)


@main.command()
@_data
@click.option("--networks", type=click.Path(path_type=Path, exists=True), help="See `nonmusic`.")
def inputs(data: Path, networks: Path | None) -> None:
    """Compare the features of the collections' clips with the vectors of the data."""
    for row in wide_inputs.compare(data, networks):
        click.echo(f"{row.correlation:.5f} {row.spec} {row.clip}")


@main.command()
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    default=_ROOT / "tagger" / "features",
    help="Folder of the networks.",
)
def embedding(output: Path) -> None:
    """Write the networks of `musicnn-2` and `musicnn-3`, from musicnn's own weights."""
    weights = musicnn.weights()
    networks = {
        "musicnn.onnx": musicnn.network(weights),
        "musicnn-3.onnx": musicnn.sound_network(weights),
    }
    for name, network in networks.items():
        (output / name).write_bytes(network.SerializeToString(deterministic=True))
        click.echo(output / name)


@main.command("speech-vectors")
@click.argument(
    "recordings", type=click.Path(path_type=Path, file_okay=False, exists=True, resolve_path=True)
)
def speech_vectors(recordings: Path) -> None:
    """Compute the vectors of recorded speech, in folders COLLECTION/VOICE."""
    click.echo(f"{make_speech(recordings)} clips: {VECTORS}")


@main.command()
@click.argument("names", nargs=-1, type=click.Choice(list(_FIGURES)))
@_data
def benchmark(names: tuple[str, ...], data: Path) -> None:
    """Measure figures again (all of them, if none is named); one JSON object a line."""
    clips = _clips(data)
    for name in names or _FIGURES:
        _print({"name": name, **msgspec.to_builtins(_FIGURES[name](RECIPE, clips))})


@main.command()
@click.argument("names", nargs=-1, type=click.Choice(list(TRANSFERS)))
@_data
def transfer(names: tuple[str, ...], data: Path) -> None:
    """Measure on FMA-small, and from one source to another (all, if none is named)."""
    rows = {row["name"]: row for row in results.kept("transfer", dict[str, Any])}
    for name in names or TRANSFERS:
        rows[name] = {"name": name, **msgspec.to_builtins(TRANSFERS[name](data))}
        _print(rows[name])
    results.keep("transfer", rows.values())


@main.command()
@_data
def robustness(data: Path) -> None:
    """Measure predictions under codecs, cuts and silence; one JSON object a line."""
    for result in measure_robustness(RECIPE, _clips(data), data / "gtzan_clips"):
        _print(result)


@main.command("speech-rejection")
@_data
def speech_rejection(data: Path) -> None:
    """Measure how much speech would get a genre; one JSON object a line."""
    for result in speech_written(RECIPE, _clips(data)):
        _print(result)


@main.command("unknown-genres")
@_data
def unknown_genres(data: Path) -> None:
    """Measure how much music of a genre outside the model would get another genre."""
    clips, rows = _clips(data), []
    for row in unknown_written(RECIPE, clips, np.flatnonzero(clips.known)):
        rows.append(row)
        _print(row)
    results.keep("unknown-genres", rows)


@main.command()
@_data
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    default=Path("report.html"),
    help="The page.",
)
def report(data: Path, output: Path) -> None:
    """Write a page about how the default model's recipe decides."""
    output.write_text(page(gtzan_subject(RECIPE, _clips(data))), encoding="utf-8")
    click.echo(output)


def _suffix(network: Path | None) -> str:
    return "-efficientat" if network else ""


def _print(row: Any) -> None:
    click.echo(msgspec.json.encode(row).decode())


def _clips(folder: Path) -> LevelDataset:
    """Read the training data of the default model."""
    return augment(read_gtzan(folder))


if __name__ == "__main__":
    try:
        main()
    except TaggerError as error:
        raise SystemExit(f"error: {error}") from error
