"""`make spotify-demo`: the whole way from a login to a trained model, against the stand-in.

Nothing leaves this computer. The library is made of noise whose pitch tells the genre; its tracks
stand on playlists among hundreds that the library does not have.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import media
import numpy as np
import spotify_pages as pages
import spotify_user
from spotify_server import CLIENT_ID, StandIn

if TYPE_CHECKING:
    from numpy.typing import NDArray


BANDS = {"Metal": (4000, 9000), "Ambient": (60, 250), "Progressive Bluegrass": (900, 2000)}
"""Hz: what the made genres sound like."""
EACH = 16
SECONDS = 6.0
RATE = 22_050
CHANGED = (
    ("Feather & Bone", "Feather and Bone - 2011 Remaster"),
    ("Grey Harbour (feat. Ida)", "Grey Harbour"),
)
"""Titles in the library, and what the same recordings are called on the playlist."""


def sound(band: tuple[float, float], seed: int) -> NDArray[np.float32]:
    rng = np.random.default_rng(seed)
    spectrum = np.fft.rfft(rng.normal(size=int(SECONDS * RATE)))
    hz = np.fft.rfftfreq(int(SECONDS * RATE), 1 / RATE)
    spectrum[(hz < band[0]) | (hz > band[1] * rng.uniform(0.8, 1.2))] *= 1e-3
    signal = np.fft.irfft(spectrum)
    return np.asarray(signal / np.abs(signal).max() * 0.8, np.float32)


def make_song(
    folder: Path, genre: str, number: int, title: str, album: str = "Songs"
) -> dict[str, str]:
    tags = {"title": title, "artist": f"{genre} Artist {number // 2}", "album": album}
    path = folder / album / f"{genre} {number:02}.flac"
    path.parent.mkdir(exist_ok=True, parents=True)
    media.make(path, "flac", signal=sound(BANDS[genre], number), rate=RATE, tags=tags)
    return tags


def make_library(folder: Path, playlists: list[pages.Playlist]) -> None:
    """Make the files, and put each track on its genre's playlist."""
    for genre in BANDS:
        playlist = next(p for p in playlists if p.name == f"My {genre}")
        for number in range(EACH):
            mine, theirs = CHANGED[number] if number < len(CHANGED) else (f"Song {number}",) * 2
            tags = make_song(folder, genre, number, mine)
            song = pages.Song(
                theirs, tags["artist"], "Songs", SECONDS, "", f"{genre[:4]}{number:018}"
            )
            playlist.places.insert(10 * number, pages.track_place(song))
    make_song(folder, "Metal", EACH, "Twice", album="Loud")
    make_song(folder, "Metal", EACH, "Twice", album="Louder")
    song = pages.Song("Twice", f"Metal Artist {EACH // 2}", "Loudest", SECONDS, "", "t" * 22)
    playlists[0].places.insert(0, pages.track_place(song))


class Demo:
    """A home of its own, and a screen."""

    def __init__(self, home: Path, server: StandIn) -> None:
        self.home, self.server = home, server
        wanted = [p for p in server.playlists if p.name.removeprefix("My ") in BANDS]
        named = {f"https://open.spotify.com/playlist/{p.id}": p.name[3:] for p in wanted}
        theirs = next(p for p in server.playlists if p.owner == pages.SOMEBODY)
        named[theirs.id] = "Metal"
        tables = "\n".join(f"{json.dumps(link)} = {json.dumps(g)}" for link, g in named.items())
        self.config = home / "config.toml"
        self.config.write_text(
            f'[library]\nroots = ["{home}/music"]\n[store]\nfolder = "{home}/state"\n'
            f"[training]\nminimum = 10\n"
            f'[training.spotify]\nenabled = true\nclient_id = "{CLIENT_ID}"\n'
            f"[training.spotify.playlists]\n{tables}\n"
        )
        self.environment = os.environ | {
            "HOME": str(home),
            "TAGGER_CONFIG": str(self.config),
            "TAGGER_SPOTIFY_STAND_IN": server.url,
            "NO_PROXY": "127.0.0.1",
        }

    def say(self, text: str) -> None:
        sys.stdout.write(f"\n\033[1m# {text}\033[0m\n")
        sys.stdout.flush()

    def tagger(self, *args: str) -> None:
        sys.stdout.write(f"$ tagger {' '.join(args)}\n")
        sys.stdout.flush()
        subprocess.run([sys.executable, "-m", "tagger", *args], env=self.environment, check=False)

    def log_in(self) -> None:
        sys.stdout.write("$ tagger spotify login --paste\n")
        with subprocess.Popen(
            [sys.executable, "-m", "tagger", "spotify", "login", "--paste"],
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as child:
            assert child.stdin
            assert child.stdout
            child.stdin.write("y\n")
            child.stdin.flush()
            for line in child.stdout:
                sys.stdout.write(line.replace("[y/N]: ", "[y/N]: y\n\n"))
                if "/authorize?" in line:
                    break
            answer = spotify_user.follow(line.strip())
            child.stdin.write(f"{answer}\n")
            child.stdin.flush()
            sys.stdout.write(child.stdout.read().replace("Address: ", f"Address: {answer}\n\n"))


def main() -> None:
    playlists = pages.made_playlists()
    playlists[1].owner = pages.SOMEBODY
    with tempfile.TemporaryDirectory() as folder, StandIn(playlists) as server:
        home = Path(folder)
        make_library(home / "music", playlists)
        demo = Demo(home, server)
        demo.say("The source is off until it is turned on, and a clause is agreed to")
        demo.log_in()
        demo.say("What the account has")
        demo.tagger("spotify", "playlists")
        demo.say("The quota ends in the middle; what was read is kept")
        server.fail("quota", "/items", after=12)
        demo.tagger("spotify", "sync")
        demo.say("Later it goes on at the next page; a playlist of somebody else's stops nothing")
        demo.tagger("spotify", "sync")
        read = server.pages_read()
        sys.stdout.write(f"({len(read)} pages were answered, {len(set(read))} different ones)\n")
        demo.say("What of it is in the library; two files serve one entry alike")
        demo.tagger("spotify", "match")
        twice = home / "music" / "Loud" / f"Metal {EACH:02}.flac"
        demo.tagger("train", "match", f"spotify:track:{'t' * 22}", str(twice))
        demo.tagger("spotify", "match")
        demo.say("A model from it")
        demo.tagger("train", "--source", "spotify")
        demo.tagger("models", "list")
        demo.say("Nothing of Spotify's stays behind")
        demo.tagger("spotify", "logout", "--purge")
        demo.tagger("spotify", "status")
        sys.stdout.write(f"state: {sorted(p.name for p in (home / 'state').iterdir())}\n")


if __name__ == "__main__":
    main()
