"""The Web API and the accounts over a real socket: every fault, and nothing secret said."""

from __future__ import annotations

import json
import logging
import os
import re
import stat
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import pytest
import requests
import spotify_pages as pages
import spotify_user
import yaml
from spotify_server import CLIENT_ID, StandIn

from tagger.errors import ConfigError
from training.errors import (
    SpotifyAccountError,
    SpotifyError,
    SpotifyLoginError,
    SpotifyPausedError,
    SpotifyPlaylistError,
    SpotifyUnavailableError,
)
from training.spotify import endpoints
from training.spotify.auth import Authorization, plain_session
from training.spotify.callback import Callback
from training.spotify.tokens import LIFETIME_S, TokenFile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

DOCUMENT = Path(__file__).resolve().parents[5] / "shared/spotify/fixed-spotify-open-api.yml"
ALWAYS = float("inf")


@pytest.fixture
def server() -> Iterator[StandIn]:
    made = pages.made_playlists(sizes=(120, 130), families=("Metal", "Folk"))
    with StandIn(made) as running:
        yield running


def expired(file):
    """Let the access token that is kept be over by the clock."""
    file.save_token_to_cache({"expires_at": 0})


MEANINGS = [
    ("premium", "/v1/me", SpotifyAccountError, "Premium"),
    ("not registered", "/v1/me", SpotifyAccountError, "User Management"),
    ("premium", "/items", SpotifyAccountError, "Premium"),
    ("not own", "/items", SpotifyPlaylistError, "owner and collaborators"),
    ("missing", "/playlists/", SpotifyPlaylistError, "a playlist of Spotify"),
    ("bad request", "/playlists/", SpotifyPlaylistError, "link again"),
    ("missing", "/v1/me", SpotifyAccountError, "update"),
    ("quota", "/items", SpotifyPausedError, "quota"),
    ("long wait", "/items", SpotifyPausedError, "24 h 0 min"),
    ("short wait", "/items", SpotifyPausedError, "too many"),
    ("too many", "/items", SpotifyPausedError, "too many"),
    ("fault", "/items", SpotifyUnavailableError, "503"),
    ("reset", "/items", SpotifyUnavailableError, "cannot be reached"),
    ("hang", "/items", SpotifyUnavailableError, "in time"),
    ("broken", "/items", SpotifyUnavailableError, "makes no sense"),
    ("nonsense", "/items", SpotifyUnavailableError, "makes no sense"),
    ("a list", "/playlists/", SpotifyUnavailableError, "makes no sense"),
    ("expired", "/items", SpotifyLoginError, "tagger spotify login"),
]


@pytest.mark.parametrize(("fault", "where", "kind", "words"), MEANINGS)
def test_every_refusal_is_one_sentence_with_a_next_step(  # noqa: PLR0917
    server, tmp_path, fault, where, kind, words
):
    server.fail(fault, where, times=ALWAYS)
    playlist = server.playlists[0].id
    with (
        spotify_user.api(server, tmp_path, timeout=0.2) as api,
        pytest.raises(SpotifyError) as caught,
    ):
        api.me()
        api.head(playlist)
        api.page(playlist, 0)
    assert type(caught.value) is kind
    assert words in str(caught.value)
    assert caught.value.hint
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "fault", ["short wait", "too many", "fault", "broken", "nonsense", "reset"]
)
def test_a_passing_fault_is_tried_again_until_it_succeeds(server, tmp_path, fault):
    server.fail(fault, "/items", times=3)
    with spotify_user.api(server, tmp_path) as api:
        assert api.page(server.playlists[0].id, 0).total == len(server.playlists[0].places)


def test_a_final_refusal_is_requested_once(server, tmp_path):
    server.playlists[0].owner = pages.SOMEBODY
    with spotify_user.api(server, tmp_path) as api:
        with pytest.raises(SpotifyPlaylistError):
            api.page(server.playlists[0].id, 0)
        assert len(server.answered) == 1
        server.playlists[0].collaborative = True
        assert api.page(server.playlists[0].id, 0).items


def test_requests_keep_the_interval_and_the_requested_waits(server, tmp_path):
    clock = spotify_user.Clock()
    with spotify_user.api(server, tmp_path, interval=1.0, clock=clock) as api:
        assert len(list(api.playlists())) == 2
        api.me()
        api.me()
        assert clock.now == 2.0
        server.fail("too many", "/v1/me")
        api.me()
        assert clock.slept[-1] == 5.0


def test_lists_are_paged_by_offset_whatever_next_says(server, tmp_path):
    server.playlists *= 40
    with spotify_user.api(server, tmp_path) as api:
        assert len(list(api.playlists())) == 80
    assert [a.query["offset"] for a in server.answered] == ["0", "50"]


def test_a_token_is_renewed_when_it_is_over_and_when_it_is_refused(server, tmp_path):
    file = TokenFile(tmp_path)
    with spotify_user.api(server, tmp_path) as api:
        first = file.read()
        expired(file)
        api.me()
        second = file.read()
        server.access.clear()
        api.me()
        third = file.read()
    assert len({t.access_token for t in (first, second, third)}) == 3
    assert len({t.refresh_token for t in (first, second, third)}) == 3
    assert first.authorized_at == second.authorized_at == third.authorized_at


@pytest.mark.parametrize("over_by", ["clock", "server"])
def test_an_ended_login_is_dropped_and_a_new_one_asked_for(server, tmp_path, over_by):
    with spotify_user.api(server, tmp_path) as api:
        server.refresh.clear()
        if over_by == "clock":
            expired(TokenFile(tmp_path))
        else:
            server.access.clear()
        with pytest.raises(SpotifyLoginError, match="expired or was withdrawn"):
            api.me()
        assert TokenFile(tmp_path).read() is None
        with pytest.raises(SpotifyLoginError, match="there is no Spotify login"):
            api.me()


@pytest.mark.parametrize("fault", ["fault", "broken", "a list", "reset", "short wait"])
def test_a_fault_of_the_accounts_service_keeps_the_login(server, tmp_path, fault):
    with spotify_user.api(server, tmp_path) as api:
        expired(TokenFile(tmp_path))
        server.fail(fault, "/api/token", times=ALWAYS)
        with pytest.raises((SpotifyUnavailableError, SpotifyPausedError)):
            api.me()
        server.faults.clear()
        assert api.me().id == pages.ME


def test_a_wrong_client_id_is_named(server, tmp_path):
    with spotify_user.api(server, tmp_path) as api:
        expired(TokenFile(tmp_path))
        server.fail("invalid_client", "/api/token", times=ALWAYS)
        with pytest.raises(SpotifyAccountError, match="client id"):
            api.me()


def authorization(server, session, **options):
    return Authorization(CLIENT_ID, spotify_user.endpoints(server), session, **options)


def test_a_login_uses_pkce_and_each_answer_is_good_once(server, tmp_path):
    file = TokenFile(tmp_path)
    with plain_session() as session:
        attempt = authorization(server, session)
        answer = spotify_user.follow(attempt.url)
        attempt.complete(f"  {answer} ", file)
        first = file.read()
        assert first.refresh_token in server.refresh
        with pytest.raises(SpotifyLoginError, match="good once"):
            attempt.complete(answer, file)
        other = authorization(server, session)
        stolen = spotify_user.follow(other.url)
        with pytest.raises(SpotifyLoginError, match="no answer to this login"):
            attempt.complete(stolen, file)
        swapped = re.sub("state=.*", "state=" + answer.rpartition("state=")[2], stolen)
        with pytest.raises(SpotifyLoginError, match="good once"):
            attempt.complete(
                swapped, file
            )  # the code of another attempt: the verifier does not fit
        server.denies = True
        refused = authorization(server, session)
        with pytest.raises(SpotifyLoginError, match="not allowed"):
            refused.complete(spotify_user.follow(refused.url), file)
        assert file.read() == first


@pytest.mark.parametrize("text", ["", "hello", "http://[", "http://127.0.0.1/callback?state=é"])
def test_an_address_that_is_no_answer_is_refused(server, tmp_path, text):
    with plain_session() as session, pytest.raises(SpotifyLoginError, match="no answer"):
        authorization(server, session).complete(text, TokenFile(tmp_path))


def test_the_callback_takes_only_the_answer_to_its_own_login(server, tmp_path):
    with plain_session() as session, Callback() as callback:
        uri = callback.redirect_uri
        attempt = authorization(server, session, redirect_uri=uri)
        answer = spotify_user.follow(attempt.url)
        assert answer.startswith(uri)
        real = "/" + answer.split("/", 3)[3]
        visits = ["/favicon.ico", "/callback?code=evil&state=guess", real]
        statuses = []

        def browse():
            for path in visits:
                base = uri.removesuffix("/callback")
                statuses.append(requests.get(base + path, timeout=10).status_code)

        browser = threading.Thread(target=browse)
        browser.start()
        came = callback.wait(attempt.answers)
        browser.join()
        attempt.complete(came, TokenFile(tmp_path))
        assert TokenFile(tmp_path).read().access_token in server.access
        assert statuses == [404, 404, 200]


def test_an_incomplete_token_is_no_login(server, tmp_path):
    server.fail("a list", "/api/token")
    server.fail("half a token", "/api/token")
    for _ in range(2):
        with plain_session() as session:
            attempt = authorization(server, session)
            with pytest.raises(SpotifyUnavailableError, match="makes no sense"):
                attempt.complete(spotify_user.follow(attempt.url), TokenFile(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_no_password_of_netrc_goes_to_spotify(server, tmp_path, monkeypatch):
    (tmp_path / "netrc").write_text("default login me password hunter2\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with spotify_user.api(server, tmp_path) as api:
        assert api.me().id == pages.ME


def test_a_login_without_an_answer_ends_its_wait():
    with Callback() as callback, pytest.raises(SpotifyLoginError, match="no answer came"):
        callback.wait(lambda _: True, patience=-1)


def test_a_stand_in_is_on_this_computer_only(monkeypatch):
    for address in ("https://evil.example", "http://127.0.0.1@evil.example", "http://localhost:1"):
        monkeypatch.setenv(endpoints.STAND_IN_VARIABLE, address)
        with pytest.raises(ConfigError, match=re.escape("127.0.0.1")):
            endpoints.chosen()
    monkeypatch.delenv(endpoints.STAND_IN_VARIABLE)
    assert endpoints.chosen() is endpoints.SPOTIFY
    assert endpoints.SPOTIFY.interval == 1.0


def test_the_login_is_its_owners_alone_from_its_first_byte(server, tmp_path, monkeypatch):
    seen = []
    real = os.fsync

    def fsync(handle):
        seen.extend(path.stat() for path in (tmp_path / "state").iterdir())
        real(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    before = os.umask(0)
    try:
        file = TokenFile(tmp_path / "state")
        file.begin(server.log_in())
        file.save_token_to_cache(server.log_in())
    finally:
        os.umask(before)
    assert {stat.S_IMODE(status.st_mode) for status in seen} == {0o600}
    assert max(status.st_size for status in seen) > 100
    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700
    assert [path.name for path in (tmp_path / "state").iterdir()] == [file.path.name]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"access_token": 3}', b"\xff" * 9])
def test_a_damaged_login_is_no_login(tmp_path, content):
    file = TokenFile(tmp_path)
    file.path.write_bytes(content)
    assert file.read() is None


def test_an_expiring_login_and_open_permissions_are_warned_of(server, tmp_path):
    file = TokenFile(tmp_path)
    file.begin(server.log_in())
    assert file.warnings() == []
    file.path.chmod(0o640)
    assert "chmod 600" in file.warnings()[0]
    month = LIFETIME_S / 6
    content = json.loads(file.path.read_text())
    for age, warned in ((4.9 * month, False), (5.1 * month, True)):
        file.path.write_text(json.dumps(content | {"authorized_at": time.time() - age}))
        file.path.chmod(0o600)
        assert any("login ends on" in w for w in file.warnings()) is warned


def test_no_secret_is_ever_logged(server, tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    with plain_session() as session:
        attempt = authorization(server, session)
        answer = spotify_user.follow(attempt.url)
        caplog.clear()
        attempt.complete(answer, TokenFile(tmp_path))
        verifier = attempt._pkce.code_verifier
    with spotify_user.api(server, tmp_path) as api:
        server.fail("broken", "/v1/me")
        server.fail("fault", "/v1/me")
        expired(TokenFile(tmp_path))
        api.me()
        server.access.clear()
        api.me()
        server.refresh.clear()
        server.access.clear()
        with pytest.raises(SpotifyLoginError) as caught:
            api.me()
    assert "urllib3" in caplog.text  # DEBUG is on
    said = caplog.text + repr(caught.value) + str(caught.value.__cause__)
    code = re.search("code=([^&]+)", answer)[1]
    for secret in ("BQ-access", "AQ-refresh", code, verifier):
        assert secret not in said


# What the stand-in shows is what the published document says.


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    if not DOCUMENT.is_file():
        pytest.skip("needs Spotify's published OpenAPI document in ../shared/spotify")
    found = yaml.load(DOCUMENT.read_bytes(), getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
    schemas = found["components"]["schemas"]
    schemas["PlaylistTrackObject"]["properties"]["item"] = {
        "nullable": True,
        "allOf": [{"$ref": "#/components/schemas/TrackObject"}],
    }
    track = schemas["TrackObject"]
    track["required"] = ["type", "name", "artists", "duration_ms", "uri"]
    track["properties"]["id"]["nullable"] = True
    schemas["PlaylistTrackObject"]["properties"]["added_at"]["nullable"] = True
    for name in ("PlaylistObject", "SimplifiedPlaylistObject"):
        schemas[name]["properties"]["public"]["nullable"] = True
    return _nullable(found)


def _nullable(schema):
    """OpenAPI 3.0's `nullable` in JSON Schema's words."""
    if isinstance(schema, list):
        return [_nullable(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {key: _nullable(value) for key, value in schema.items() if key != "nullable"}
    return {"anyOf": [inner, {"type": "null"}]} if schema.get("nullable") is True else inner


def _judge(document, name):
    schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
    return jsonschema.Draft4Validator(schema)


def _answer(server, path):
    token = server.log_in()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    return requests.get(f"{server.url}/v1{path}", headers=headers, timeout=10)


def test_every_page_follows_the_published_document(document, server):
    metal = server.playlists[0]
    episodes = [p for p in metal.places if (p["item"] or {}).get("type") == "episode"]
    metal.places = [p for p in metal.places if p not in episodes]
    _judge(document, "EpisodeObject").validate(episodes[0]["item"])
    _judge(document, "PrivateUserObject").validate(_answer(server, "/me").json())
    lists = _answer(server, "/me/playlists?limit=50").json()
    _judge(document, "PagingPlaylistObject").validate(lists)
    assert len(lists["items"]) == 2
    _judge(document, "PlaylistObject").validate(_answer(server, f"/playlists/{metal.id}").json())
    judge = _judge(document, "PagingPlaylistTrackObject")
    for offset in (0, 50, 100):
        page = _answer(server, f"/playlists/{metal.id}/items?limit=50&offset={offset}").json()
        judge.validate(page)
        assert page["items"]
    with pytest.raises(jsonschema.ValidationError, match="not valid under"):
        judge.validate(page | {"items": [{"item": {"type": "track"}}]})


def test_every_error_follows_the_published_document(document, server):
    server.playlists[0].owner = pages.SOMEBODY
    for path in (
        f"/playlists/{server.playlists[0].id}/items",
        "/playlists/37i9dQZF1DX0",
        "/tracks",
    ):
        answer = _answer(server, path)
        assert answer.status_code in (403, 404)
        _judge(document, "ErrorObject").validate(answer.json()["error"])


def test_every_request_is_documented_and_not_deprecated(document, server, tmp_path):
    playlist = server.playlists[0].id
    with spotify_user.api(server, tmp_path) as api:
        api.me()
        list(api.playlists())
        api.head(playlist)
        page = api.page(playlist, 50)
    assert all(place.item and place.item.name for place in page.items if place and place.item)
    assert len(server.answered) == 4
    for asked in server.answered:
        path = asked.path.removeprefix("/v1").rstrip("/").replace(playlist, "{playlist_id}")
        operation = document["paths"][path]["get"]
        assert not operation.get("deprecated")
        known = {}
        for parameter in operation.get("parameters", ()):
            name = parameter.get("$ref", "").rpartition("/")[2]
            found = document["components"]["parameters"][name] if name else parameter
            known[found["name"]] = found["schema"]
        assert asked.query.keys() <= known.keys()
        if "limit" in asked.query:
            assert int(asked.query["limit"]) <= known["limit"]["maximum"]


def test_a_removed_endpoint_answers_403(server):
    playlist = server.playlists[0].id
    removed = ("/audio-features/x", "/audio-analysis/x", "/tracks?ids=x", "/users/x/playlists")
    for path in (f"/playlists/{playlist}/tracks", *removed, "/browse/featured-playlists"):
        assert _answer(server, path).status_code == 403


def test_an_old_filter_gives_empty_rows(server):
    path = f"/playlists/{server.playlists[0].id}/items?limit=50&fields=items(track(name)),total"
    page = _answer(server, path).json()
    assert page["items"] == [{}] * 50
