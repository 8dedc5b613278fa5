"""The commands with their help of one line, in the order of `tagger --help`."""

from __future__ import annotations

SECTIONS = {
    "Files": {
        "scan": "Analyze music and write genres into it.",
        "apply": "Write the genres of a plan that a dry run made.",
        "classify": "Print the likeliest genres of files; writes nothing.",
        "explain": "Explain why a file gets its genre, or none.",
        "review": "Choose genres on a web page of this computer.",
        "undo": "Undo the genres that tagger wrote.",
        "corrections": "List and forget the genres that you changed after tagger.",
        "genres": "Give the genres in your files one name each.",
        "runs": "List the runs, and the changes of a run.",
        "playlists": "Rebuild the genre playlists.",
    },
    "Learning": {
        "train": "Learn your own genres from your own files.",
        "spotify": "Read your own Spotify playlists as labels.",
        "artists": "Show, add and check known artists.",
        "models": "Show, choose and remove genre models.",
    },
    "Service": {
        "watch": "Write genres into new files as they arrive.",
        "service": "Install `tagger watch` as a service of systemd.",
        "status": "Show the database, failures and the daemon.",
    },
    "Setup": {
        "doctor": "Check everything that a scan needs, and repair it.",
        "config": "Show, locate or begin the configuration.",
        "completion": "Print the completion script of a shell.",
    },
}
"""Heading to commands, each with one line of help."""
ADDED = ("train", "spotify")
"""Commands of other packages, which may be missing."""
COMMANDS = {
    name: text
    for section in SECTIONS.values()
    for name, text in section.items()
    if name not in ADDED
}
"""Name to one line of help; the module of that name holds a click command called `command`."""
