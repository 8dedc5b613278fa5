"""The pictures of the README, and the session in it: `python tests/support/pictures.py GTZAN`.

GTZAN is a folder with clips such as `jazz.00018.flac`. A library of made-up albums is built from
them, scanned with the default model, shown by `tagger review`, and played by a real MPD. Chromium
draws the pictures. Paths of the temporary home are shown as `/home/ada`.
"""

from __future__ import annotations

import contextlib
import io
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import mock

import av
import media
from PIL import Image, ImageDraw
from playwright.sync_api import sync_playwright
from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

from tagger.config import load
from tagger.review.server import ReviewServer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

ROOT = Path(__file__).resolve().parents[2]
IMAGES = ROOT / "docs" / "images"
HOME = "/home/ada"
ALBUMS = {
    ("Ensemble Nord", "Strings", "classical", "#998d79"): ("Andante", "Adagio"),
    ("Iron Vale", "Ash", "metal", "#222222"): ("Furnace", "Black Gate"),
    ("Island Sound", "Roots", "reggae", "#3c7a4a"): ("Morning Sun", "One River", "Harbour"),
    ("Mira", "Glass", "pop", "#c05a7a"): ("Hello", "Again"),
    ("Nora Quartet", "Blue Hours", "jazz", "#31527d"): ("Half Past Two", "Slow Train"),
    ("The Prairie Band", "Long Roads", "country", "#b07a34"): ("Homeward", "Dust and Rain"),
}
TAGGED = {"Morning Sun": "Reggae", "One River": "Reggae"}
CONFIGURATION = """[library]
roots = ["{home}/Music"]
[store]
folder = "{home}/state"
[workers]
count = 1
[daemon]
settle = 0
[[playlists.targets]]
folder = "{home}/lists"
profile = "mpd"
music_directory = "{home}/Music"
"""
MPD = """music_directory "{home}/Music"
playlist_directory "{home}/lists"
db_file "{home}/mpd.db"
log_file "{home}/mpd.log"
bind_to_address "{home}/mpd.socket"
auto_update "no"
audio_output {{
    type "null"
    name "none"
}}
"""


def make_library(clips: Path, home: Path) -> None:
    """Make the albums, and one file that is no music."""
    for (artist, album, genre, colour), titles in ALBUMS.items():
        folder = home / "Music" / artist / album
        folder.mkdir(parents=True)
        found = sorted(clips.glob(f"{genre}.*"))
        for number, title in enumerate(titles, 1):
            path = folder / f"{number:02} {title}.flac"
            _copy(found[(number - 1) % len(found)], path)
            media.tag(path, title=title, artist=artist, album=album, album_artist=artist)
            if title in TAGGED:
                media.tag(path, genre=TAGGED[title])
        _cover(colour, folder / "cover.png")
    (home / "Music" / "broken.mp3").write_bytes(b"no music at all" * 99)
    (home / "config.toml").write_text(CONFIGURATION.format(home=home))


def _copy(source: Path, target: Path) -> None:
    """Decode a clip and encode it as FLAC without tags."""
    with av.open(str(source)) as clip, av.open(str(target), "w", "flac") as out:
        stream = out.add_stream("flac", rate=clip.streams.audio[0].rate)
        for frame in clip.decode(audio=0):
            frame.pts = None
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))


def _cover(colour: str, path: Path) -> None:
    image = Image.new("RGB", (300, 300), colour)
    draw = ImageDraw.Draw(image)
    for step in range(9):
        box = (25 + 13 * step, 25 + 14 * step, 275 - 9 * step, 275 - 8 * step)
        draw.ellipse(box, outline="#f4efe4", width=3)
    image.save(path)


def run(home: Path, *words: str) -> str:
    """Run a command as on a terminal of 118 columns; return its output with colours."""
    environment = os.environ | {
        "HOME": str(home),
        "TAGGER_CONFIG": str(home / "config.toml"),
        "PYTHONPATH": str(ROOT),
        "COLUMNS": "118",
        "TERM": "xterm-256color",
        "MPD_HOST": str(home / "mpd.socket"),
    }
    command = " ".join(f"'{word}'" for word in words)
    size = f"stty cols 118 rows 60; {command}"
    done = subprocess.run(
        ["script", "-qec", size, "/dev/null"], env=environment, capture_output=True, check=False
    )
    text = done.stdout.decode().replace("\r\n", "\n").replace(str(home), HOME)
    return text.rpartition("\x1b[2K")[2].lstrip("\r")


def draw(browser: Browser, text: str, path: Path, columns: int) -> None:
    """Draw text of a terminal."""
    console = Console(
        record=True, width=columns, file=io.StringIO(), force_terminal=True, color_system="256"
    )
    console.print(Text.from_ansi(text.rstrip("\n")))
    body = console.export_html(
        inline_styles=True,
        theme=MONOKAI,
        code_format='<pre style="font:15px/1.2 DejaVu Sans Mono,monospace;margin:0;padding:22px;'
        'background:#16181d;color:#e4e4ea;display:inline-block">{code}</pre>',
    )
    page = browser.new_page(viewport={"width": 1300, "height": 800})
    page.set_content(f'<body style="margin:0">{body}</body>')
    page.locator("pre").screenshot(path=path)
    page.close()


def picture_of_review(browser: Browser, home: Path) -> None:
    """Draw the page with one track in focus, at the width of a narrow window."""
    with (
        mock.patch.dict(os.environ, {"TAGGER_CONFIG": str(home / "config.toml")}),
        ReviewServer(load(), []) as server,
        contextlib.ExitStack() as stack,
    ):
        thread = threading.Thread(target=server.serve)
        thread.start()
        stack.callback(thread.join)
        stack.callback(server.stop)
        page = browser.new_page(viewport={"width": 820, "height": 640})
        page.goto(server.url + "?view=all&text=Roots")
        for key in "jjj":
            page.keyboard.press(key)
        page.evaluate(
            "([from, to]) => document.querySelectorAll('.path').forEach("
            "one => { one.textContent = one.textContent.replace(from, to); })",
            [str(home), HOME],
        )
        page.wait_for_load_state("networkidle")
        page.screenshot(path=IMAGES / "review.png")
        page.close()


@contextlib.contextmanager
def player(home: Path) -> Iterator[None]:
    """Run MPD with the library, and with the playlists that tagger wrote."""
    (home / "mpd.conf").write_text(MPD.format(home=home))
    with subprocess.Popen(
        ["mpd", "--no-daemon", str(home / "mpd.conf")], stderr=subprocess.DEVNULL
    ) as running:
        try:
            while not (home / "mpd.socket").exists():
                time.sleep(0.1)
            run(home, "mpc", "--wait", "update")
            yield
        finally:
            running.terminate()


def main() -> None:
    """Make the pictures, and print the session."""
    clips = Path(sys.argv[1])
    home = Path(tempfile.mkdtemp())
    tagger = sys.executable, "-m", "tagger"
    try:
        make_library(clips, home)
        with sync_playwright() as started:
            browser = started.chromium.launch(
                executable_path=shutil.which("chromium"), args=["--no-sandbox"]
            )
            shown = run(home, *tagger, "scan", "--dry-run", f"{home}/Music")
            text = f"\x1b[1m$ tagger scan --dry-run ~/Music\x1b[0m\n{shown}"
            draw(browser, text, IMAGES / "dry-run.png", 118)
            sys.stdout.write(run(home, *tagger, "scan", f"{home}/Music"))
            picture_of_review(browser, home)
            with player(home):
                commands = [
                    ("mpc", "lsplaylists"),
                    ("mpc", "load", "Reggae"),
                    ("mpc", "--format=%artist% - %title%", "play"),
                    ("mpc", "--format=%artist% - %title%", "playlist"),
                ]
                parts = [f"\x1b[1m$ {shlex.join(c)}\x1b[0m\n{run(home, *c)}" for c in commands]
            draw(browser, "".join(parts), IMAGES / "playlists.png", 70)
            sys.stdout.write(run(home, *tagger, "undo"))
    finally:
        shutil.rmtree(home)


if __name__ == "__main__":
    main()
