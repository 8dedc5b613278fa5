from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

pytest.importorskip("jinja2", reason="cards need the extra `train`")

from tagger.inference.manifest import Evaluation, Written, read_manifest
from tagger.system.resources import data_path
from training.export.card import card
from training.models.user_model import COMMAND, COMMAND_ONLY_MINE

if TYPE_CHECKING:
    from tagger.inference import Manifest


def manifest(command: str, written: Written) -> Manifest:
    default = read_manifest(data_path("models/default"))
    figures = Evaluation(0.5, (0.4, 0.6), 40, "held out", command, written=written)
    training = msgspec.structs.replace(default.training, command=command)
    return msgspec.structs.replace(default, training=training, evaluation={"held_out": figures})


@pytest.mark.parametrize(
    ("written", "shown"),
    [(Written(0.9, 1.0, 0.0), "| - / 0.0% |"), (Written(0.9, 0.95, 0.5), "| 95.0% / 50.0% |")],
)
def test_a_card_gives_no_precision_where_no_track_is_written(written: Written, shown: str) -> None:
    assert shown in card(manifest(COMMAND, written))


@pytest.mark.parametrize(
    ("command", "origin"),
    [(COMMAND, "are those of the default model"), (COMMAND_ONLY_MINE, "come from artist-grouped")],
)
def test_a_card_names_the_origin_of_the_thresholds(command: str, origin: str) -> None:
    assert f"The thresholds {origin}" in card(manifest(command, Written(0.9, 1.0, 1.0)))
