"""The page of `tagger review` in Chromium: every key, every button, two pages, a vanished file."""

from __future__ import annotations

import contextlib
import shutil
import threading
from pathlib import Path

import bundles
import media
import pytest
from daemons import until

from tagger import config, tags
from tagger.cli.report.page import write_page
from tagger.core.domain import Action, Outcome
from tagger.review import desk
from tagger.review.server import ReviewServer

playwright = pytest.importorskip("playwright.sync_api")
CHROMIUM = shutil.which("chromium")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed"),
]

NAMES = ("a", "b", "c")


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def served(program, browser):
    """Serve a library of unsure files, and open its page at a phone's width."""
    for number, name in enumerate(NAMES):
        signal = bundles.both(4.0, number)
        media.make(program.music / f"{name}.mp3", "mp3", signal=signal)
    program.scan()
    with ReviewServer(config.load(program.config), []) as server, contextlib.ExitStack() as stack:
        thread = threading.Thread(target=server.serve)
        thread.start()
        stack.callback(thread.join)
        stack.callback(server.stop)
        context = stack.enter_context(
            contextlib.closing(browser.new_context(viewport={"width": 390, "height": 800}))
        )
        page = context.new_page()
        page.goto(server.url)
        yield page, server, context


def genres(program, name):
    return tags.read(program.music / f"{name}.mp3").genres


def expect(page, text):
    playwright.expect(page.locator("#message")).to_contain_text(text)


def test_every_action_works_by_keyboard_alone(served, program):
    page, _, _ = served
    press = page.keyboard.press
    press("j")
    likeliest = page.locator("article .guess").first.get_attribute("data-genre")
    press("a")
    expect(page, f"a.mp3: {likeliest}")
    assert genres(program, "a") == (likeliest,)
    press("u")
    expect(page, "a.mp3: no genre")
    assert genres(program, "a") == ()
    press("j")
    press("2")
    expect(page, "b.mp3: ")
    assert genres(program, "b") not in ((), (likeliest,))
    press("j")
    press("e")
    page.keyboard.type("Krautrock")
    press("Enter")
    expect(page, "c.mp3: Krautrock")
    assert genres(program, "c") == ("Krautrock",)
    press("k")
    press("k")
    press("x")
    expect(page, "a.mp3: no genre")
    assert page.locator("article").first.get_attribute("class") == "chosen"
    press("n")
    playwright.expect(page.locator(".nearest li")).to_have_count(2)


def test_a_format_that_the_browser_lacks_is_played_as_wav(served, program):
    page, _, _ = served
    media.make(program.music / "0.ape", "ape", signal=bundles.both(4.0, 9))
    program.scan()
    page.reload()
    page.keyboard.press("j")
    page.keyboard.press("p")
    audio = page.locator("audio").first
    until(lambda: audio.evaluate("one => one.currentTime > 0"), "the sound")
    assert "/part/" in audio.evaluate("one => one.currentSrc")


def test_a_sound_that_cannot_be_played_is_named_each_time(served, program):
    page, _, _ = served
    (program.music / "a.mp3").write_bytes(b"no sound")
    page.keyboard.press("j")
    page.keyboard.press("p")
    expect(page, "cannot be played")
    page.keyboard.press("l")
    expect(page, "no further page")
    page.keyboard.press("p")
    expect(page, "cannot be played")


def test_enter_in_the_composition_of_a_word_writes_no_genre(served, program):
    page, _, _ = served
    page.keyboard.press("j")
    page.keyboard.press("e")
    page.keyboard.type("ろっく")
    for how in ({"isComposing": True}, {"keyCode": 229}):
        field = page.locator("article input").first
        field.dispatch_event("keydown", {"key": "Enter", "bubbles": True, **how})
    playwright.expect(field).to_have_value("ろっく")
    page.keyboard.press("Enter")
    expect(page, "a.mp3: ろっく")
    assert genres(program, "a") == ("ろっく",)


def test_pages_views_and_the_filter_open_by_key(served, program, monkeypatch):
    page, _, _ = served
    monkeypatch.setattr(desk, "PAGE", 1)
    folder = program.music / "other"
    folder.mkdir()
    media.make(folder / "d.flac", "flac", signal=bundles.low(4.0, 9))
    program.scan("--dry-run")
    press = page.keyboard.press
    press("v")
    page.wait_for_url("**view=written*")
    playwright.expect(page.locator("main")).to_contain_text("No written file")
    press("v")
    page.wait_for_url("**view=all*")
    press("l")
    page.wait_for_url("**page=1*")
    playwright.expect(page.locator("article h3")).to_have_text("d.flac")
    press("h")
    page.wait_for_url("**page=0*")
    press("/")
    page.keyboard.type("b.mp3\n")
    page.wait_for_url("**text=b.mp3*")
    playwright.expect(page.locator("article h3")).to_have_text("b.mp3")


def test_every_button_works_by_mouse_on_a_narrow_screen(served, program):
    page, _, _ = served
    first = page.locator("article").first
    first.locator(".guess").nth(1).click()
    expect(page, "a.mp3: ")
    assert genres(program, "a")
    first.locator(".undo").click()
    expect(page, "a.mp3: no genre")
    first.locator(".accept").click()
    playwright.expect(first.locator(".genres")).not_to_have_text("no genre")
    page.locator("article").nth(1).locator(".leave").click()
    expect(page, "b.mp3: no genre")
    page.locator("article").nth(1).locator(".near").click()
    playwright.expect(page.locator(".nearest li")).to_have_count(2)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_an_old_page_and_a_vanished_file_show_a_message(served, program):
    page, server, context = served
    other = context.new_page()
    other.goto(server.url)
    page.locator("article .accept").first.click()
    expect(page, "a.mp3: ")
    written = genres(program, "a")
    other.locator("article .guess").nth(1).click()
    expect(other, "has another genre now")
    assert genres(program, "a") == written
    (program.music / "b.mp3").unlink()
    page.locator("article .accept").nth(1).click()
    expect(page, "cannot be read")
    page.route("**/near/*", lambda route: route.abort())
    page.locator("article .near").first.click()
    expect(page, "does not answer")
    playwright.expect(page.locator("article .nearest").first).to_be_hidden()
    page.unroute("**/near/*")
    page.locator("article .near").first.click()
    playwright.expect(page.locator("article .nearest li").first).to_be_visible()


def test_the_page_breaks_no_rule_of_its_own_policy(served):
    page, server, _ = served
    found = []
    page.on("console", lambda entry: found.append(entry.text))
    page.on("request", lambda request: found.append(request.url))
    page.reload()
    page.wait_for_load_state("networkidle")
    assert not [text for text in found if "Content Security Policy" in text]
    assert all(text.startswith(server.url) for text in found if text.startswith("http"))


def test_the_page_of_a_run_is_filtered_and_sorted(browser, tmp_path):
    outcomes = [
        Outcome(Path(f"/m/{name}.mp3"), action, (), after, None, sure, reason)
        for name, action, after, sure, reason in [
            ("a", Action.SET, ("Rock",), 0.91, "Rock at 91%"),
            ("b", Action.KEEP, (), None, "has a genre"),
            ("c", Action.SET, ("Pop",), 0.99, "Pop at 99%"),
        ]
    ]
    path = tmp_path / "page.html"
    write_page(path, outcomes, dry_run=True, run=None)
    page = browser.new_page()
    page.goto(path.as_uri())
    names = "[...document.querySelectorAll('tbody tr')].filter(r => !r.hidden)"
    names = f"{names}.filter(r => r.className).map(r => r.cells[1].textContent)"
    assert page.evaluate(names) == ["a.mp3", "b.mp3", "c.mp3"]
    page.get_by_role("button", name="Sure").click()
    assert page.evaluate(names) == ["b.mp3", "a.mp3", "c.mp3"]
    page.get_by_role("button", name="Sure").click()
    assert page.evaluate(names) == ["c.mp3", "a.mp3", "b.mp3"]
    page.get_by_label("Filter").fill("rock")
    assert page.evaluate(names) == ["a.mp3"]
    page.get_by_label("Filter").fill("")
    page.get_by_label("kept as is").uncheck()
    assert page.evaluate(names) == ["c.mp3", "a.mp3"]
    page.close()
