"""The page of `tagger review`: its guard, its choices, and every key and button."""

from __future__ import annotations

import base64
import io
import os
import re
import shutil
import signal
import sys
import unicodedata
import urllib.error
import urllib.request
import wave
from pathlib import Path

import av
import bundles
import media
import pytest
from bundles import song
from daemons import until
from programs import Program
from werkzeug.test import Client

from tagger import config, tags
from tagger.review.app import App, file_id
from tagger.review.desk import Desk
from tagger.review.guard import Guard
from tagger.store import Store
from tagger.system import interrupts

TOKEN = "secret"  # noqa: S105
HOST = "127.0.0.1:4000"
PAGE = {"Host": HOST, "Origin": f"http://{HOST}"}
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


class Page:
    """A page as a browser sees it."""

    def __init__(self, program):
        self.program = program
        self.desk = Desk(config.load(program.config))
        self.client = Client(App(self.desk, Guard(TOKEN, 4000)))

    def get(self, address="", **headers):
        return self.client.get(f"/{TOKEN}/{address}", headers=PAGE | headers)

    def post(self, action, path, headers=PAGE, **body):
        return self.client.post(f"/{TOKEN}/{action}/{file_id(path)}", json=body, headers=headers)

    def choose(self, path, genre, seen=()):
        return self.post("choose", path, genre=genre, seen=list(seen))


def filled(program):
    """Fill the library of a program: one unsure file and one that gets a genre."""
    song(program.music / "Ada & <b>" / "unsure.mp3", bundles.both, title="A <i>title</i>")
    song(program.music / "written.mp3", bundles.high)
    program.scan()
    return program


@pytest.fixture
def page(program):
    """Open a page on a library of the test's own."""
    page = Page(filled(program))
    yield page
    page.desk.close()


@pytest.fixture
def unsure(program):
    return program.music / "Ada & <b>" / "unsure.mp3"


@pytest.fixture(scope="module")
def library(tmp_path_factory, bundle):
    """Open a page for tests that change no genre."""
    page = Page(filled(Program(tmp_path_factory.mktemp("home"), bundle)))
    yield page
    page.desk.close()


@pytest.fixture
def kept(library):
    """Return the unsure file of the shared library."""
    return library.program.music / "Ada & <b>" / "unsure.mp3"


def correction(program, path):
    with Store(program.state) as store:
        return {c.path: c.theirs for c in store.corrections.all()}.get(path)


def test_the_page_lists_unsure_files_with_escaped_names_and_guesses(library, kept):
    text = library.get().text
    assert "A &lt;i&gt;title&lt;/i&gt;" in text
    assert "<i>title" not in text
    assert "written.mp3" not in text
    assert re.search(r'data-genre="(Classical|Metal)"', text)
    assert file_id(kept) in text
    assert "written.mp3" in library.get("?view=written").text
    assert "unsure.mp3" not in library.get("?view=all&text=WRITTEN").text
    assert library.get("?view=other").status_code == 400


def test_the_guesses_count_the_evidence_beside_the_sound(program):
    folder = program.music / "Ada"
    for name in ("a", "b", "c"):
        song(folder / f"{name}.mp3", bundles.high, album="One", artist="Ada", genre=["Krautrock"])
    song(folder / "new.mp3", bundles.both, album="One", artist="Ada")
    program.scan("--min-confidence", "1")
    page = Page(program)
    try:
        found = re.search(r'data-genre="(\w+)".*?<span>(\d+)%', page.get("?view=all&text=new").text)
        assert (found[1], int(found[2]) > 50) == ("Krautrock", True)
    finally:
        page.desk.close()


def test_the_guesses_count_the_genres_of_the_library(program, tmp_path):
    program.bundle = bundles.make_bundle(
        tmp_path / "bundle", expected=dict.fromkeys(bundles.GENRES, 0.5)
    )
    program.configure()
    first = song(program.music / "0.mp3", bundles.high)
    for number in range(1, 12):
        shutil.copy(first, first.with_stem(str(number)))
    unsure = song(program.music / "unsure.mp3", bundles.both)
    decided = program.scan().files[unsure.name]
    page = Page(program)
    try:
        found = re.search(r"<article.*?<span>(\d+)%", page.get("?text=unsure").text, re.DOTALL)
    finally:
        page.desk.close()
    (sound,) = decided["evidence"]["sound"].values()
    assert abs(decided["confidence"] - sound) > 0.02
    assert int(found[1]) == int(100 * decided["confidence"])


def test_a_file_is_no_written_file_after_an_undo(program):
    page = Page(filled(program))
    try:
        assert "written.mp3" in page.get("?view=written").text
        assert program.run("undo").code == 0
        assert "written.mp3" not in page.get("?view=written").text
        assert "taken back" in page.get("?view=all&text=written").text
    finally:
        page.desk.close()


def test_a_choice_writes_the_tag_is_a_label_and_is_undone_to_the_byte(page, unsure, program):
    before = unsure.read_bytes()
    answer = page.choose(unsure, "  Krautrock ")
    assert answer.json == {"genres": ["Krautrock"], "reason": "you chose it", "chosen": True}
    assert tags.read(unsure).genres == ("Krautrock",)
    assert correction(program, unsure) == ("Krautrock",)
    assert program.scan("--mode", "replace").files["unsure.mp3"]["decision"] == "keep"
    assert page.post("undo", unsure).json["genres"] == []
    assert unsure.read_bytes() == before
    assert correction(program, unsure) is None


def test_an_undo_of_the_second_choice_leaves_the_first_with_its_label(page, unsure, program):
    before = unsure.read_bytes()
    page.choose(unsure, "Krautrock")
    page.choose(unsure, "Dub", ["Krautrock"])
    answer = page.post("undo", unsure).json
    assert (answer["genres"], answer["chosen"]) == (["Krautrock"], True)
    assert correction(program, unsure) == ("Krautrock",)
    assert not page.post("undo", unsure).json["chosen"]
    assert unsure.read_bytes() == before


def test_the_choices_of_a_page_are_one_run_that_undo_takes_back(page, unsure, program):
    page.choose(unsure, "Krautrock")
    page.choose(program.music / "written.mp3", "Dub", ["Metal"])
    (newest, *_) = program.run("runs", "list", "--json").objects
    assert (newest["kind"], newest["written"]) == ("review", 2)
    assert program.run("undo", "--run", newest["id"]).code == 0
    assert tags.read(unsure).genres == ()
    assert correction(program, unsure) is None


def test_a_choice_of_an_earlier_page_is_undone_to_the_byte(program, unsure):
    first, before = Page(filled(program)), unsure.read_bytes()
    first.choose(unsure, "Krautrock")
    first.desk.close()
    second = Page(program)
    try:
        answer = second.post("undo", unsure).json
        assert (answer["genres"], answer["chosen"]) == ([], False)
        assert unsure.read_bytes() == before
    finally:
        second.desk.close()


def test_a_choice_of_an_earlier_page_in_another_field_is_undone_to_the_byte(program):
    program.configure('[tags]\nfield = "GROUPING"\n')
    path = song(program.music / "own.mp3", genre=["Folk"])
    first, before = Page(filled(program)), path.read_bytes()
    assert first.choose(path, "Krautrock", ["Folk"]).json["chosen"]
    first.desk.close()
    second = Page(program)
    try:
        answer = second.post("undo", path).json
        assert (answer["genres"], answer["chosen"]) == (["Folk"], False)
        assert path.read_bytes() == before
    finally:
        second.desk.close()


def test_an_accepted_genre_of_an_earlier_page_stays_after_an_undo(program):
    first, written = Page(filled(program)), program.music / "written.mp3"
    first.choose(written, "", ["Metal"])
    first.desk.close()
    second = Page(program)
    try:
        answer = second.post("undo", written).json
        assert (answer["genres"], answer["chosen"]) == (["Metal"], False)
    finally:
        second.desk.close()


def test_a_present_genre_that_is_accepted_is_a_label_and_not_written(page, program):
    written = program.music / "written.mp3"
    before = written.read_bytes()
    answer = page.choose(written, "Metal", ["Metal"])
    assert answer.json == {"genres": ["Metal"], "reason": "you chose it", "chosen": True}
    assert written.read_bytes() == before
    assert correction(program, written) == ("Metal",)
    assert not page.post("undo", written).json["chosen"]
    assert written.read_bytes() == before


def test_a_file_that_is_left_alone_keeps_its_bytes_for_good(page, unsure, program):
    before = unsure.read_bytes()
    assert page.choose(unsure, "").json["chosen"]
    found = program.scan("--min-confidence", "0.1").files["unsure.mp3"]
    assert found["decision"] == "keep"
    assert unsure.read_bytes() == before
    assert not page.post("undo", unsure).json["chosen"]


def test_a_second_page_with_an_old_genre_writes_nothing(page, unsure):
    assert page.choose(unsure, "Dub").status_code == 200
    answer = page.choose(unsure, "Rock")
    assert answer.status_code == 409
    assert "another genre now" in answer.json["error"]
    assert tags.read(unsure).genres == ("Dub",)


def test_a_file_that_vanished_is_a_message_and_the_page_goes_on(page, unsure, program):
    unsure.unlink()
    answer = page.choose(unsure, "Dub")
    assert answer.status_code == 409
    assert "cannot be read" in answer.json["error"]
    assert page.get(f"sound/{file_id(unsure)}").status_code == 404
    assert page.choose(program.music / "written.mp3", "Dub", ["Metal"]).status_code == 200


@pytest.mark.parametrize("genre", ["a;b", "(17)", "x\x00y"])
def test_a_genre_that_no_tag_can_hold_is_refused(library, kept, genre):
    before = kept.read_bytes()
    assert library.choose(kept, genre).status_code == 409
    assert kept.read_bytes() == before


@pytest.mark.parametrize(
    ("path", "headers", "reason"),
    [
        ("/", {"Host": HOST}, "token"),
        ("/wrong/", {"Host": HOST}, "token"),
        (f"/{TOKEN}/", {"Host": "tagger.example:4000"}, "host"),
        (f"/{TOKEN}/", {"Host": "127.0.0.1"}, "host"),
        (f"/{TOKEN}/", {"Host": HOST, "Origin": "http://evil.example"}, "origin"),
        (f"/{TOKEN}/", {"Host": HOST, "Origin": "null"}, "origin"),
    ],
)
def test_a_request_from_elsewhere_is_refused(library, path, headers, reason):
    answer = library.client.get(path, headers=headers)
    assert answer.status_code == 403
    assert reason in answer.text


@pytest.mark.parametrize("origin", [None, "http://evil.example", "https://127.0.0.1:4000"])
def test_a_choice_without_the_origin_of_the_page_writes_nothing(library, kept, origin):
    headers = {"Host": HOST} | ({"Origin": origin} if origin else {})
    before = kept.read_bytes()
    answer = library.post("choose", kept, headers, genre="Dub", seen=[])
    assert answer.status_code == 403
    assert kept.read_bytes() == before


def test_only_files_of_the_database_are_served(library, kept):
    other = song(library.program.home / "other.mp3")
    for path in (other, Path("/etc/passwd"), library.program.music / "../music/written.mp3"):
        for action in ("sound", "part", "cover", "near"):
            assert library.get(f"{action}/{file_id(path)}").status_code == 404
        assert library.choose(path, "Dub").status_code == 404
    assert library.get("sound/!!!").status_code == 404
    with library.get(f"sound/{file_id(kept)}", Range="bytes=0-9") as answer:
        assert answer.data == kept.read_bytes()[:10]


def test_the_analyzed_part_is_served_as_wav(library, kept):
    answer = library.get(f"part/{file_id(kept)}")
    assert answer.mimetype == "audio/wav"
    with wave.open(io.BytesIO(answer.data)) as part, av.open(kept) as whole:
        seconds = part.getnframes() / part.getframerate()
        assert abs(seconds - whole.duration / av.time_base) < 0.1


def test_the_analyzed_part_is_served_in_ranges_as_safari_asks_for_them(library, kept):
    whole = library.get(f"part/{file_id(kept)}")
    assert whole.headers["Accept-Ranges"] == "bytes"
    found = library.get(f"part/{file_id(kept)}", Range="bytes=4-9")
    assert (found.status_code, found.data) == (206, whole.data[4:10])
    assert library.get(f"part/{file_id(kept)}", Range="bytes=9999999-").status_code == 416


def test_a_file_that_cannot_be_decoded_has_no_part(page, unsure):
    unsure.write_bytes(b"no sound")
    answer = page.get(f"part/{file_id(unsure)}")
    assert (answer.status_code, answer.json) == (409, {"error": "is not a supported audio file"})


def test_malformed_choices_are_bad_requests(library, kept):
    assert library.post("choose", kept, genre=1, seen=[]).status_code == 400
    assert library.post("choose", kept, genre="Dub").status_code == 400
    address = f"/{TOKEN}/choose/{file_id(kept)}"
    assert library.client.post(address, json=["Dub"], headers=PAGE).status_code == 400
    deep = {"data": "[" * 90_000, "content_type": "application/json"}
    assert library.client.post(address, **deep, headers=PAGE).status_code == 400
    assert library.post("choose", kept, genre="x" * 200_000, seen=[]).status_code == 413


def test_every_answer_forbids_foreign_content_and_hides_the_token(library):
    for address in ("", "review.js", "gone"):
        headers = library.get(address).headers
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert headers["Referrer-Policy"] == "no-referrer"
    assert not re.search(r'(src|href)="(https?:)?//', library.get().text)


def test_the_cover_comes_from_the_folder_or_the_tags(library, kept):
    assert library.get(f"cover/{file_id(kept)}").status_code == 404
    media.tag(kept, picture=PNG)
    assert library.get(f"cover/{file_id(kept)}").data == PNG
    (kept.parent / "cover.jpg").write_bytes(b"\xff\xd8\xff other")
    assert library.get(f"cover/{file_id(kept)}").mimetype == "image/jpeg"
    (kept.parent / "cover.jpg").write_bytes(b"<script>")
    assert library.get(f"cover/{file_id(kept)}").status_code == 404
    (kept.parent / "cover.jpg").unlink()
    (kept.parent / "cover.jpg").symlink_to("/proc/self/mem")  # opens, and cannot be read
    assert library.get(f"cover/{file_id(kept)}").status_code == 404


def test_the_nearest_tracks_are_those_of_the_library(library, kept):
    (near,) = library.get(f"near/{file_id(kept)}").json["near"]
    assert near["file"] == str(library.program.music / "written.mp3")
    assert near["genres"] == ["Metal"]


def test_a_name_that_is_not_utf8_can_be_chosen(program):
    odd = Path(os.fsdecode(os.fsencode(program.music) + b"/a\xff.mp3"))
    song(program.music / "a.mp3", bundles.both).rename(odd)
    program.scan()
    page = Page(program)
    assert "a\\xff.mp3" in page.get().text
    assert page.choose(odd, "Dub").json["genres"] == ["Dub"]
    page.desk.close()


def test_the_filter_finds_a_name_in_the_other_composition(program):
    path = song(program.music / unicodedata.normalize("NFD", "Café") / "a.mp3", bundles.both)
    program.scan()
    page = Page(program)
    assert file_id(path) in page.get("?text=CAF\u00c9").text
    page.desk.close()


def test_a_browser_that_keeps_the_terminal_gets_the_page(program, tmp_path, monkeypatch):
    filled(program)
    browser, seen = tmp_path / "browser.py", tmp_path / "seen"
    browser.write_text(
        "import sys, urllib.request as r; answer = r.urlopen(sys.argv[1], timeout=5)\n"
        "text = [sys.argv[1].encode(), answer.url.encode(), answer.read()]\n"
        f"open({str(seen)!r}, 'wb').write(b'\\n'.join(text))\n"
    )
    monkeypatch.setenv("BROWSER", f"{sys.executable} {browser} %s")
    with program.start("review") as child:
        try:
            until(lambda: seen.exists() and b"</html>" in seen.read_bytes(), "a page")
            argument, address, _ = seen.read_text().split("\n", 2)
            with pytest.raises(urllib.error.HTTPError, match="403") as refused:
                urllib.request.urlopen(argument, timeout=60)  # noqa: S310
            refused.value.close()
            assert child.stdout.readline() == f"{address}\n" != f"{argument}\n"
        finally:
            child.send_signal(signal.SIGINT)
    assert child.returncode == 0


def test_a_key_opens_the_page_once_and_for_this_computer_alone(library):
    client = Client(App(library.desk, Guard(TOKEN, 4000, {"key"})))
    assert client.get("/key/", headers={"Host": "evil.example:4000"}).status_code == 403
    assert client.head("/key/", headers={"Host": HOST}).status_code == 403
    assert client.get("/key/near/x", headers={"Host": HOST}).status_code == 403
    answer = client.get("/key/", headers={"Host": HOST})
    assert (answer.status_code, answer.location) == (303, f"/{TOKEN}/")
    assert client.get("/key/", headers={"Host": HOST}).status_code == 403


@pytest.mark.parametrize("number", interrupts.ENDING)
def test_each_way_of_ending_a_command_ends_the_page(program, number):
    filled(program)
    with program.start("review", "--no-browser") as child:
        child.stdout.readline()
        child.send_signal(number)
        _, errors = child.communicate()
    assert child.returncode in (0, 130)  # 130 before the page is served
    assert "Traceback" not in errors


@pytest.mark.parametrize("browser", ["/nowhere/browser %s", "it's %s"])
def test_a_browser_that_cannot_start_is_reported_with_the_next_step(program, monkeypatch, browser):
    filled(program)
    monkeypatch.setenv("BROWSER", browser)
    with program.start("review") as child:
        try:
            assert child.stderr.readline() == "No browser opened: open the address yourself.\n"
        finally:
            child.send_signal(signal.SIGINT)
