"""A made-up data set of GTZAN's form: every genre and every artist with a sound of their own."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import numpy as np

from training.research.datasets import FOLEISS, GTZAN_GENRES

if TYPE_CHECKING:
    from pathlib import Path


ARTISTS = 6
"""Of each genre, with two clips each."""


def write_gtzan(folder: Path) -> Path:
    """Write a data set of GTZAN's form: six artists of two clips a genre, one clip a fault."""
    random = np.random.default_rng(7)
    rows, levels = [], []
    for place, genre in enumerate(GTZAN_GENRES):
        for artist in range(ARTISTS):
            sound = random.normal(0, 10, (128, 1))
            for clip in range(2):
                part = ("train", "valid", "test")[artist % 3]
                rows.append(
                    {
                        "id": f"{genre}.{artist}{clip}",
                        "genre": genre,
                        "artist": f"{genre}{artist}",
                        **{
                            f: "test" if artist % 3 == n else "train" for n, f in enumerate(FOLEISS)
                        },
                        "kereliuk": part,
                    }
                )
                noise = random.normal(0, 25, (128, 40))
                shape = 120 + 60 * np.sin(np.arange(128)[:, None] * (place + 1) / 20)
                levels.append((shape + sound + noise).clip(0, 255).astype(np.uint8))
    rows[0]["artist"] = rows[0]["foleiss_1"] = ""
    folder.mkdir(exist_ok=True)
    np.savez(folder / "gtzan_logmel.npz", level=levels, id=[row["id"] for row in rows])
    with (folder / "gtzan_splits.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return folder
