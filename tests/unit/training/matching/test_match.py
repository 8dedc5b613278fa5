from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("rapidfuzz", reason="matching needs the extra `train`")
pytest.importorskip("anyascii", reason="matching needs the extra `train`")

from training.labels import ListedTrack
from training.matching.match import LocalTrack, Tier, match
from training.matching.normalize import track_name

TABLE = (Path(__file__).parents[3] / "support" / "matching_pairs.tsv").read_text(encoding="utf-8")
PAIRS = list(csv.DictReader(TABLE.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE))
"""Entries of a streaming service and files, and whether they are the same recording."""


def entry(title="Song", artists=("Band",), *, album="", seconds=200.0, isrc="", key=""):
    return ListedTrack(title, artists, "Rock", "csv", album, seconds, isrc, key)


def candidate(path, title="Song", artists=("Band",), *, album="", seconds=200.0, isrc=""):
    return LocalTrack(Path(path), title, artists, album, seconds, isrc)


def wanted(row):
    return entry(
        row["title"],
        tuple(row["artists"].split("|")),
        album=row["album"],
        seconds=float(row["seconds"]),
        isrc=row["isrc"],
    )


def on_disk(row, number=0):
    return candidate(
        f"/music/{number}",
        row["file_title"],
        tuple(row["file_artist"].split("|")),
        album=row["file_album"],
        seconds=float(row["file_seconds"]),
        isrc=row["file_isrc"],
    )


def test_of_the_golden_pairs_99_in_100_matches_are_right(record_testsuite_property, capsys):
    said = Counter()
    wrong = []
    for row in PAIRS:
        matched = bool(match([wanted(row)], [on_disk(row)]).matched)
        said[row["same"], matched] += 1
        if matched != (row["same"] == "yes"):
            wrong.append(f"{'missed' if row['same'] == 'yes' else 'WRONG'}: {row['what']}")
    precision = said["yes", True] / (said["yes", True] + said["no", True])
    recall = said["yes", True] / (said["yes", True] + said["yes", False])
    record_testsuite_property("matching_precision", precision)
    record_testsuite_property("matching_recall", recall)
    with capsys.disabled():
        text = f"{len(PAIRS)} golden pairs: precision {precision:.1%}, recall {recall:.1%}"
        print("\n" + "\n".join([*wrong, text]))  # noqa: T201
    assert len(PAIRS) >= 150
    assert precision >= 0.99
    assert recall >= 0.9


def test_each_golden_entry_finds_its_file_among_all_golden_files():
    library = [on_disk(row, number) for number, row in enumerate(PAIRS)]
    for number, row in enumerate(PAIRS):
        for found in match([wanted(row)], library).matched:
            own = library[number].duration_s
            if row["same"] == "yes":  # the table has some recordings twice
                assert found.candidate.duration_s == pytest.approx(own, abs=1)
            else:
                assert found.candidate != library[number]


def test_a_choice_of_the_user_goes_before_everything():
    song = entry(isrc="X1", key="uri:1")
    same, other = candidate("/a", isrc="X1"), candidate("/b", "Something else")
    chosen = match([song], [same, other], {"uri:1": Path("/b")})
    assert [(m.candidate, m.tier) for m in chosen.matched] == [(other, Tier.CHOSEN)]
    assert match([song], [same, other], {"uri:1": None}).missing == (song,)
    outside = match([song], [same], {"uri:1": Path("/b")})
    assert [(m.candidate.path, m.tier) for m in outside.matched] == [(Path("/b"), Tier.CHOSEN)]


def test_a_choice_for_an_entry_without_an_id_is_kept_by_its_names():
    song = entry("Lost", ("Someone",), album="Words")
    found = match([song], [candidate("/b", "Other")], {song.key: Path("/b")})
    assert found.matched[0].tier is Tier.CHOSEN


@pytest.mark.parametrize(
    ("file", "tier"),
    [
        (candidate("/a", "Song (Remastered)", isrc="GB-X-1"), Tier.ISRC),
        (candidate("/a", seconds=203.0), Tier.EXACT),
        (candidate("/a", "Songg", seconds=205.0), None),
        (candidate("/a", seconds=205.0), Tier.SIMILAR),
        (candidate("/a", seconds=206.0), None),
        (candidate("/a", seconds=None), Tier.EXACT),
        (candidate("/a", artists=("Another",)), None),
        (candidate("/a", artists=()), None),
        (candidate("/a", "Quite different", isrc="GBX1", seconds=202.0), Tier.ISRC),
        (candidate("/a", "Quite different", isrc="GBX1", seconds=230.0), None),
    ],
)
def test_a_match_has_the_expected_tier(file, tier):
    found = match([entry(isrc="gbx1")], [file]).matched
    assert (found[0].tier if found else None) == tier


@pytest.mark.parametrize("seconds", [0.0, 4.9, 5.0, 199.0, 1e9])
def test_a_similar_title_is_found_up_to_five_seconds_away(seconds):
    song = entry("A long song", seconds=seconds)
    for apart in (-5.1, -5.0, 0.0, 5.0, 5.1):
        near = candidate("/a", "A long songg", seconds=seconds + apart)
        assert len(match([song], [near]).matched) == (abs(apart) <= 5)
    for odd in (float("inf"), float("nan")):
        assert not match([song], [candidate("/a", "A long songg", seconds=odd)]).matched


def test_equal_candidates_are_decided_by_album_or_ambiguous():
    first, second = candidate("/1", album="First"), candidate("/2", album="Hits (Deluxe)")
    assert match([entry(album="Hits")], [first, second]).matched[0].candidate == second
    unsure = match([entry(album="Other Hits")], [second, first])
    assert unsure.matched == ()
    assert unsure.ambiguous[0].candidates == (first, second)
    copies = [candidate("/1.flac", album="First"), candidate("/1.mp3", album="First")]
    assert match([entry(album="Other")], copies).matched[0].candidate == copies[0]


text = st.text(max_size=30) | st.sampled_from(["(", "[] - ", " - Live", "feat. ", "((a) b", "???"])


@given(st.lists(text, min_size=1, max_size=4).map("".join), st.tuples(text, text), text)
def test_any_name_matches_itself_after_normalization(title, artists, album):
    track_name(title, artists, album)
    song = ListedTrack(title, artists, "Rock", "csv", album, 100.0)
    matched = match([song], [LocalTrack(Path("/a"), title, artists, album, 100.0)])
    assert matched.ambiguous == ()
