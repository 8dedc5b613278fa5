"""A damaged database: each command reports it, and commands that write begin a new database."""

from __future__ import annotations

import random
import shutil
import sqlite3
from pathlib import Path

import bundles
import faults
import media
import pytest
from programs import Program

from tagger import tags
from tagger.core.domain import GenreEdit
from tagger.errors import StoreDamagedError, StoreError, StoreTooNewError
from tagger.store import DATABASE, Correction, Store, damage, undamaged
from tagger.store.database import connect, unusable

PAGE = 4096
REPORTING = (("status",), ("doctor",), ("runs", "list"))
WRITING = (("undo", "--dry-run"), ("playlists", "--dry-run"), ("scan", "--no-playlists"))


@pytest.fixture(scope="module")
def used(tmp_path_factory, bundle):
    """Return a program after a scan with two writes, and the bytes of its database."""
    home = tmp_path_factory.mktemp("damage")
    program = Program(home, bundle)
    for number in range(2):
        media.make(program.music / f"{number}.mp3", signal=bundles.low(seed=number))
    assert program.run("scan").code == 0
    return program, (program.state / DATABASE).read_bytes()


def truncated(data: bytes, rng: random.Random) -> bytes:
    return data[: rng.randrange(1, len(data))]


def zeroed(data: bytes, rng: random.Random) -> bytes:
    start = rng.randrange(len(data) // PAGE) * PAGE
    return data[:start] + bytes(PAGE) + data[start + PAGE :]


def flipped(data: bytes, rng: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.choice((1, 8, 64))):
        changed[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def overwritten(data: bytes, rng: random.Random) -> bytes:
    start = rng.randrange(len(data) - PAGE)
    return data[:start] + rng.randbytes(PAGE) + data[start + PAGE :]


def foreign(data: bytes, rng: random.Random) -> bytes:
    return rng.randbytes(len(data))


def put(program: Program, data: bytes) -> Path:
    shutil.rmtree(program.state, ignore_errors=True)
    program.state.mkdir(mode=0o700)
    database = program.state / DATABASE
    database.write_bytes(data)
    return database


def moved(program: Program) -> list[Path]:
    return list(program.state.glob(f"{DATABASE}.damaged-*[0-9]"))


KINDS = (truncated, zeroed, flipped, overwritten, foreign)


@pytest.mark.parametrize("damaged", KINDS)
def test_damage_of_any_kind_raises_its_own_error_or_passes_the_checks(used, tmp_path, damaged):
    _, whole = used
    for seed in range(6):
        folder = tmp_path / str(seed)
        folder.mkdir()
        (folder / DATABASE).write_bytes(damaged(whole, random.Random(seed)))
        said: list[str] = []
        try:
            with undamaged(folder, said.append) as store:
                read_all(store)
        except StoreDamagedError as error:
            said.append(str(error))
        kept = list(folder.glob(f"{DATABASE}.damaged-*[0-9]"))
        assert bool(kept) == bool(said)
        with undamaged(folder, pytest.fail) as store:
            read_all(store)


def read_all(store: Store) -> None:
    for path, _, _ in store.files.states_under(Path("/")):
        store.runs.decision(path)
        store.journal.last(path)
        track = store.files.get(path)
        if track and track.content:
            store.analyses.features(track.content, ["levels-1"])
            store.analyses.prediction(track.content, "test-1")
    store.runs.last()
    store.runs.tally()
    store.corrections.all()
    store.failures.all()
    store.playlists.in_folder(Path("/"))
    store.queue.take(100)


@faults.supported
@pytest.mark.parametrize("command", [("undo", "--dry-run"), ("playlists", "--dry-run")])
def test_a_read_that_fails_moves_no_database_aside(used, command):
    program, whole = used
    put(program, whole)
    with faults.FaultyProgram(program, "pread64", [program.state]) as faulty:
        faulty.run(count := faults.Fault(), *command)
        uses = count.uses[program.state]
        for use in range(1, uses + 1, max(1, uses // 8)):
            result = faulty.run(faults.Fault({program.state: use}), *command)
            assert moved(program) == [], (use, result)
            assert "Traceback" not in result.err, (use, result)
            assert result.code != 2 or "check the disk" in result.err, (use, result)


@pytest.mark.parametrize("command", [*REPORTING, *WRITING])
def test_a_command_over_a_damaged_database_ends_without_a_traceback(used, command):
    program, whole = used
    check_command(program, zeroed(whole, random.Random(2)), command)


@pytest.mark.soak
@pytest.mark.parametrize("damaged", KINDS)
@pytest.mark.parametrize("command", [*REPORTING, *WRITING])
def test_a_command_over_any_damaged_database_ends_without_a_traceback(used, command, damaged):
    program, whole = used
    for seed in range(60):
        check_command(program, damaged(whole, random.Random(seed)), command)


def check_command(program: Program, data: bytes, command: tuple[str, ...]) -> None:
    put(program, data)
    result = program.run(*command)  # any exception but SystemExit fails here
    if command in WRITING:
        assert bool(moved(program)) == ("damaged" in result.err)
        # a flipped bit in a path makes a file that is gone
        assert program.run(*command).code in (0, 1)
    elif result.code in (1, 2):
        assert "damaged" in result.out + result.err


@pytest.mark.parametrize("table", ["files", "runs"])
def test_undo_after_damage_takes_back_the_writes_that_are_readable(used, table):
    program, whole = used
    state = put(program, whole)
    with sqlite3.connect(state) as connection:
        sql = "SELECT rootpage FROM sqlite_master WHERE name = ?"
        page = connection.execute(sql, (table,)).fetchone()[0]
    connection.close()
    data = state.read_bytes()
    put(program, data[: (page - 1) * PAGE] + bytes(PAGE) + data[page * PAGE :])
    result = program.run("undo")
    assert result.code == 0
    assert "2 files: 2 taken back" in result.out
    (kept,) = moved(program)
    assert str(kept) in result.err
    assert [tags.read(path).genres for path in program.music.glob("*.mp3")] == [(), ()]
    assert program.run("runs").code == 0


def test_status_of_a_damaged_database_names_the_next_step(used):
    program, whole = used
    put(program, foreign(whole, random.Random(0)))
    result = program.run("status")
    assert result.code == 2
    assert "tagger scan" in result.err
    assert not moved(program)


def test_a_row_that_cannot_be_read_names_the_next_step(program):
    with Store(program.state) as store:
        store.corrections.put(Correction(program.music / "a.mp3", None, ("A",), ("B",)))
        store._connection.execute("UPDATE corrections SET ours = 'x'")
    result = program.run("corrections")
    assert result.code == 2
    assert "damaged" in result.err
    assert "tagger scan" in result.err


@pytest.mark.parametrize("command", [*REPORTING, *WRITING])
def test_a_folder_in_place_of_the_database_is_reported_and_kept(used, command):
    program, _ = used
    shutil.rmtree(program.state, ignore_errors=True)
    (program.state / DATABASE).mkdir(parents=True)
    result = program.run(*command)
    assert result.code in (1, 2)
    assert "move this folder away" in result.out + result.err


def test_a_database_of_a_newer_tagger_is_not_moved_by_an_older_process(tmp_path):
    """The daemon may go on while another tagger migrates its database."""
    with pytest.raises(StoreError) as caught, undamaged(tmp_path, pytest.fail) as store:
        store._connection.execute("ALTER TABLE decisions ADD COLUMN newer TEXT")
        store._connection.execute("INSERT INTO decisions VALUES (1)")
    assert not isinstance(caught.value, StoreDamagedError)
    assert [path.name for path in tmp_path.glob("*.damaged*")] == []
    with undamaged(tmp_path, pytest.fail) as store:
        store._connection.execute("PRAGMA user_version = 99")
        with pytest.raises(StoreTooNewError):
            store.check()


def test_a_database_that_another_process_replaced_is_kept(tmp_path):
    with Store(tmp_path) as store:
        inode = store.inode
    assert damage.replace(store.path, inode + 1) is None
    assert store.path.stat().st_ino == inode


def test_damage_that_is_found_during_a_run_replaces_the_database_at_its_end(tmp_path):
    with Store(tmp_path) as store:
        store.runs.start("scan")
    said: list[str] = []
    with (
        pytest.raises(StoreDamagedError, match="moved to"),
        undamaged(tmp_path, said.append),
    ):
        raise StoreDamagedError("the state database is damaged: a path cannot be read")
    assert not said
    with Store(tmp_path) as store:
        assert store.runs.exists(1)


def test_damage_that_a_second_look_does_not_find_is_an_error_of_the_disk(tmp_path):
    failed = sqlite3.DatabaseError("database disk image is malformed")  # SQLite's word for EIO
    failed.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    with (
        pytest.raises(StoreError, match="check the disk") as caught,
        undamaged(tmp_path, pytest.fail) as store,
    ):
        inode = store.inode
        raise unusable(failed, store.path) from failed
    assert not isinstance(caught.value, StoreDamagedError)
    assert (tmp_path / DATABASE).stat().st_ino == inode


@pytest.mark.parametrize("whole", [True, False])
def test_a_kill_before_the_last_rename_loses_no_write(tmp_path, monkeypatch, whole):
    with Store(tmp_path) as store:
        run = store.runs.start("scan")
        edit = GenreEdit(tmp_path / "a.mp3", (), ("Rock",), "x")
        store.journal.confirm(store.journal.intend(run, tmp_path, edit))
        path, inode = store.path, store.inode
    rename = Path.rename

    def killed(self, target):
        if self.name.endswith(".new"):
            raise KeyboardInterrupt
        return rename(self, target)

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(Path, "rename", killed)
        damage.replace(path, inode)
    if not whole:
        path.with_name(f"{path.name}.new-wal").touch()
    with Store(tmp_path) as store:
        assert bool(store.journal.done()) is whole
    assert path.with_name(f"{path.name}.new").exists() is not whole


def test_a_disk_without_room_for_the_new_database_keeps_the_damaged_one(tmp_path, monkeypatch):
    edits = 40
    with Store(tmp_path) as store:
        run = store.runs.start("scan")
        for number in range(edits):
            edit = GenreEdit(tmp_path / f"{number}.mp3", (), ("Rock",), "x" * PAGE)
            store.journal.confirm(store.journal.intend(run, tmp_path, edit))
        path, inode = store.path, store.inode

    def full(path):
        connection = connect(path)
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages + edits // 2}")
        return connection

    with monkeypatch.context() as patched, pytest.raises(StoreError, match="full"):
        patched.setattr(damage, "connect", full)
        damage.replace(path, inode)
    assert path.stat().st_ino == inode
    assert list(tmp_path.glob(f"{DATABASE}.*")) == []
    assert damage.replace(path, inode)
    with Store(tmp_path) as store:
        assert len(store.journal.done()) == edits


def test_damage_in_the_analyses_of_a_large_database_replaces_it_when_they_are_read(
    used, tmp_path, monkeypatch
):
    monkeypatch.setattr(damage, "LARGE", 0)
    _, whole = used
    (tmp_path / DATABASE).write_bytes(whole)
    with sqlite3.connect(tmp_path / DATABASE) as connection:
        connection.execute("UPDATE features SET data = x'00'")
    connection.close()
    with (
        pytest.raises(StoreDamagedError, match="moved to"),
        undamaged(tmp_path, pytest.fail) as store,
    ):
        read_all(store)


def test_a_journal_whose_database_was_deleted_refuses_an_entry(tmp_path):
    with Store(tmp_path) as store:
        store.path.unlink()
        with pytest.raises(StoreError, match="moved or deleted"):
            store.check_in_place()
