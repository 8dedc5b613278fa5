"""Make `old_state/`: a home as the first state format left it, for the tests of migrations.

    python make_old_state.py CHECKOUT

CHECKOUT is a checkout of commit 95dbd91, the last before the first migration of a user's
state. Its program makes all of the state; only the failures of a machine (an unreadable file, a
killed worker) and the queue are put there by that program's own store. Sounds are sparse, so that
WavPack takes few bytes for them. `@HOME@` replaces the home's path everywhere. Left out to save
space: most of the files that the model was trained on, the features of the library, and the copy
of the model that only a next training compares.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import media
import mutagen
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from numpy.typing import NDArray

    Samples = NDArray[np.float32]

TARGET = Path(__file__).parent / "old_state"
HOME = "@HOME@"
RATE = 22050
SECONDS = 3.2
EACH = 10
KEPT = 2
"""Files for each genre that stay in the folder that the model was trained on."""

CONFIG = """\
[library]
roots = ["@HOME@/music"]
ignore = ["ignored/"]
[listen]
[tags]
min_confidence = 0.9
[genres]
[albums]
[playlists]
[players]
[model]
bundle = "active"
[workers]
count = 1
[store]
folder = "@HOME@/state"
[daemon]
settle = 0.3
log_format = "json"
io_priority = "normal"
nice = 0
[training]
folders = ["@HOME@/sorted"]
csv = ["@HOME@/Sunday.csv"]
minimum = 10
[training.spotify]
"""

EVERY_KEY = """\
[library]
roots = ["@HOME@/music", "@HOME@/more"]
ignore = ["Audiobooks/", "*.wma"]
[listen]
offset = 12.5
length = 45.0
[tags]
mode = "add"
min_confidence = 0.75
target_precision = 0.95
max_genres = 2
keep = ["Audiobook"]
preserve_mtime = true
hard_links = "break"
id3_version = "2.3"
[genres]
names = { hiphop = "Rap" }
parents = true
never = ["Disco"]
[albums]
together = false
[playlists]
enabled = false
folder = "Lists"
min_tracks = 3
profile = "absolute"
extension = "m3u"
music_directory = "@HOME@/music"
map = [{ from = "@HOME@/music", to = "/music" }]
[players.mpd]
address = "nas:6600"
password = "one"
map = [{ from = "@HOME@/music", to = "/" }]
[players.navidrome]
url = "http://127.0.0.1:4533"
user = "admin"
password = "two"
[players.jellyfin]
url = "http://127.0.0.1:8096"
api_key = "three"
map = [{ from = "@HOME@/music", to = "/music" }]
[players.kodi]
url = "http://127.0.0.1:8080"
user = "kodi"
password = "four"
map = [{ from = "@HOME@/music", to = "/music" }]
[players.lyrion]
url = "http://127.0.0.1:9000"
user = "lms"
password = "five"
[model]
bundle = "default"
[workers]
count = 3
timeout = 30.0
memory_mb = 1024
[store]
folder = "@HOME@/elsewhere"
[daemon]
settle = 5.0
reconcile_interval = 600.0
poll_interval = 30.0
poll = ["@HOME@/music"]
inotify = ["@HOME@/more"]
workers = 2
nice = 5
io_priority = "low"
log_format = "keyvalue"
metrics_port = 9100
[training]
folders = ["@HOME@/sorted"]
tags = ["Jazz"]
playlists = ["@HOME@/lists"]
csv = ["@HOME@/tables"]
genres = { Misc = "" }
parents = { Newgrass = "Bluegrass" }
minimum = 20
balance = 3.0
[training.spotify]
enabled = true
client_id = "abc"
exports = ["@HOME@/exports"]
[training.spotify.playlists]
Mornings = "Ambient"
"""

TABLE = """\
Track URI,Track Name,Artist Name(s),Album Name,Duration (ms)
uri:1,Same,Band,Other,3300
"""

KILL = """
import os, signal, sys
replace = os.replace
def killed(source, target, **options):
    replace(source, target, **options)
    os.killpg(0, signal.SIGKILL)
os.replace = killed
from tagger.cli import main
main()
"""

ROWS = """
import sys
from pathlib import Path
from tagger.domain import FileIdentity
from tagger.store import Store
home = Path(sys.argv[1])
music = home / "music"
with Store(home / "state") as store:
    for name, kind, reason, attempts in (
        ("unreadable", "UnreadableError", "cannot be opened: Permission denied", 1),
        ("slow", "WorkerTimedOutError", "took longer than 60 s", 3),
        ("crash", "WorkerCrashedError", "the worker process died", 3),
    ):
        path = music / "failing" / f"{name}.wv"
        store.failures.begin(path, FileIdentity.of(path.stat()), blamed=False)
        store.failures.failed(path, kind, reason, attempts=attempts)
    ended = music / "failing/ended.wv"
    store.failures.begin(ended, FileIdentity.of(ended.stat()), blamed=True)
    store.queue.put(music, [music / "queued/failed.wv"])
    store.queue.take(5)
    store.queue.give_back(failed=True)
    store.queue.put(music, [music / "queued/taken.wv"])
    store.queue.take(5)
    store.queue.put(music, [music / "queued/waiting.wv"])
"""


def low(seed: int) -> Samples:
    """Make a dull sound: a smooth bump of 40 ms, three times a second."""
    return _repeated(np.hanning(round((0.04 + 0.001 * seed) * RATE)) * 0.6, 0.3, seed)


def high(seed: int) -> Samples:
    """Make a bright sound: a click, forty times a second."""
    return _repeated(np.array([0.6, -0.6]), 0.025, seed)


def both(seed: int) -> Samples:
    """Make a sound that is neither dull nor bright."""
    return np.asarray((low(seed) + high(seed)) / 2, np.float32)


def _repeated(shape: NDArray[np.floating[Any]], interval: float, seed: int) -> Samples:
    signal = np.zeros(round(SECONDS * RATE), np.float32)
    step = round((interval + 0.0005 * seed) * RATE)
    for start in range(0, len(signal) - len(shape), step):
        signal[start : start + len(shape)] = shape
    return signal


def put(
    path: Path,
    sound: Callable[[int], Samples],
    seed: int,
    format: str = "wavpack",  # noqa: A002
    **fields: Any,
) -> Path:
    """Write a file of a sound, with tags of its own."""
    path.parent.mkdir(parents=True, exist_ok=True)
    tags = {"title": path.stem, "artist": f"Artist {seed}"} | fields
    return media.make(path, format, signal=sound(seed), rate=RATE, tags=tags)


class Old:
    """The old program in a home of its own."""

    def __init__(self, home: Path, checkout: Path) -> None:
        self.home, self.checkout = home, checkout
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "TAGGER_CONFIG": str(home / "config.toml"),
            "PYTHONPATH": str(checkout),
        }

    def python(
        self, *args: object, check: bool = True, **options: Any
    ) -> subprocess.CompletedProcess[str]:
        """Run Python with the old program in its path; return what it printed."""
        return subprocess.run(
            [sys.executable, *map(str, args)],
            env=self.environment,
            cwd=self.home,
            capture_output=True,
            text=True,
            check=check,
            **options,
        )

    def objects(self, *args: object) -> list[dict[str, Any]]:
        """Run the program; return the JSON objects that it printed."""
        result = self.python("-m", "tagger", *args, check=False)
        if result.returncode not in (0, 1, 3):
            sys.exit(f"{args}: {result.returncode}: {result.stdout}{result.stderr}")
        return [json.loads(line) for line in result.stdout.splitlines() if line.startswith("{")]


def make(old: Old) -> dict[str, str]:
    """Fill the home; return the SHA-256 of each file before its first write."""
    music = old.home / "music"
    (old.home / "config.toml").write_text(CONFIG.replace(HOME, str(old.home)))
    (old.home / "every_key.toml").write_text(EVERY_KEY.replace(HOME, str(old.home)))
    (old.home / "Sunday.csv").write_text(TABLE)
    for number in range(EACH):
        put(old.home / f"sorted/Low/{number}.wv", low, number)
        put(old.home / f"sorted/High/{number}.wv", high, number)
    music.mkdir()
    old.objects("train", "--json", "--promote", "always", "--source", "folders")
    put(music / "one/low.mp3", low, 3, "mp3", album="One")
    put(music / "one/low.ogg", low, 4, "vorbis", album="One")
    put(music / "two/high.flac", high, 3, "flac", title="Same", artist="Band", album="First")
    put(music / "two/high.wv", high, 4, title="Same", artist="Band", album="Second")
    put(music / "unsure.wv", both, 1)
    put(music / "mine.wv", high, 5, genre=["Sunday"])
    put(music / "corrected.wv", low, 5)
    failing = music / "failing"
    failing.mkdir()
    media.make(failing / "short.wv", "wavpack", seconds=0.1)
    media.make(failing / "silent.wv", "wavpack", signal=np.zeros(4 * RATE), rate=RATE)
    sound = (music / "mine.wv").read_bytes()
    (failing / "broken.wv").write_bytes(sound[:100] + bytes(len(sound) - 100))
    (failing / "text.mp3").write_bytes(b"no sound\n" * 40)
    originals = _digests(music)
    old.objects("scan", "--json", "--dry-run")
    old.objects("scan", "--json")
    file = mutagen.File(music / "corrected.wv")
    file["Genre"] = "Drone"
    file.save()
    put(music / "undone.m4a", low, 6, "m4a")
    originals |= _digests(music / "undone.m4a")
    old.objects("scan", "--json")
    old.objects("undo", "--json")
    put(music / "interrupted.wv", high, 6)
    originals |= _digests(music / "interrupted.wv")
    old.python("-c", KILL, "scan", check=False, start_new_session=True)
    for number, name in enumerate(("unreadable", "slow", "crash", "ended")):
        put(failing / f"{name}.wv", low, number)
    for number, name in enumerate(("failed", "taken", "waiting")):
        put(music / f"queued/{name}.wv", high, number)
    old.python("-c", ROWS, old.home)
    old.python("-m", "tagger", "train", "match", "uri:1", music / "two/high.wv")
    return {str(Path(path).relative_to(music)): digest for path, digest in originals.items()}


def _digests(path: Path) -> dict[str, str]:
    files = path.rglob("*") if path.is_dir() else [path]
    return {str(f): hashlib.sha256(f.read_bytes()).hexdigest() for f in files if f.is_file()}


def trim(old: Old) -> None:
    """Delete the large parts of the home that no test needs."""
    kept = [old.home / f"sorted/{g}/{n}.wv" for g in ("Low", "High") for n in range(KEPT)]
    for path in set((old.home / "sorted").rglob("*.wv")) - set(kept):
        path.unlink()
    for folder in (old.home / "state/models").glob("*/measured"):
        shutil.rmtree(folder)
    with contextlib.closing(_database(old)) as database:
        names = ", ".join("?" * len(kept))
        samples = f"SELECT content_id FROM samples WHERE path IN ({names})"  # noqa: S608
        for statement in (
            f"DELETE FROM features WHERE content_id NOT IN ({samples})",  # noqa: S608
            f"DELETE FROM samples WHERE path NOT IN ({names})",  # noqa: S608
        ):
            database.execute(statement, [os.fsencode(path) for path in kept])
        database.commit()


def _database(old: Old) -> sqlite3.Connection:
    return sqlite3.connect(old.home / "state/tagger.sqlite3")


def dump(old: Old) -> str:
    """Return the database as SQL."""
    with contextlib.closing(_database(old)) as database:
        version = database.execute("PRAGMA user_version").fetchone()[0]
        text = "\n".join([*database.iterdump(), f"PRAGMA user_version = {version};\n"])
    home = str(old.home)
    blobs = text.replace(home.encode().hex().upper(), HOME.encode().hex().upper())
    return blobs.replace(home, HOME)


def store(old: Old, originals: dict[str, str]) -> None:
    """Copy the home into `TARGET`, with the results of the old program on it."""
    shutil.rmtree(TARGET, ignore_errors=True)
    ignore = shutil.ignore_patterns(".*", "*.sqlite3*", "*lock", "training")
    shutil.copytree(old.home, TARGET, ignore=ignore)
    for name in ("config.toml", "every_key.toml"):
        (TARGET / name).write_text((old.home / name).read_text().replace(str(old.home), HOME))
    (TARGET / "database.sql").write_text(dump(old))
    expected = {
        "originals": originals,
        "status": old.objects("status", "--json")[0],
        "models": old.objects("models", "list", "--json"),
        "train": old.objects("train", "--json", "--dry-run")[0],
        "classify": old.objects("classify", "--json", old.home / "music/two/high.wv")[0],
        "scan": old.objects("scan", "--json"),
    }
    text = json.dumps(expected, indent=1, ensure_ascii=False)
    for folder, name in ((old.home, HOME), (old.checkout, "@CHECKOUT@")):
        text = text.replace(str(folder), name)
    (TARGET / "expected.json").write_text(text + "\n")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        program = Old(Path(folder).resolve(), Path(sys.argv[1]).resolve())
        digests = make(program)
        trim(program)
        store(program, digests)
