"""The cost of the evidence in a large library: `python benchmarks/evidence.py [TRACKS]`.

Fills a state database with tracks of made-up artists, half of them tagged by their owner. Prints
the processor time of the first run and of one file, and the memory of the process.
"""

from __future__ import annotations

import random
import resource
import sys
import tempfile
import time
from pathlib import Path

from tagger import config
from tagger.core.domain import FileIdentity, Track, TrackTags
from tagger.inference import in_use, read_manifest
from tagger.pipeline import build
from tagger.store import Store

GENRES = ("Rock", "Jazz", "Electronic", "Metal", "Shoegaze", "Classical", "Hip-Hop", "Folk")
FILES = 2000
BATCH = 10_000


def _track(number):
    artist, album = number // 40, number // 10
    genre = GENRES[artist % len(GENRES)]
    tags = TrackTags(
        genres=(genre,) if number % 2 else (),
        title=f"Song {number}",
        artist=f"Artist {artist} of {genre}",
        album=f"Album {album}",
        album_artist=f"Artist {artist} of {genre}",
    )
    root = Path("/music")
    path = root / genre / tags.artist / tags.album / f"{number}.mp3"
    return Track(path, root, FileIdentity(1, number, 1, 1), tags)


def main(tracks):
    """Fill a database and measure."""
    settings = in_use.resolve_bundle(config.Settings())
    manifest = read_manifest(settings.model.bundle.folder)
    with tempfile.TemporaryDirectory() as folder, Store(Path(folder)) as store:
        for start in range(0, tracks, BATCH):
            with store.transaction():
                for number in range(start, min(start + BATCH, tracks)):
                    store.files.put(_track(number))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        evidence = build.Basis(settings, manifest, store).evidence
        began = time.process_time()
        evidence.prepare()
        print(f"{tracks} tracks counted and fitted: {time.process_time() - began:.1f} s")
        began = time.process_time()
        evidence = build.Basis(settings, manifest, store).evidence
        evidence.prepare()
        print(f"prepared again: {1000 * (time.process_time() - began):.1f} ms")
        rng = random.Random(1)  # noqa: S311 - a repeatable sample
        files = [_track(2 * rng.randrange(tracks // 2)) for _ in range(FILES)]
        began = time.process_time()
        first = evidence.of(files[0])
        print(f"first file: {1000 * (time.process_time() - began):.2f} ms ({first.text})")
        began = time.process_time()
        for track in files:
            evidence.of(track)
        each = 1000 * (time.process_time() - began) / FILES
        print(f"one file: {each:.3f} ms")
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        print(f"memory: {(after - before) / 1024:.1f} MB more than {before / 1024:.0f} MB")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
