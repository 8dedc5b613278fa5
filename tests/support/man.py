"""The man page, from the texts of the commands: `python -m man` prints it."""

from __future__ import annotations

import inspect
import sys
from typing import TYPE_CHECKING

import click

from tagger.cli.root import cli
from tagger.cli.sections import SECTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

EXIT_CODES = {
    0: "success; files that are no audio do not count as failures",
    1: "some files failed, or a playlist could not be written",
    2: "unusable command line, configuration, model, state or output",
    3: "status found no running tagger watch",
    130: "interrupted; all finished files are kept",
}


def page() -> str:
    """Return the man page in the language of man(7)."""
    context = click.Context(cli, info_name="tagger")
    lines = ['.TH TAGGER 1 "" "tagger" "User Commands"', ".SH NAME"]
    lines += ["tagger \\- write the genre of each track into its tags, by its sound"]
    lines += [
        ".SH SYNOPSIS",
        ".B tagger",
        "[\\fB\\-\\-config\\fR \\fIFILE\\fR] \\fICOMMAND\\fR ...",
    ]
    lines += [".SH DESCRIPTION", *_paragraphs(cli.help or "")]
    for heading, section in SECTIONS.items():
        lines.append(f".SH {heading.upper()}")
        for name in section:
            command = cli.get_command(context, name)
            assert command, name
            lines += _command(command, f"tagger {name}")
    lines.append(".SH EXIT STATUS")
    for code, text in EXIT_CODES.items():
        lines += [".TP", str(code), _escaped(text)]
    lines += [".SH FILES", ".TP", "\\fI~/.config/tagger/config.toml\\fR"]
    lines += ["the configuration; \\fBtagger config init\\fR writes a first file"]
    lines += [".TP", "\\fI~/.local/state/tagger\\fR", "the database and models"]
    return "\n".join(lines) + "\n"


def _command(command: click.Command, name: str) -> Iterator[str]:
    arguments = " ".join(
        parameter.make_metavar(click.Context(command))
        for parameter in command.params
        if isinstance(parameter, click.Argument)
    )
    yield f".SS {_escaped(f'{name} {arguments}'.strip())}"
    yield from _paragraphs(command.help or "")
    for parameter in command.params:
        if isinstance(parameter, click.Option) and parameter.help:
            yield ".TP"
            yield ", ".join(f"\\fB{_escaped(option)}\\fR" for option in parameter.opts) + (
                "" if parameter.is_flag else f" \\fI{_escaped(_value(parameter))}\\fR"
            )
            yield _escaped(parameter.help)
    if isinstance(command, click.Group):
        for below in command.commands.values():
            yield from _command(below, f"{name} {below.name}")


def _value(option: click.Option) -> str:
    if isinstance(option.type, click.Choice):
        return "|".join(map(str, option.type.choices))
    if option.metavar:
        return option.metavar
    return "N" if isinstance(option.type, click.types.IntParamType) else option.type.name


def _paragraphs(text: str) -> Iterator[str]:
    for number, paragraph in enumerate(inspect.cleandoc(text).split("\n\n")):
        if number:
            yield ".PP"
        yield _escaped(" ".join(paragraph.split()))


def _escaped(text: str) -> str:
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{text}" if text.startswith((".", "'")) else text


if __name__ == "__main__":
    sys.stdout.write(page())
