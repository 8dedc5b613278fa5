"""Each command, option and configuration key is in the documentation."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import bundles
import click
import media
import pytest
import tomli
from programs import ROOT

from tagger import config
from tagger.cli.root import cli

if TYPE_CHECKING:
    from collections.abc import Iterator

    from programs import Program

PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
LINES = [line for page in PAGES for line in page.read_text(encoding="utf-8").splitlines()]
SCANNED = [line for line in LINES if line.startswith(('{"path": ', '{"summary": '))]
EVERYWHERE = ("--help", "--config")
"""Options of every command, described once."""


def commands(command: click.Command, name: str = "tagger") -> Iterator[tuple[str, click.Command]]:
    """Yield each command with its whole name, `tagger models use` say."""
    yield name, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for below in command.list_commands(context):
            found = command.get_command(context, below)
            assert found, below
            yield from commands(found, f"{name} {below}")


COMMANDS = dict(commands(cli))
OPTIONS = [
    (name, option)
    for name, command in COMMANDS.items()
    for parameter in command.params
    if isinstance(parameter, click.Option)
    for option in parameter.opts
    if option not in EVERYWHERE
]


def mentions(line: str, *words: str) -> bool:
    """Whether a line holds all words, each as a whole word."""
    return all(re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", line) for word in words)


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_is_on_a_page(name: str) -> None:
    first, *rest = name.split(" ", 2)
    command = " ".join([first, *rest[:1]])
    assert any(mentions(line, command, *rest[1:]) for line in LINES)


@pytest.mark.parametrize(("name", "option"), OPTIONS)
def test_each_option_is_beside_its_command(name: str, option: str) -> None:
    if name == "tagger":
        assert any(mentions(line, option) for line in LINES)
    else:
        first, *rest = name.split(" ", 2)
        assert any(
            mentions(line, " ".join([first, *rest[:1]]), *rest[1:], option) for line in LINES
        )


@pytest.mark.parametrize("option", EVERYWHERE)
def test_each_option_of_every_command_is_on_a_page(option: str) -> None:
    assert any(mentions(line, option) for line in LINES)


def keys(table: dict[str, object], name: str = "") -> Iterator[str]:
    """Yield the whole name of each key of a document, `players.mpd.address` say."""
    for key, value in table.items():
        if isinstance(value, dict) and value:
            yield from keys(value, f"{name}{key}.")
        else:
            yield f"{name}{key}"


def commented() -> set[str]:
    """Return the keys of the example whose lines follow a comment."""
    found, table, prose = set(), "", False
    for line in config.example_text().splitlines():
        if head := re.fullmatch(r"\[(.+)\]", line):
            table, prose = head[1], False
        elif key := re.match(r"#(\w+) = ", line):
            if prose:
                found.add(f"{table}.{key[1]}")
        else:
            prose = line.startswith("# ")
    return found


def test_each_key_of_the_settings_has_a_comment_in_the_example() -> None:
    settings = tomli.loads(config.to_toml(config.Settings()))
    assert set(keys(settings)) - commented() == set()
    assert commented() - set(keys(settings)) == set()


def test_the_objects_of_a_scan_have_the_documented_keys(program: Program) -> None:
    media.make(program.music / "song.flac", "flac", signal=bundles.high())
    shown = [(one.keys(), one.get("summary", {}).keys()) for one in map(json.loads, SCANNED)]
    printed = program.run("scan", "--json", program.music).objects
    assert [(one.keys(), one.get("summary", {}).keys()) for one in printed] == shown


JSON_KEYS = {
    command: re.findall(r"`(\w+)`", listed)
    for line in LINES
    if (row := re.fullmatch(r"\| `([a-z -]+)` \| ((?:`\w+`,? ?){3,}) \|", line))
    for command, listed in [row.groups()]
}
"""The keys of the objects that each command prints, by the table of docs/commands.md."""
ARGUMENTS = {
    "artists show": ("Madonna", "Nobody"),
    "classify": ("music/song.flac",),
    "explain": ("music/song.flac",),
    "runs show": (1,),
}


@pytest.mark.parametrize("command", JSON_KEYS)
def test_the_objects_of_a_command_have_the_documented_keys(program: Program, command: str) -> None:
    song = media.make(program.music / "song.flac", "flac", signal=bundles.high())
    program.scan()
    media.tag(song, genre=["Opera"])
    program.scan()
    words = [
        program.home / word if "/" in str(word) else word for word in ARGUMENTS.get(command, ())
    ]
    printed = program.run(*command.split(), "--json", *words).objects
    assert printed
    for one in printed:
        assert list(one) == JSON_KEYS[command]


def test_each_command_with_json_has_documented_keys() -> None:
    with_json = {name.removeprefix("tagger ") for name, option in OPTIONS if option == "--json"}
    elsewhere = {"scan", "apply", "undo", "genres normalize"}
    training = {name for name in with_json if name.startswith(("spotify", "train"))}
    assert with_json - elsewhere - training == JSON_KEYS.keys() - {"train --dry-run"}
