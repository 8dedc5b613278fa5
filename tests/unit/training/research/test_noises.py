"""Noises made by program: each kind is a sound, and the same in every call."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("scipy", reason="scikit-learn (extra `train`) is not installed")

from training.research import noises


@pytest.mark.parametrize("kind", noises.KINDS, ids=lambda kind: kind.__name__)
def test_noise_of_each_kind_is_loud_and_the_same_again(kind):
    size = 6 * noises.RATE
    one, again = (kind(np.random.default_rng(7), size) for _ in range(2))
    assert one.shape == (size,)
    assert np.isfinite(one).all()
    assert one.std() > 1e-3
    assert np.array_equal(one, again)


def test_noises_of_one_clip_each_name_every_kind_and_are_below_full_scale():
    made = list(noises.noises(each=1))
    assert [name for name, _ in made] == [kind.__name__ for kind in noises.KINDS]
    assert all(np.abs(samples).max() <= 0.5 + 1e-6 for _, samples in made)
