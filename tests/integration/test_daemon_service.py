"""The daemon as a service manager and its user meet it."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import textwrap
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

import bundles
import pytest
from bundles import song
from daemons import Watcher, until
from programs import ROOT

from tagger import tags
from tagger.inference.registry import ModelRegistry
from tagger.store import DATABASE

if TYPE_CHECKING:
    from collections.abc import Iterator


MEGABYTES = 1024  # of what /proc counts in
DENIED = """
import ctypes, os, sys

PR_SET_MDWE = 65
ctypes.CDLL(None).prctl(PR_SET_MDWE, 1, 0, 0, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""
"""Starts a program without memory that can be written and executed."""


def genres(path):
    return tags.read(path).genres


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    """The notify socket of a service manager."""
    folder = tmp_path / "n"
    folder.mkdir()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(folder / "s"))
        listening.settimeout(30)
        yield listening


def notices(manager, until_notice):
    """Read notices until one of them comes."""
    seen = []
    while until_notice not in seen:
        seen += manager.recv(4096).decode().splitlines()
    return seen


def test_a_service_manager_gets_ready_status_and_stopping(program, manager):
    environment = program.environment | {
        "NOTIFY_SOCKET": manager.getsockname(),
        "WATCHDOG_USEC": "400000",
    }
    with Watcher(program, env=environment) as watcher:
        assert notices(manager, "READY=1")[0] == "READY=1"
        seen = notices(manager, "WATCHDOG=1")
        assert any(notice.startswith("STATUS=") for notice in [*seen, *notices(manager, seen[-1])])

        good = program.config.read_text()
        refused = "configuration rejected, the old configuration stays in use"
        program.config.write_text(good.replace("[library]", '[library]\nignore = ["!"]'))
        watcher.process.send_signal(signal.SIGHUP)
        seen = notices(manager, "READY=1")
        at = seen.index("RELOADING=1")
        assert seen[at + 1].startswith("MONOTONIC_USEC=")
        assert "library.ignore" in watcher.wait_for(refused)["reason"]
        program.config.write_text(f"{good}[tags]\nmood = 1\n")
        watcher.process.send_signal(signal.SIGHUP)
        until(lambda: len(watcher.events(refused)) == 2)
        assert "tags.mood" in watcher.events(refused)[-1]["reason"]
        assert notices(manager, "READY=1")

        watcher.process.send_signal(signal.SIGTERM)
        notices(manager, "STOPPING=1")
        watcher.process.wait(20)


def opened(pipe):
    """Return a named pipe for writing, None before a program reads from it."""
    try:
        return os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
    except OSError:
        return None


@pytest.mark.parametrize("sent", ["SIGHUP", "SIGUSR1", "SIGTERM"])
def test_a_signal_while_the_daemon_reads_its_first_configuration_waits(program, sent):
    pipe = program.home / "pipe"
    os.mkfifo(pipe)
    with program.start("watch", "--config", pipe) as daemon:
        config = until(lambda: opened(pipe))
        daemon.send_signal(signal.Signals[sent])
        os.write(config, program.config.read_bytes())
        program.config.rename(pipe)
        os.close(config)
        if sent == "SIGHUP":
            assert any("configuration reloaded" in line for line in daemon.stderr)
        daemon.terminate()
        assert daemon.wait(30) == 0


def test_a_stalled_event_loop_sends_no_watchdog_ping(program, manager):
    """The silence that is allowed is minutes; here it is none, so that any is too long."""
    environment = program.environment | {
        "NOTIFY_SOCKET": manager.getsockname(),
        "WATCHDOG_USEC": "100000",
    }
    with Watcher(program, limits="stall=-1e9", env=environment):
        assert "WATCHDOG=1" not in notices(manager, "READY=1")
        manager.settimeout(1)
        with pytest.raises(TimeoutError):
            while manager.recv(4096) != b"WATCHDOG=1":
                pass


def test_a_missing_database_is_waited_for_with_pings(program, manager):
    """A start of the service begins a new database."""
    environment = program.environment | {
        "NOTIFY_SOCKET": manager.getsockname(),
        "WATCHDOG_USEC": "400000",
    }
    with Watcher(program, env=environment) as watcher:
        (program.state / DATABASE).rename(program.home / "elsewhere")
        song(program.music / "a.mp3")
        watcher.wait_for("restarting after an error")
        manager.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while manager.recv(4096):
                pass
        manager.settimeout(30)
        assert "WATCHDOG=1" in notices(manager, "WATCHDOG=1")
        watcher.kill()


def test_new_settings_and_a_new_model_are_in_force_after_a_reload(program, tmp_path):
    with Watcher(program) as watcher:
        other = program.home / "more music"
        text = program.config.read_text()
        program.config.write_text(text.replace(f'["{program.music}"]', f'["{other}"]'))
        path = song(other / "a.mp3")
        watcher.process.send_signal(signal.SIGHUP)
        watcher.wait_for("set", path=path)
        assert [w["folder"] for w in watcher.status()["watching"]] == [str(other)]

        bundles.make_bundle(tmp_path / "new", name="test-2", genres=("Jazz", "Metal"))
        text = program.config.read_text().replace(str(program.bundle), str(tmp_path / "bundle"))
        program.config.write_text(text)
        (tmp_path / "bundle").symlink_to(program.bundle)
        watcher.process.send_signal(signal.SIGHUP)
        until(lambda: len(watcher.events("configuration reloaded")) == 2)
        swap = tmp_path / "swap"
        swap.symlink_to(tmp_path / "new")
        swap.replace(tmp_path / "bundle")
        path = song(other / "b.mp3")
        watcher.wait_for("set", path=path)
        assert genres(path) == ("Jazz",)
        assert watcher.status()["model"] == "test-2"


def test_a_new_state_folder_waits_for_the_next_start(program):
    models = ModelRegistry(program.state)
    models.activate(bundles.installed(models, "test-1"))
    text = program.config.read_text().replace(f'bundle = "{program.bundle}"\n', "")
    program.config.write_text(text)
    with Watcher(program) as watcher:
        text = program.config.read_text()
        program.config.write_text(text.replace(f'"{program.state}"', f'"{program.home}/other"'))
        watcher.process.send_signal(signal.SIGHUP)
        watcher.wait_for("these keys take effect at the next start")
        watcher.wait_for("configuration reloaded")
        path = song(program.music / "a.mp3")
        watcher.wait_for("set", path=path)
        assert watcher.status()["model"] == "test-1"


def test_status_shows_a_running_daemon_and_exits_with_3_without_one(program):
    alone = program.run("status", "--json")
    assert (alone.code, alone.objects[0]["daemon"]) == (3, None)
    assert program.run("status").out.startswith("daemon      not running")
    with Watcher(program) as watcher:
        song(program.music / "a.mp3")
        (program.music / "bad.mp3").write_text("no music")
        watcher.wait_for("burst finished")
        found = program.run("status", "--json")
        daemon = found.objects[0]["daemon"]
        assert found.code == 0
        assert daemon["pid"] == watcher.process.pid
        assert daemon["watching"][0]["folder"] == str(program.music)
        assert (daemon["actions"]["set"], daemon["actions"]["error"]) == (1, 1)
        assert daemon["errors"][0]["path"] == str(program.music / "bad.mp3")
        assert "bad.mp3" in program.run("status").out

        with program.start("watch") as second:
            said = second.communicate()[1]
        assert (second.returncode, len(said.splitlines())) == (2, 1)
        assert "another `tagger watch` uses" in said
    assert program.run("status").code == 3


def test_metrics_are_served_on_loopback_alone(program):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with Watcher(program, daemon=f"metrics_port = {port}") as watcher:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
            assert "text/plain; version=0.0.4" in answer.headers["Content-Type"]
            assert "tagger_queue 0" in answer.read().decode()
        listening = Path(f"/proc/{watcher.process.pid}/net/tcp").read_text()
        assert f"0100007F:{port:04X}" in listening
        assert f"00000000:{port:04X}" not in listening


@pytest.mark.slow
def test_idle_connections_to_the_metrics_stop_no_file_and_strange_hosts_get_nothing(program):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    few = ("prlimit", "--nofile=128:128")
    with Watcher(program, *few, daemon=f"metrics_port = {port}") as watcher:
        url = f"http://127.0.0.1:{port}/metrics"
        strange = urllib.request.Request(url, headers={"Host": f"evil.example:{port}"})
        with pytest.raises(urllib.error.HTTPError, match="403") as refused:
            urllib.request.urlopen(strange)  # noqa: S310 - our own server
        refused.value.close()
        idle = [socket.create_connection(("127.0.0.1", port)) for _ in range(150)]
        song(program.music / "a.mp3")
        watcher.wait_for("burst finished")
        assert watcher.status()["actions"]["set"] == 1
        for connection in idle:
            connection.close()
        until(lambda: _answers(url))


def _answers(url):
    try:
        with urllib.request.urlopen(url) as answer:  # noqa: S310 - our own server
            return answer.status == 200
    except OSError:
        return False


def test_an_idle_daemon_is_small_and_has_neither_model_nor_workers(program):
    with Watcher(program, "env", limits="idle=1") as watcher:
        song(program.music / "a.mp3")
        watcher.wait_for("burst finished")
        until(lambda: not watcher.workers)
        status = Path(f"/proc/{watcher.process.pid}/status").read_text()
        resident = int(status.split("VmRSS:")[1].split()[0])
        assert resident <= 100 * MEGABYTES
        maps = Path(f"/proc/{watcher.process.pid}/maps").read_text()
        assert not [word for word in ("onnxruntime", "soxr") if word in maps]


@pytest.mark.slow
def test_memory_that_can_be_written_is_never_executed(program):
    """What MemoryDenyWriteExecute= of the unit forbids; the kernel's own switch for it."""
    with Watcher(program, sys.executable, "-c", DENIED) as watcher:
        path = song(program.music / "a.mp3")
        watcher.wait_for("set", path=path)


@pytest.mark.slow
def test_a_daemon_without_a_home_on_a_read_only_installation_runs(program):
    script = textwrap.dedent("""
        set -e
        for folder in "$REPO" "$LIBRARY"; do
            mount --bind "$folder" "$folder"
            mount -o remount,bind,ro "$folder"
        done
        ! touch "$REPO/written" 2>/dev/null
        exec env -u HOME -u REPO -u LIBRARY "$0" "$@"
    """)
    unshared = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c"]
    places = {"REPO": str(ROOT), "LIBRARY": str(Path(sys.prefix))}
    tried = subprocess.run(
        [*unshared, script, "true"], env=os.environ | places, capture_output=True, check=False
    )
    if tried.returncode:
        pytest.skip("needs mounts in user namespaces")
    bare = {k: v for k, v in program.environment.items() if not k.startswith("XDG_")}
    with Watcher(program, *unshared, script, env=bare | places) as watcher:
        path = song(program.music / "a.mp3")
        watcher.wait_for("set", path=path)


def test_a_folder_on_the_command_line_is_watched_in_place_of_the_library(program):
    there, elsewhere = program.home / "other music", song(program.music / "a.mp3")
    before = elsewhere.read_bytes()
    first = song(there / "b.mp3")
    with program.start("watch", there) as watching:
        try:
            until(lambda: genres(first), "the first file")
            second = song(there / "c.mp3")
            until(lambda: genres(second), "a new file")
        finally:
            watching.terminate()
        assert watching.wait() == 0
    assert elsewhere.read_bytes() == before
