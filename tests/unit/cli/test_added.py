"""Commands of other packages."""

from __future__ import annotations

from importlib.metadata import entry_points

from tagger.cli.added import GROUP, added_commands


def test_the_added_commands_equal_those_of_importlib():
    expected = {point.name: point.value for point in entry_points(group=GROUP)}
    found = {name: f"{c.module}:{c.attribute}" for name, c in added_commands().items()}
    assert found == expected


def test_an_entry_point_of_another_package_is_found(tmp_path, monkeypatch):
    folder = tmp_path / "other-1.0.dist-info"
    folder.mkdir()
    (folder / "entry_points.txt").write_text(
        "[console_scripts]\nx = other:main\n\n[tagger.commands]\nmood = other.mood:command\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.syspath_prepend(tmp_path / "missing")
    assert added_commands()["mood"] == ("other.mood", "command")
