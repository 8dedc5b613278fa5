"""Predictions for single files that change meanwhile."""

from __future__ import annotations

import bundles
import media

from tagger import config
from tagger.core.domain import Action
from tagger.pipeline.classify import classify


def test_a_file_that_goes_between_its_analysis_and_its_tags_fails_alone(program, store):
    slow = media.make(program.music / "a.mp3", signal=bundles.low(30.0))
    gone = media.make(program.music / "b.mp3", signal=bundles.low())
    settings = config.load(program.config)
    found = classify(settings, store, [slow, gone])
    assert next(found).decision.action is Action.SET
    gone.unlink()
    assert next(found).decision.action is Action.ERROR
