"""Families of genres: the genre that is written where its members are unsure. Pure.

Rock at 50%, Metal at 30% and Punk at 15% leave the genre open, but 95% lie within Rock.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tagger.core import genres as names

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tagger.core.domain import Prediction

Families = dict[str, tuple[str, ...]]
"""By genre the genres that are part of it, itself first."""


def families(known: Sequence[str]) -> Families:
    """Find the genres of a model that other genres of it are part of.

    A genre belongs to its farthest ancestor that the model knows: Punk to Rock.
    """
    spelled = {names.key(genre): genre for genre in known}
    found: dict[str, list[str]] = {}
    for genre in known:
        above = [spelled[key] for key in map(names.key, names.parents(genre)) if key in spelled]
        if above:
            found.setdefault(above[-1], [above[-1]]).append(genre)
    return {head: tuple(members) for head, members in found.items()}


def merged(prediction: Prediction, groups: Mapping[str, Sequence[str]]) -> Prediction:
    """Give each family the probability of its members together, in place of theirs."""
    probabilities = dict(prediction.probabilities)
    for head, members in groups.items():
        probabilities[head] = min(1.0, sum(probabilities.pop(member) for member in members))
    return replace(prediction, probabilities=probabilities)
