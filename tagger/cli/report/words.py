"""The words of a report for the actions of a run, and for a run without a file."""

from __future__ import annotations

from tagger.core.domain import Action

DONE = {
    Action.SET: "got a genre",
    Action.ADD: "got a further genre",
    Action.KEEP: "kept as is",
    Action.ABSTAIN: "left alone as unsure",
    Action.SKIP: "skipped",
    Action.ERROR: "failed",
}
"""By action the words that follow a number of files."""
WOULD_BE = DONE | {Action.SET: "would get a genre", Action.ADD: "would get a further genre"}
UNDONE = DONE | {Action.SET: "taken back"}
WOULD_BE_UNDONE = DONE | {Action.SET: "would be taken back"}
NO_MUSIC = "no music found"
NO_GENRE = "no file with a genre found"
NOTHING_TO_DECIDE = "no genre of tagger to decide again"
NOTHING_TO_UNDO = "no genre of tagger to take back"
EMPTY_PLAN = "the plan is empty"
NONE_YET = "none decided yet"
