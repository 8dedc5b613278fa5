"""Any sequence of commands, each with other settings: undo restores every byte at its end.

A user's edit of a title in between stays, and the genre of that file is as before. After an older
run was taken back before a newer run, tags and sound are as before, and padding may differ.
"""

from __future__ import annotations

import random
from dataclasses import replace

import bundles
import media
import mutants
import pytest

from tagger import tags

FEW, MANY = 3, 120
SECONDS = 3.2
"""Of sound in each file, little more than the least that tagger analyzes."""
SETTINGS = {
    "tags": {
        "mode": ['"add"', '"replace"'],
        "min_confidence": ["0.0", "0.3", "0.9"],
        "max_genres": ["2"],
        "per_album": ["true"],
        "keep": ['["Salsa"]', '["Classical"]'],
        "preserve_mtime": ["true"],
        "field": ['"GROUPING"', '"TAGGER_GENRE"'],
        "confidence": ["true"],
    },
    "genres": {
        "map": ['{ Classical = "Baroque" }', '{ Metal = "Classical", Classical = "Metal" }'],
        "only": ['["Classical"]', '["Baroque", "Metal"]'],
        "never": ['["Classical"]'],
        "parents": ["true"],
        "empty": ["[]", '["Salsa"]'],
    },
    "albums": {"together": ["false"]},
    "playlists": {
        "order": ['"album"', '"shuffled"'],
        "profile": ['"absolute"', '"uri"'],
        "undecided": ['"Unsure"'],
        "enabled": ["false"],
    },
}
COMMANDS = (
    "scan",
    "scan",
    "reclassify",
    "rehearse",
    "apply",
    "normalize",
    "undo",
    "undo_older",
    "edit",
)


class Sequence:
    """Commands on a library of one file of each kind, at random."""

    def __init__(self, program, seed):
        self.program = program
        self.random = random.Random(seed)
        self.titles = {}
        self.former = {}
        self.tags = {}
        self.sounds = {}
        self.in_order = True
        for name, data in mutants.files(program.home, bundles.low(SECONDS)).items():
            folder = program.music / self.random.choice(["A", "B", "C"])
            folder.mkdir(exist_ok=True)
            path = folder / name
            path.write_bytes(data)
            self.former[path] = data
            self.tags[path], self.sounds[path] = tags.read(path), tags.sound(path)

    def run(self, *args):
        self._configure()
        result = self.program.run(*args)
        assert "Traceback" not in result.err
        assert result.code in (0, 1), result.err
        return result

    def step(self):
        getattr(self, self.random.choice(COMMANDS))()

    def scan(self):
        self.run("scan", "--json", self.program.music).summary  # noqa: B018 - it must parse

    def reclassify(self):
        self.run("scan", "--reclassify", self.program.music)

    def rehearse(self):
        before = self._contents()
        self.run("scan", "--dry-run", self.program.music)
        assert self._contents() == before

    def apply(self):
        plan = self.program.home / "plan.csv"
        plan.unlink(missing_ok=True)
        self.run("scan", "--dry-run", "--plan", plan, self.program.music)
        self.run("apply", plan)

    def normalize(self):
        self.run("genres", "normalize", self.program.music)

    def undo(self):
        self.run("undo")

    def undo_older(self):
        runs = [run["id"] for run in self.run("runs", "--json").objects]
        if len(runs) > 1:
            self.run("undo", "--run", self.random.choice(runs))
            self.in_order = False

    def edit(self):
        path = self.random.choice(list(self.former))
        self.titles[path] = f"Title {len(self.titles)}"
        media.tag(path, title=self.titles[path])

    def _configure(self):
        text = ""
        for table, keys in SETTINGS.items():
            text += f"[{table}]\n"
            for key, values in keys.items():
                if self.random.random() < 0.3:
                    text += f"{key} = {self.random.choice(values)}\n"
        self.program.configure(text)

    def _contents(self):
        return {path: path.read_bytes() for path in self.former}


def check(program, seed):
    sequence = Sequence(program, seed)
    for _ in range(sequence.random.randint(2, 6)):
        sequence.step()
    sequence.run("undo", program.music)
    titles = {path: found.title for path, found in sequence.tags.items()} | sequence.titles
    former = {path: replace(sequence.tags[path], title=title) for path, title in titles.items()}
    assert {path: tags.read(path) for path in former} == former
    assert {path: tags.sound(path) for path in former} == sequence.sounds
    kept = former.keys() - sequence.titles.keys() if sequence.in_order else ()
    assert [path for path in kept if path.read_bytes() != sequence.former[path]] == []
    assert [p for p in program.music.rglob(".*") if p.is_file()] == []


@pytest.mark.parametrize("seed", range(FEW))
def test_undo_restores_every_byte_after_some_sequences_of_commands(program, seed):
    check(program, seed)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(FEW, MANY))
def test_undo_restores_every_byte_after_any_sequence_of_commands(program, seed):
    check(program, seed)
