"""The picture of an explanation: spectrogram, guesses over time, nearest tracks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tagger.analysis.portrait import STEP
from tagger.cli.report.explain import MOST_GUESSES, verdict
from tagger.errors import OutputError
from tagger.system.next_steps import install_step, next_step
from tagger.system.text import one_line

try:
    from PIL import Image, ImageDraw, ImageFont
except ImportError as error:
    hint = install_step("tagger-by-ear[plot]")
    raise OutputError("--plot needs Pillow", None, hint) from error

if TYPE_CHECKING:
    from pathlib import Path

    from tagger.pipeline.explain import Explanation

WIDTH, HEIGHT = 1000, 760
LEFT, RIGHT = 150, 980
MEL_TOP, MEL_BOTTOM = 80, 336
COURSE_TOP, ROW = 380, 28
COLOURS = np.array([[0, 0, 4], [87, 16, 110], [188, 55, 84], [249, 142, 9], [252, 255, 164]])
"""Anchors of the colour map "inferno" of matplotlib."""
INK, SOFT, BAR = (30, 30, 30), (120, 120, 120), (42, 120, 190)


def write_plot(path: Path, found: Explanation) -> None:
    """Write the picture; raises OutputError."""
    image = Image.new("RGB", (WIDTH, HEIGHT), "white")
    draw = ImageDraw.Draw(image)
    title, text = ImageFont.load_default(20), ImageFont.load_default(14)
    draw.text((20, 14), _latin(found.path.name, 80), INK, title)
    draw.text((20, 46), _latin(verdict(found), 120), SOFT, text)
    _spectrogram(image, draw, found, text)
    _course(draw, found, text)
    _neighbours(draw, found, text)
    try:
        image.save(path, "PNG")
    except OSError as error:
        hint = next_step(error, "name another file")
        raise OutputError(f"cannot be written: {error.strerror}", path, hint) from error


def _spectrogram(
    image: Image.Image,
    draw: ImageDraw.ImageDraw,
    found: Explanation,
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
) -> None:
    levels = found.portrait.levels[::-1] / 255 * (len(COLOURS) - 1)
    channels = [np.interp(levels, range(len(COLOURS)), COLOURS[:, n]) for n in range(3)]
    picture = Image.fromarray(np.stack(channels, axis=2).astype(np.uint8))
    image.paste(picture.resize((RIGHT - LEFT, MEL_BOTTOM - MEL_TOP)), (LEFT, MEL_TOP))
    draw.text((20, MEL_TOP), "11 kHz", SOFT, font)
    draw.text((20, MEL_BOTTOM - 16), "0 Hz", SOFT, font)
    seconds = found.portrait.seconds
    for second in range(0, int(seconds) + 1, STEP):
        x = LEFT + round((RIGHT - LEFT) * second / max(seconds, 1))
        draw.text((x, MEL_BOTTOM + 4), f"{second} s", SOFT, font)


def _course(
    draw: ImageDraw.ImageDraw,
    found: Explanation,
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
) -> None:
    """Draw a row for each likely genre, with a cell for each part of the clip."""
    parts = found.portrait.course
    span = (RIGHT - LEFT) * STEP / max(found.portrait.seconds, STEP)
    for row, (genre, share) in enumerate(found.portrait.prediction.ranked[:MOST_GUESSES]):
        y = COURSE_TOP + row * ROW
        draw.text((20, y + 4), f"{_latin(genre, 12)} {int(100 * share)}%", INK, font)
        for number, part in enumerate(parts):
            left = LEFT + number * span
            top = y + ROW - 4 - (ROW - 6) * part.probabilities[genre]
            draw.rectangle((left, top, min(left + span, RIGHT) - 2, y + ROW - 4), fill=BAR)
        draw.line((LEFT, y + ROW - 3, RIGHT, y + ROW - 3), fill=SOFT)


def _neighbours(
    draw: ImageDraw.ImageDraw,
    found: Explanation,
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
) -> None:
    y = COURSE_TOP + (MOST_GUESSES + 1) * ROW
    counts = ", ".join(f"{count} {genre}" for genre, count in found.learned.most_common(5))
    lines = [f"Nearest tracks of the training data: {counts}"] if counts else []
    for track in found.nearest:
        genres = ", ".join(track.genres) or "-"
        lines.append(f"{track.likeness:.2f}  {genres}  {track.path.name}")
    for number, line in enumerate(lines):
        draw.text((20, y + number * 24), _latin(line, 120), INK, font)


def _latin(text: str, most: int) -> str:
    """Return a text that the built-in font of Pillow can draw."""
    shown = one_line(text)
    shown = shown if len(shown) <= most else f"{shown[: most - 1]}…"
    return shown.encode("latin-1", "replace").decode("latin-1").replace("\x85", "...")
