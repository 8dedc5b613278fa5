"""Families of genres: a parent genre is written if its members are unsure. Pure.

Rock at 50%, Metal at 30% and Punk at 15% leave the genre open, but 95% lie within Rock.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tagger.core import genres as names
from tagger.core.domain import Prediction

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Families = dict[str, tuple[str, ...]]
"""The members of each family by its genre, the genre itself first."""


def families(known: Sequence[str]) -> Families:
    """Return the genres of a model that include other genres of the model.

    A genre belongs to its farthest ancestor among the genres of the model: Punk to Rock.
    """
    spelled = {names.key(genre): genre for genre in known}
    found: dict[str, list[str]] = {}
    for genre in known:
        above = [spelled[key] for key in map(names.key, names.parents(genre)) if key in spelled]
        if above:
            found.setdefault(above[-1], [above[-1]]).append(genre)
    return {head: tuple(members) for head, members in found.items()}


def merged(prediction: Prediction, groups: Mapping[str, Sequence[str]]) -> Prediction:
    """Replace the probabilities of the members of each family by their sum."""
    probabilities = dict(prediction.probabilities)
    for head, members in groups.items():
        probabilities[head] = min(1.0, sum(probabilities.pop(member) for member in members))
    return Prediction(probabilities, prediction.model, prediction.sound)
