"""The units that come with tagger, judged by systemd's own programs."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st
from programs import ROOT

from tagger.daemon.host.units import quoted

UNITS = ROOT / "systemd"
analyze = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="needs Debian's systemd"
)


def analyzed(*args):
    return subprocess.run(
        ["systemd-analyze", *map(str, args)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"XDG_RUNTIME_DIR": "/tmp"},  # noqa: S108 - only looked up, for --user
    )


@analyze
@pytest.mark.parametrize("name", ["tagger.service", "tagger-train.service"])
def test_a_system_unit_has_the_promised_exposure_level(name):
    result = analyzed("security", "--offline=true", "--threshold=15", UNITS / name)
    assert result.returncode == 0, result.stdout
    level = re.search(rf"exposure level for {name}: ([0-9.]+)", result.stdout)
    assert float(level[1]) <= 1.5


@analyze
@pytest.mark.parametrize("path", sorted(UNITS.rglob("*.*")), ids=lambda path: path.name)
def test_every_unit_passes_systemd_analyze_verify(path, tmp_path):
    unit = tmp_path / path.name
    unit.write_text(re.sub(r"Exec(Start)=\S+", r"Exec\1=/bin/true", path.read_text()))
    if path.suffix == ".timer":
        service = path.with_suffix(".service")
        text = re.sub(r"ExecStart=\S+", "ExecStart=/bin/true", service.read_text())
        (tmp_path / service.name).write_text(text)
    result = analyzed("verify", "--man=no", unit)
    assert (result.returncode, result.stderr) == (0, "")


def test_the_unit_has_a_watchdog_for_the_main_process_alone():
    for path in (UNITS / "tagger.service", UNITS / "user/tagger.service"):
        lines = path.read_text().splitlines()
        assert {"Type=notify", "NotifyAccess=main", "WatchdogSec=3min"} <= set(lines)


@analyze
def test_a_user_unit_with_the_users_paths_is_installed_and_removed(program, tmp_path):
    odd = program.home / '$my 100% "odd" music'
    odd.mkdir()
    text = program.config.read_text().replace(str(program.music), str(odd).replace('"', '\\"'))
    program.config.write_text(text)
    shown = program.run("service", "show")
    assert f'"--config" "{program.config}" "watch"' in shown.out
    installed = program.run("service", "install")
    assert "systemctl --user enable --now tagger" in installed.out
    unit = next(program.home.rglob("systemd/user/tagger.service"))
    assert unit.read_text() == shown.out
    assert analyzed("verify", "--user", "--man=no", unit).stderr == ""
    assert "Removed" in program.run("service", "uninstall").out
    assert not unit.exists()
    assert "There is no" in program.run("service", "uninstall").out

    system = program.run("service", "show", "--system")
    name = tmp_path / "tagger.service"
    name.write_text(system.out)
    assert f'ReadWritePaths="{program.home}/$my 100%% \\"odd\\" music"' in system.out
    assert analyzed("verify", "--man=no", name).stderr == ""
    assert analyzed("security", "--offline=true", "--threshold=15", name).returncode == 0
    assert program.run("service", "install", "--system").code == 2


def test_the_unit_of_a_user_without_a_name_has_the_number(program, monkeypatch):
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pwd, "getpwuid", {}.__getitem__)
    assert f"User={os.getuid()}\n" in program.run("service", "show", "--system").out


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_a_quoted_word_is_one_word_on_one_line(text):
    word = quoted(text)
    assert not re.search(r"[\x00-\x1f\x7f]", word)
    assert re.fullmatch(r'"(?:[^"\\]|\\.)*"', word)
    assert "%" not in word.replace("%%", "")


def test_the_training_by_a_timer_reads_every_source():
    lines = (UNITS / "tagger-train.service").read_text().splitlines()
    assert [line.split()[3:] for line in lines if line.startswith("ExecStart")] == [
        ["spotify", "sync"],
        ["train"],
    ]
