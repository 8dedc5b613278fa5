"""An explanation in plain words, or as an object for scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tagger.analysis.worker import LATER
from tagger.cli.output import printable
from tagger.core.domain import Action

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tagger.core.domain import Prediction
    from tagger.features.describe import Description
    from tagger.pipeline.explain import Explanation

MOST_GUESSES = 5
MOST_TAGS = 5
LEAST_TAG = 0.1
BAR = 30
"""Characters of a bar for 100%."""


def explanation_lines(found: Explanation) -> Iterator[str]:
    """Yield the lines of an explanation, the decision first."""
    yield printable(found.path)
    yield f"  {printable(verdict(found))}"
    if found.last and found.last.reason != found.decision.reason:
        yield f"  Last scan: {found.last.action}, {printable(found.last.reason)}"
    yield f"  Rule: {rule(found)}"
    yield "Guesses"
    for genre, share in found.portrait.prediction.ranked[:MOST_GUESSES]:
        yield f"  {genre:<12} {int(100 * share):>3}% {'#' * round(BAR * share)}"
    if later := found.portrait.later:
        yield f"Guesses for {LATER:.0f} s from the middle of the rest: {_guesses(later)}"
    yield f"Sound of {found.portrait.seconds:.0f} s"
    for line in sound(found.portrait.description):
        yield f"  {line}"
    if found.learned:
        total = found.learned.total()
        counts = ", ".join(f"{count} {genre}" for genre, count in found.learned.most_common())
        yield f"Nearest {total} tracks of the training data: {counts}"
    if found.nearest:
        yield "Nearest tracks of your library"
        for track in found.nearest:
            genres = ", ".join(track.genres) or "-"
            yield printable(f"  {track.likeness:5.2f}  {genres:<12} {track.path}")


def _guesses(prediction: Prediction) -> str:
    """Return the likely genres of a prediction in one line."""
    if prediction.sound:
        return prediction.sound
    likely = [(genre, p) for genre, p in prediction.ranked[:MOST_GUESSES] if p >= LEAST_TAG]
    return ", ".join(f"{genre} {int(100 * p)}%" for genre, p in likely) or "none is likely"


def verdict(found: Explanation) -> str:
    """Return the decision as one sentence."""
    decision = found.decision
    if decision.action.writes:
        return f"A scan would write {', '.join(decision.genres)}: {decision.reason}."
    words = {Action.SKIP: "skip the file"}
    if found.genres:
        words[Action.KEEP] = "keep the genre"
    return f"A scan would {words.get(decision.action, 'leave the file alone')}: {decision.reason}."


def rule(found: Explanation) -> str:
    """Return the threshold of the likeliest genre, its origin, and the evidence beside it."""
    grounds = found.decision.grounds
    if grounds is None or grounds.source == "sound":
        return _threshold(found)
    weighed = f"the {grounds.source} is weighed beside the sound"
    return f"{weighed}. By the sound alone: {_threshold(found)}"


def _threshold(found: Explanation) -> str:
    genre, sure = found.weighed.genre, int(100 * found.weighed.confidence)
    if found.needed is None:
        return f"{genre} is never sure enough to be written."
    needed = f"{genre} needs {100 * found.needed:.0f}%, and has {sure}%"
    if found.promised is None:
        return f"{needed} (min_confidence)."
    return f"{needed}; then {100 * found.promised:.0f}% of the written genres are right."


def sound(description: Description) -> Iterator[str]:
    """Yield lines on the sound of a clip."""
    tempo = description.tempo
    beat = f"about {tempo:.0f} beats a minute" if tempo else "no clear beat"
    yield f"{beat}; {_bright(description.brightness)}; {_dynamic(description.dynamics)}"
    share = 100 * description.voice
    words = "a voice is likely" if share >= 50 else "a voice is possible" if share >= 20 else ""
    yield f"{words or 'no voice is likely'} ({share:.0f}%)"
    ranked = sorted(description.tags.items(), key=lambda item: -item[1])[:MOST_TAGS]
    tags = ", ".join(f"{name} {100 * p:.0f}%" for name, p in ranked if p >= LEAST_TAG)
    yield f"tags of musicnn: {tags or 'none is prominent'}"


def explanation_json(found: Explanation) -> dict[str, Any]:
    """Return an explanation in the form that is documented for scripts."""
    description = found.portrait.description
    return {
        "path": str(found.path),
        "decision": str(found.decision.action),
        "before": list(found.genres),
        "after": list(found.decision.genres),
        "reason": found.decision.reason,
        "needed": found.needed,
        "probabilities": {name: round(p, 4) for name, p in found.portrait.prediction.ranked},
        "later": found.portrait.later
        and {name: round(p, 4) for name, p in found.portrait.later.ranked},
        "tempo": description.tempo and round(description.tempo, 1),
        "brightness": round(description.brightness),
        "dynamics": round(description.dynamics, 1),
        "tags": {name: round(p, 4) for name, p in description.tags.items()},
        "learned": dict(found.learned),
        "nearest": [
            {"path": str(n.path), "genres": list(n.genres), "likeness": round(n.likeness, 4)}
            for n in found.nearest
        ],
    }


def _bright(hertz: float) -> str:
    word = "dark" if hertz < 1000 else "bright" if hertz > 2500 else "neither dark nor bright"
    return f"{word} (centre at {hertz:.0f} Hz)"


def _dynamic(decibels: float) -> str:
    word = "even" if decibels < 8 else "wide" if decibels > 20 else "moderate"
    return f"{word} dynamics ({decibels:.0f} dB)"
