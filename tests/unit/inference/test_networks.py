"""Fetching a network: every answer of a server, and a file that was downloaded elsewhere."""

from __future__ import annotations

import hashlib
import ssl
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import weights_server
from weights_server import CONTENT, FAULTS

from tagger.errors import DownloadError
from tagger.features.weights import MN04, Weights
from tagger.inference import download, networks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from programs import Program

REAL = Path(__file__).resolve().parents[4] / "shared" / "networks" / MN04.file
real_file = pytest.mark.skipif(not REAL.is_file(), reason="the published file is not here")
PUBLISHED = Weights(
    "test-net",
    "Test net",
    "test.pt",
    "https://127.0.0.1/file",
    len(CONTENT),
    hashlib.sha256(CONTENT).hexdigest(),
    "Nobody",
    "no licence",
)


@pytest.fixture
def server(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[weights_server.StandIn]:
    for name in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", download.OFFLINE):
        monkeypatch.delenv(name, raising=False)
    with weights_server.serving(certificate) as server:
        yield server


def fetched(server: weights_server.StandIn, certificate: Path, seconds: float = 20.0) -> bytes:
    trust = ssl.create_default_context(cafile=str(certificate))
    return download.download(replace(PUBLISHED, url=server.url), seconds, trust)


@pytest.mark.parametrize("fault", ["", "redirected"])
def test_the_published_file_is_downloaded_and_stored(
    server: weights_server.StandIn, certificate: Path, tmp_path: Path, fault: str
) -> None:
    server.fault = fault
    path = networks.install(PUBLISHED, fetched(server, certificate), tmp_path)
    assert path.read_bytes() == CONTENT
    assert PUBLISHED.are_in(networks.folder(tmp_path))
    assert [found.name for found in path.parent.iterdir()] == ["test.pt"]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_server_ends_the_download_with_the_reason(
    server: weights_server.StandIn, certificate: Path, fault: str
) -> None:
    server.fault = fault
    with pytest.raises(DownloadError, match=FAULTS[fault]):
        fetched(server, certificate, seconds=1.0 if "in time" in FAULTS[fault] else 20.0)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [("other bytes", "SHA-256"), ("endless", "10,241 bytes"), ("truncated", "100 bytes")],
)
def test_other_content_is_not_stored(
    server: weights_server.StandIn, certificate: Path, tmp_path: Path, fault: str, reason: str
) -> None:
    server.fault = fault
    content = fetched(server, certificate)
    with pytest.raises(DownloadError, match=reason):
        networks.install(PUBLISHED, content, tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_server_with_an_unknown_certificate_is_refused(server: weights_server.StandIn) -> None:
    with pytest.raises(DownloadError, match="certificate is not trusted"):
        download.download(replace(PUBLISHED, url=server.url))
    assert not server.paths


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/file", "file:///etc/passwd"])
def test_another_scheme_than_https_is_refused(url: str) -> None:
    with pytest.raises(DownloadError, match="unknown url type"):
        download.download(replace(PUBLISHED, url=url))


def test_a_proxy_of_the_environment_gets_the_request(
    server: weights_server.StandIn, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "")
    with pytest.raises(DownloadError, match="refused"):
        fetched(server, certificate)
    assert not server.paths


def test_the_offline_variable_prevents_a_request(
    server: weights_server.StandIn, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(download.OFFLINE, "1")
    with pytest.raises(DownloadError, match="TAGGER_OFFLINE is set"):
        fetched(server, certificate)
    assert not server.paths


def test_a_stored_file_that_was_changed_counts_as_missing(tmp_path: Path) -> None:
    path = networks.install(PUBLISHED, CONTENT, tmp_path)
    path.write_bytes(CONTENT[::-1])
    assert not PUBLISHED.are_in(networks.folder(tmp_path))


@pytest.mark.parametrize("damage", ["cut", "folder"])
def test_each_scan_names_a_stored_network_that_cannot_be_used(
    program: Program, damage: str
) -> None:
    program.bundle = "active"
    program.configure()
    path = networks.folder(program.state) / MN04.file
    fault = "has 3 bytes instead of 4,066,513"
    if damage == "cut":
        path.parent.mkdir(parents=True)
        path.write_bytes(b"cut")
    else:
        path.mkdir(parents=True)
        fault = "cannot be read: Is a directory"
    for _ in range(2):
        assert f"the file of the network EfficientAT mn04 {fault}; without" in program.scan().err
    assert fault in program.run("doctor").out


def test_an_attempt_with_a_file_that_cannot_be_read_names_the_file(program):
    missing = program.home / "missing.pt"
    result = program.run("models", "fetch", "--from", missing, "--if-possible")
    assert result.code == 0
    assert result.err.startswith(f"{missing}: cannot be read")


def test_an_optional_fetch_without_network_is_one_line_and_no_error(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(download.OFFLINE, "1")
    program.bundle = "active"
    program.configure()
    result = program.run("models", "fetch", "--if-possible")
    assert (result.code, result.out, result.err.count("\n")) == (0, "", 1)
    assert "without the network EfficientAT mn04" in result.err
    assert "tagger models fetch" in result.err
    assert program.run("models", "fetch").code != 0


def test_a_file_that_is_not_the_published_one_is_refused(program: Program, tmp_path: Path) -> None:
    other = tmp_path / "other.pt"
    other.write_bytes(b"x" * 100)
    result = program.run("models", "fetch", "--from", other)
    assert result.code != 0
    assert f"{other}: the file of EfficientAT mn04 has 100 bytes instead of 4,066,513" in result.err
    assert not networks.folder(program.state).exists()


@real_file
def test_a_fetched_file_switches_the_default_model_until_it_is_removed(program: Program) -> None:
    program.bundle = "active"
    program.configure()
    before = program.run("status", "--json").objects[0]["model"]
    fetch = program.run("models", "fetch", "--from", REAL)
    assert "MIT licence" in fetch.out
    assert str(networks.folder(program.state)) in fetch.out
    with_network = program.run("status", "--json").objects[0]["model"]
    assert with_network.startswith("efficientat-")
    assert "is installed" in program.run("models", "fetch").out
    assert program.run("models", "remove", MN04.name).code == 0
    assert program.run("status", "--json").objects[0]["model"] == before
    assert program.run("models", "remove", MN04.name).code != 0
