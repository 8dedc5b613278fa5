"""MODEL_CARD.md of a model of the user's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tagger.inference.manifest import Evaluation, Manifest

_CARD = """\
# {id}

Names one of {count} genres: {genres}.

Made on {created} by `{command}` from {tracks} tracks of {artists} artists.
{recipe}.

## Data

{data} The default model's training data is not in it: GTZAN's recordings come without a licence,
and features computed from them are not passed on. So this model knows the genres above and no
others; whatever else it hears it will call one of them, or leave alone.

## Accuracy

Measured with a second fit that had not heard the held-out artists; the model itself has heard all.
"Written" is what lies above the threshold for a promised precision of 0.90.

{figures}

The thresholds come from artist-grouped cross-validation on your library. They hold for music like
that which it was taught; genres with few artists promise less than they seem to.
"""


def card(manifest: Manifest) -> str:
    """Write the card that the manifest's content makes."""
    training = manifest.training
    return _CARD.format(
        id=manifest.id,
        count=len(manifest.genres),
        genres=", ".join(manifest.genres),
        created=manifest.created.isoformat(),
        command=training.command,
        tracks=training.tracks,
        artists=training.artists,
        recipe=training.recipe,
        data=training.data,
        figures="\n".join(map(_figure, manifest.evaluation.values())) or "Not measured.",
    )


def _figure(figure: Evaluation) -> str:
    low, high = figure.interval
    share = f"{figure.accuracy:.1%} right ({low:.1%} to {high:.1%})"
    lines = [f"- {figure.split}: {figure.tracks} tracks, {share}"]
    if figure.written:
        kept = figure.written
        lines.append(f"- written: {kept.precision:.1%} right at {kept.coverage:.1%} of the tracks")
    if figure.album_accuracy is not None:
        lines.append(f"- decided as albums: {figure.album_accuracy:.1%} right")
    return "\n".join(lines)
