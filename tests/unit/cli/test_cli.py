"""The command line's own promises: help, lightness, configuration, exit codes."""

from __future__ import annotations

import errno
import os
import re
import resource
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

import bundles
import click
import man
import media
import pytest
from click.shell_completion import ShellComplete
from programs import ROOT, run_here

from tagger.analysis import forkserver
from tagger.cli.completion import SHELLS
from tagger.cli.report.page import write_page
from tagger.cli.root import cli
from tagger.cli.sections import COMMANDS, SECTIONS
from tagger.errors import OutputError

HEAVY = (
    "av",
    "mutagen",
    "numpy",
    "onnxruntime",
    "pebble",
    "rich",
    "sklearn",
    "sqlite3",
    "watchdog",
)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_for_itself_and_each_option(name):
    command = cli.get_command(click.Context(cli), name)
    assert command.help
    options = [p for p in command.params if isinstance(p, click.Option)]
    assert all(option.help for option in options)


def imported(*words, env=None):
    """Run a command in a new interpreter; returns its output and the modules it imported."""
    script = (
        "import sys, tagger.cli\ntry: tagger.cli.main()\nexcept SystemExit: print(*sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *map(str, words)],
        capture_output=True,
        text=True,
        check=True,
        env=env,
    )
    return done.stdout, set(done.stdout.split())


def test_a_call_for_help_imports_no_heavy_library():
    shown, modules = imported("--help")
    assert "Learning:" in shown
    assert not modules & set(HEAVY)


def test_a_classification_leaves_sound_and_numbers_to_its_workers(program):
    path = media.make(program.music / "a.mp3", signal=bundles.high())
    shown, modules = imported("classify", path, env=program.environment)
    assert "Metal" in shown
    assert not modules & {"av", "mutagen", "numpy", "onnxruntime", "pathspec", "urllib.request"}


@pytest.mark.parametrize(
    "words",
    [
        ("undo", ""),
        ("watch", ""),
        ("classify", ""),
        ("corrections", "forget", ""),
        ("scan", "--dry-run", "--plan", ""),
        ("status", "--config", ""),
        ("--config", "", "status"),
    ],
    ids=" ".join,
)
def test_an_empty_path_is_refused_and_not_the_working_folder(program, words):
    refused = program.run(*words)
    assert refused.code == 2
    assert "the text is empty" in refused.err


def test_a_working_folder_that_was_removed_is_named(program, tmp_path, monkeypatch):
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    refused = program.run("scan", program.music)
    assert (refused.code, "the working folder is gone" in refused.err) == (2, True)


def test_config_init_path_and_show_agree_on_one_file(program):
    program.config.unlink()
    begun = program.run("config", "init", "--config", program.config)
    assert begun.code == 0
    assert program.config.is_file()
    assert program.run("config", "path").out.strip() == str(program.config)
    shown = program.run("config")
    assert shown.code == 0
    assert 'mode = "empty"' in shown.out
    again = program.run("config", "init", "--config", program.config)
    assert again.code == 2
    assert "is there already; nothing was changed (edit it" in again.err


@pytest.mark.parametrize("option", [False, True])
def test_a_missing_configuration_is_created_by_the_command_of_its_error(program, option):
    program.config.unlink()
    named = program.home / "my music.toml"
    arguments = ["--config", named] if option else []
    if not option:
        program.config = named  # as the environment names it
    refused = program.run("scan", *arguments)
    assert (refused.code, "there is no such file" in refused.err) == (2, True)
    command = refused.err.partition("`tagger ")[2].partition("`")[0]
    begun = program.run(*shlex.split(command))
    assert (begun.code, begun.out.strip()) == (0, str(named))
    assert program.run("config", "path", *arguments).out.strip() == str(named)


def test_no_line_of_a_run_has_brackets_in_brackets(program):
    media.make(program.music / "twin.flac", "flac", signal=bundles.low())
    (program.music / "other.flac").hardlink_to(program.music / "twin.flac")
    media.make(program.music / "closed.flac", "flac", signal=bundles.low()).chmod(0o444)
    (program.music / "empty.mp3").touch()
    media.make(program.music / "book.m4b", "m4a")
    media.make(program.music / "song.flac", "flac", signal=bundles.high())
    shown = program.run("scan").out + program.run("runs", "show", "1").out
    shown += program.run("status").out
    assert "hard links" in shown
    assert "an audiobook" in shown
    assert not re.search(r"\([^()]*\(", shown)
    assert ") (" not in shown


def test_a_playlist_that_cannot_be_written_has_no_brackets_in_brackets(program, monkeypatch):
    def fail(*_, **__):
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))

    media.make(program.music / "song.flac", "flac", tags={"genre": "Rock"})
    program.scan("--no-playlists")
    monkeypatch.setattr("tagger.playlists.folder.replace", fail)
    refused = program.run("playlists")
    assert refused.code == 1
    assert "Rock.m3u8: File too large (raise the limit" in refused.out


def test_a_first_configuration_is_the_file_that_the_environment_names(program):
    program.config.unlink()
    assert program.run("config", "init").out.strip() == str(program.config)


def test_the_path_of_a_configuration_without_a_file_names_the_command_that_writes_it(program):
    environment = program.environment
    del environment["TAGGER_CONFIG"]
    shown = run_here(environment, "config", "path").out
    assert "`tagger config init` writes it" in shown
    assert run_here(environment, "config", "init").out.strip() == shown.partition(" (")[0]


def test_doctor_names_no_first_configuration_where_there_is_a_file(program):
    program.music.rmdir()
    found = {one["name"]: one for one in program.run("doctor", "--json").objects}
    step = found[f"library {program.music}"]["next_step"]
    assert "config init" not in step
    assert "`tagger config path`" in step


def test_config_init_on_a_full_disk_leaves_no_half_file(program):
    program.config.unlink()
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        full = program.run("config", "init", "--config", program.config)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert (full.code, "cannot be written" in full.err) == (2, True)
    assert "ulimit -f" in full.err
    assert program.run("config", "init", "--config", program.config).code == 0
    assert program.run("config", "show").code == 0


def test_a_link_to_a_missing_configuration_is_no_configuration_to_begin(program):
    environment = program.environment
    own = Path(environment["XDG_CONFIG_HOME"]) / "tagger" / "config.toml"
    own.parent.mkdir(parents=True)
    own.symlink_to(program.home / "gone.toml")
    without = {name: value for name, value in environment.items() if name != "TAGGER_CONFIG"}
    for broken in (
        run_here(without, "config", "path"),
        run_here(environment | {"TAGGER_CONFIG": str(own)}, "scan"),
    ):
        assert (broken.code, "is a link to a missing file" in broken.err) == (2, True)
        assert "config init" not in broken.err


def test_the_option_config_works_before_and_after_the_command(program):
    other = program.home / "other.toml"
    other.write_text('[tags]\nmode = "add"\n')
    assert 'mode = "add"' in program.run("--config", other, "config").out
    assert 'mode = "add"' in program.run("config", "--config", other).out


@pytest.mark.parametrize("words", [("undo",), ("corrections", "forget")])
def test_a_mistyped_path_is_no_path_without_a_write(program, words):
    result = program.run(*words, program.home / "Misuc")
    assert result.code == 2
    assert f"Path '{program.home / 'Misuc'}' does not exist." in result.err
    assert program.run(*words, program.music).code == 0


def test_the_status_and_the_list_of_runs_print_one_time_of_a_run(program):
    program.run("scan")
    listed = re.search(r"\d{4}-\d\d-\d\d \d\d:\d\d  ", program.run("runs").out)
    assert f"scan 1, {listed[0].strip()}\n" in program.run("status").out


def test_a_playlist_that_the_configuration_leaves_out_lacks_no_tracks(program):
    bundles.song(program.music / "calm.mp3")
    program.run("scan")
    program.configure('[playlists]\ngenres = ["Metal"]\n')
    removed = program.run("playlists").out
    assert "Classical.m3u8: too few tracks, or left out by the configuration\n" in removed


def test_a_mistyped_command_is_answered_with_the_nearest_one(program):
    assert "Did you mean 'scan'?" in program.run("scna").err


def test_unknown_commands_and_options_are_usage_errors(program):
    assert program.run("skan").code == 2
    assert program.run("scan", "--moode").code == 2
    assert program.run("scan", "--min-confidence", "2").code == 2
    assert program.run("scan", "--min-confidence", "nan").code == 2
    assert program.run("undo", "--run", "9" * 30).code == 2
    assert "is neither like 2h" in program.run("undo", "--since", "9" * 400 + "w").err
    for no_pattern in ("!", "[z-a]"):
        pattern = program.run("scan", "--not", "Live/", "--not", no_pattern)
        assert pattern.code == 2
        assert (
            f"'--not': '{no_pattern}' is no supported pattern of gitignore; correct it"
            in pattern.err
        )


@pytest.mark.parametrize(
    "command",
    [
        ("scan", "--dry-run", "--report"),
        ("scan", "--dry-run", "--plan"),
        ("doctor", "--library", "--report"),
        ("train", "--report"),
        ("explain", "song.mp3", "--plot"),
    ],
)
def test_an_output_named_like_music_or_without_a_folder_is_refused_first(program, command):
    song = media.make(program.home / "song.mp3")
    (program.home / "link.png").symlink_to(song)
    pipe = program.home / "pipe.png"
    os.mkfifo(pipe)
    circle = program.home / "circle.png"
    circle.symlink_to(circle)
    (program.home / "away.png").symlink_to("away/page.png")
    ends = os.pipe()
    (program.home / "open.png").symlink_to(f"/dev/fd/{ends[1]}")
    before = song.read_bytes()
    for output, reason in (
        (pipe, "pipe.png' is a pipe, a device or a circle of links: name a file"),
        (program.home / "open.png", "open.png' is a pipe, a device"),
        (circle, "circle.png' is a pipe, a device or a circle of links"),
        (program.home / "away.png", f"there is no folder '{program.home / 'away'}'"),
        (program.home / "link.png", "song.mp3' has the name of a music file"),
        ("song.mp3", "'song.mp3' has the name of a music file"),
        ("nowhere/page.png", "there is no folder 'nowhere'"),
        (".", "is a directory"),
    ):
        result = program.run(*command, output)
        assert (result.code, result.out) == (2, "")
        assert reason in result.err
    assert song.read_bytes() == before
    assert pipe.is_fifo()
    for end in ends:
        os.close(end)


def test_a_link_to_a_plan_stays_a_link(program):
    plan = program.home / "plan.jsonl"
    (program.home / "link").symlink_to(plan)
    assert program.scan("--dry-run", "--plan", program.home / "link").code == 0
    assert (program.home / "link").readlink() == plan
    assert plan.is_file()


def test_a_plot_with_the_name_of_another_format_is_refused_with_the_next_step(program):
    song = media.make(program.home / "song.mp3")
    result = program.run("explain", song, "--plot", program.home / "plot.txt")
    assert (result.code, result.out) == (2, "")
    assert "plot.txt' does not end with .png: add it" in result.err
    assert not (program.home / "plot.txt").exists()


def test_a_plot_without_its_extra_is_refused_before_the_work(program, monkeypatch):
    song = media.make(program.home / "song.mp3")
    monkeypatch.setitem(sys.modules, "PIL", None)
    monkeypatch.delitem(sys.modules, "tagger.cli.report.plot", raising=False)
    result = program.run("explain", song, "--plot", program.home / "plot.png")
    assert (result.code, result.out) == (2, "")
    assert f"{sys.executable} -m pip install 'tagger-by-ear[plot]'" in result.err


@pytest.mark.parametrize("command", ["status", "--help", "nonsense"])
@pytest.mark.parametrize("streams", [">/dev/full", ">&- 2>&-", ">/dev/full 2>&1"])
def test_output_without_room_or_reader_ends_with_an_exit_code(program, command, streams):
    shell = f"exec {sys.executable} -m tagger {command} {streams}"
    ended = subprocess.run(
        ["sh", "-c", shell], env=program.environment, capture_output=True, check=False, text=True
    )
    assert ended.returncode in ((0, 2, 3) if "&-" in streams else (2,))
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(("encoding", "name"), [("utf-8:strict", b"\xff"), ("latin-1", b"\\udcff")])
def test_a_name_of_any_bytes_is_printed_in_each_encoding(program, encoding, name):
    file = program.config.rename(program.home / os.fsdecode(b"\xff.toml"))
    ended = subprocess.run(
        [sys.executable, "-m", "tagger", "--config", file, "config", "path"],
        env=program.environment | {"PYTHONIOENCODING": encoding},
        capture_output=True,
        check=True,
    )
    assert ended.stdout == os.fsencode(program.home) + b"/" + name + b".toml\n"


def test_missing_standard_streams_give_their_numbers_to_no_file():
    """FFmpeg writes its messages to number 2, which must not be a file of the user."""
    code = "import os; from tagger.system import streams; streams.open_missing();"
    code += "print(os.open('.', 0))"
    shell = f'exec {sys.executable} -c "{code}" <&- 2>&-'
    ended = subprocess.run(["sh", "-c", shell], capture_output=True, check=False, text=True)
    assert int(ended.stdout) > 2


def test_a_closed_pipe_ends_the_run_with_a_message(program):
    for number in range(3):
        (program.music / f"{number}.mp3").write_text("no music")
    with program.start("scan", "--json") as child:
        child.stdout.close()
        err = child.stderr.read()
    assert err == "tagger: the output cannot be written: Broken pipe\n"
    assert child.returncode == 2


def test_the_help_has_a_plain_line_for_each_command_in_groups(program):
    text = program.run("--help").out
    assert [line for line in text.splitlines() if line.endswith(":")][1:] == [
        f"{heading}:" for heading in SECTIONS
    ]
    assert "From " not in text


def group_names():
    """Return the names of the commands that have commands below them."""
    context = click.Context(cli)
    found = {name: cli.get_command(context, name) for name in cli.list_commands(context)}
    return [name for name, command in found.items() if isinstance(command, click.Group)]


@pytest.mark.parametrize("name", group_names())
def test_the_help_of_a_group_cuts_no_text_of_a_command(program, name, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    listed = program.run(name, "--help").out.partition("Commands:")[2]
    assert listed
    assert "..." not in listed


def test_the_man_page_in_the_docs_is_that_of_the_commands():
    assert (ROOT / "docs/tagger.1").read_text() == man.page(), "run `make man`"


@pytest.mark.parametrize("shell", SHELLS)
def test_a_completion_script_names_the_command(program, shell):
    assert "_TAGGER_COMPLETE" in program.run("completion", shell).out


def test_completion_of_a_command_imports_no_command():
    items = cli.shell_complete(click.Context(cli), "sc")
    assert [item.value for item in items] == ["scan"]


def test_completion_after_a_number_in_place_of_a_command_is_no_error():
    words = ShellComplete(cli, {}, "tagger", "_TAGGER_COMPLETE").get_completions(["runs", "3"], "")
    assert [item.value for item in words] == ["list", "show"]


def test_doctor_repairs_a_readable_password_and_a_broken_model(program):
    secret = program.home / "secret"
    secret.write_text("x")
    secret.chmod(0o644)
    program.bundle = "active"
    program.configure(
        f'[players.navidrome]\nurl = "http://127.0.0.1:1"\nuser = "a"\n'
        f'password = {{ file = "{secret}" }}\n'
    )
    models = program.state / "models"
    (models / "own").mkdir(parents=True)
    (models / "active").write_text("own\n")
    before = {o["name"]: o for o in program.run("doctor", "--json").objects}
    assert before["model"]["repairable"]
    after = {o["name"]: o for o in program.run("doctor", "--fix", "--json").objects}
    assert after["model"]["text"].startswith("repaired: ")
    assert secret.stat().st_mode & 0o777 == 0o600
    assert (models / "active").read_text().split()[-1] == "default"


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("scan --dry-run --list --summary", "--list and --summary contradict each other"),
        ("scan --dry-run --plan x --report ./x", "--plan and --report name one file"),
        ("doctor --library --fix", "--fix is without --library"),
    ],
)
def test_options_that_contradict_each_other_are_refused(program, words, reason):
    refused = program.run(*words.split())
    assert (refused.code, refused.out) == (2, "")
    assert reason in refused.err


def test_a_file_without_sound_is_a_failed_file_and_no_unusable_command(program):
    (program.music / "a.mp3").write_text("no music")
    ended = program.run("explain", program.music / "a.mp3")
    assert (ended.code, ended.out) == (1, "")
    hint = "(move the file away, or exclude it with library.ignore)"
    named = program.music / "a.mp3"
    assert ended.err == f"tagger: {named}: is not a supported audio file {hint}\n"


def test_the_counts_alone_are_one_object_of_json(program):
    media.make(program.music / "a.mp3", signal=bundles.low())
    shown = program.run("scan", "--json", "--summary")
    assert [list(found) for found in shown.objects] == [["summary"]]


def test_a_page_that_cannot_be_written_hides_neither_counts_nor_undo(program):
    media.make(program.music / "a.mp3", signal=bundles.low())
    folder = program.home / "pages"
    folder.mkdir()
    program.configure(f'[players]\ncommand = ["rmdir", "{folder}"]')
    ended = program.run("scan", "--report", folder / "page.html")
    assert ended.code == 2
    assert "1 got a genre" in ended.out
    assert "`tagger undo --run 1`" in ended.out
    assert f"{folder / 'page.html'}: cannot be written" in ended.err


def test_a_page_that_does_not_fit_on_the_disk_leaves_the_page_before(program):
    media.make(program.music / "a.mp3", signal=bundles.low())
    page = program.home / "page.html"
    assert program.run("scan", "--dry-run", "--report", page).code == 0
    text = page.read_text()
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(text) // 2, before[1]))
    try:
        with pytest.raises(OutputError):
            write_page(page, [], dry_run=True, run=None)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert page.read_text() == text


@pytest.mark.parametrize("command", ["classify", "scan"])
def test_a_system_without_a_folder_for_temporary_files_is_named_with_the_next_step(
    program, command, monkeypatch
):
    song = media.make(program.music / "a.mp3", signal=bundles.low())

    def none_usable(*_):
        raise FileNotFoundError(errno.ENOENT, "No usable temporary directory found in ['/tmp']")

    forkserver.stop()  # of another test
    monkeypatch.setattr("multiprocessing.util.get_temp_dir", none_usable)
    monkeypatch.setattr("tempfile._get_default_tempdir", none_usable)
    monkeypatch.setattr("tempfile.tempdir", None)
    ended = program.run(command, song)
    assert ended.code == 2
    assert "No usable temporary directory" in ended.err
    assert "set TMPDIR to a folder with free space" in ended.err


def test_a_command_that_a_message_names_can_be_pasted_into_a_shell(program):
    state, secret = program.home / "my state", program.home / "my secret"
    secret.write_text("x")
    secret.chmod(0o644)
    program.configure(
        f'[players.navidrome]\nurl = "http://127.0.0.1:1"\nuser = "a"\n'
        f'password = {{ file = "{secret}" }}\n'
    )
    program.config.write_text(program.config.read_text().replace(str(program.state), str(state)))
    assert program.run("service", "show", "--system").err == f"first: mkdir -p '{state}'\n"
    found = {finding["name"]: finding for finding in program.run("doctor", "--json").objects}
    assert found["players.navidrome.password"]["next_step"] == f"chmod 600 '{secret}'"


def test_doctor_refuses_a_report_that_it_would_not_write(program):
    refused = program.run("doctor", "--report", program.home / "page.html")
    assert refused.code == 2
    assert "--report needs --library" in refused.err


def test_doctor_takes_a_lost_model_out_of_the_list_with_fix_alone(program):
    program.bundle = "active"
    program.configure()
    history = program.state / "models" / "active"
    history.parent.mkdir(parents=True)
    history.write_text("gone-9\ngone-9\n")
    before = {o["name"]: o for o in program.run("doctor", "--json").objects}
    assert before["models"]["text"].endswith(": gone-9")
    assert before["model"]["level"] == "failed"
    assert history.read_text() == "gone-9\ngone-9\n"
    after = {o["name"]: o for o in program.run("doctor", "--fix", "--json").objects}
    assert after["models"]["text"] == "repaired: default is active"
    assert after["model"]["level"] == "ok"
    assert history.read_text() == ""


def test_a_list_of_models_that_cannot_be_read_ends_a_scan_and_not_the_doctor(program):
    media.make(program.music / "song.mp3", signal=bundles.low())
    program.bundle = "active"
    program.configure()
    (program.state / "models" / "active").mkdir(parents=True)
    scanned = program.scan()
    assert scanned.code == 2
    assert "active: cannot be read: Is a directory (check its permissions" in scanned.err
    found = {o["name"]: o for o in program.run("doctor", "--json").objects}
    assert found["models"]["level"] == "failed"
    assert "state" in found


@pytest.mark.parametrize(
    ("content", "level", "text", "step"),
    [
        (None, "failed", "is no file", "name a text file"),
        ("Ada\n", "warning", "1 wrong line in ", "tagger artists check "),
        ("Ada,Rock\n", None, "", ""),
    ],
)
def test_doctor_names_a_list_of_artists_with_a_fault(program, content, level, text, step):
    own = program.home / "artists.csv"
    own.write_text(content) if content else own.mkdir()
    program.configure(f'[evidence]\nartists = "{own}"\n')
    found = {one["name"]: one for one in program.run("doctor", "--json").objects}.get("artists")
    if level is None:
        assert found is None
        return
    assert found["level"] == level
    assert text in found["text"]
    assert str(own) in found["text"]
    assert step in found["next_step"]


@pytest.mark.parametrize(
    ("lists", "unknown"),
    [
        ('only = ["Clasical", "Qwxyz"]', {"Clasical": "Classical", "Qwxyz": ""}),
        ('only = ["Classical"]\nmap = { Classical = "Ernst" }', {"Classical": "Ernst"}),
        ('only = ["Krachmusik", "metal", "Baroque"]\nnever = ["Disco"]', {}),
    ],
)
def test_a_scan_and_the_doctor_name_an_unknown_genre_of_a_list(program, lists, unknown):
    media.make(program.music / "a.flac", "flac", tags={"genre": "Krachmusik"})
    program.configure(f"[genres]\n{lists}\n")
    texts = [
        f"genres.only: no model, file or list has the genre {name!r}"
        + (f", did you mean {near!r}?" if near else "")
        for name, near in unknown.items()
    ]
    assert program.run("scan").err.splitlines() == [f"tagger: {text}" for text in texts]
    program.configure(f'[genres]\n{lists}\n[playlists]\nfolder = "{"long" * 64}"\n')
    failed = program.run("scan")
    assert (failed.code, failed.err.count("genres.only")) == (1, len(texts))
    shown = [one for one in program.run("doctor", "--json").objects if one["name"] == "genres"]
    assert [(one["level"], one["text"]) for one in shown] == [("warning", text) for text in texts]


def test_a_genre_of_files_is_known_where_no_evidence_counts_it(program):
    media.make(program.music / "a.flac", "flac", tags={"genre": "Krachmusik"})
    sources = dict.fromkeys(("album", "artist", "folders", "known_artists"), "false")
    evidence = "\n".join(f"{name} = {value}" for name, value in sources.items())
    program.configure(f'[genres]\nonly = ["Krachmusik"]\n[evidence]\n{evidence}\n')
    assert program.run("scan").err == ""
    assert not [one for one in program.run("doctor", "--json").objects if one["name"] == "genres"]


def test_doctor_continues_after_a_folder_that_cannot_be_looked_up(program):
    long = program.home / ("x" * 300)
    text = program.config.read_text().replace(str(program.music), str(long))
    program.config.write_text(text)
    shown = program.run("doctor", "--json")
    found = {one["name"]: one["text"] for one in shown.objects}
    assert shown.code == 1
    assert found[f"library {long}"] == "cannot be read: File name too long"
    assert "playlists" not in found  # they are in the folder, and the fault is named once


@pytest.mark.parametrize(
    ("code", "text", "step"),
    [
        (errno.EIO, "cannot be written: Input/output error", "check the disk"),
        (errno.EDQUOT, "cannot be written: Disk quota exceeded", "raise the quota"),
        (errno.ENOSPC, "cannot be written: No space left on device", "free some space"),
        (errno.EACCES, "no permission to write", "change its permissions"),
    ],
)
def test_doctor_tells_a_failing_disk_from_a_folder_without_permission(
    program, monkeypatch, code, text, step
):
    program.configure(f'[playlists]\nfolder = "{program.music}"\n')

    def fail(**_):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(tempfile, "NamedTemporaryFile", fail)
    found = {one["name"]: one for one in program.run("doctor", "--json").objects}
    library = found[f"library {program.music}"]
    assert (library["level"], library["text"]) == ("failed", text)
    assert step in library["next_step"]
    playlists = found["playlists"]
    assert playlists["text"] == f"{program.music}: {text}"
    assert ("[playlists]" in playlists["next_step"]) == (code == errno.EACCES)


def test_doctor_names_a_folder_of_playlists_that_cannot_be_read(program):
    long = program.home / ("x" * 300)
    program.configure(f'[playlists]\nfolder = "{long / "Genres"}"\n')
    found = {one["name"]: one for one in program.run("doctor", "--json").objects}["playlists"]
    assert found["level"] == "failed"
    assert found["text"] == f"{long / 'Genres'}: cannot be read: File name too long"


@pytest.mark.parametrize("own", [True, False])
def test_doctor_repairs_only_permissions_that_the_user_may_change(program, monkeypatch, own):
    def refuse(*_, **__):
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM), str(program.music))

    monkeypatch.setattr(os, "access", lambda path, _: path != program.music)
    monkeypatch.setattr(os, "geteuid", lambda: program.music.stat().st_uid + 1 - own)
    monkeypatch.setattr(Path, "chmod", refuse)
    shown = program.run("doctor", "--fix", "--json").objects
    found = {one["name"]: one for one in shown}[f"library {program.music}"]
    if own:
        assert found["text"] == "no permission to read; not repaired: Operation not permitted"
        assert "chmod u+rx" in found["next_step"]
    else:
        assert found["text"] == "no permission to read"
        assert "for the user of tagger" in found["next_step"]


def test_doctor_names_the_next_step_once(program):
    program.bundle = program.home / "nowhere"
    program.configure()
    shown = program.run("doctor").out
    assert shown.count("install the bundle again") == 1
    assert "model.bundle" in shown
    program.bundle = "active"
    program.configure()
    assert program.run("doctor").out.count("tagger models fetch") == 1


def test_a_run_names_ten_of_the_tracks_that_a_playlist_cannot_contain(program):
    for number in range(12):
        media.make(program.music / f"{number:02}.flac", "flac", tags={"genre": "Rock"})
    target = f'folder = "{program.home}/mpd"\nprofile = "mpd"\nmusic_directory = "{program.home}/x"'
    program.configure(f"[playlists]\n{target}\n")
    errors = program.run("scan").err.splitlines()
    assert [line.count("outside MPD's music_directory") for line in errors] == [1] * 10 + [0]
    assert "2 more tracks left out" in errors[-1]
    assert program.run("playlists").err.count("outside MPD's music_directory") == 12


def test_playlists_without_their_folder_are_not_called_empty(program, tmp_path):
    media.make(program.music / "song.flac", "flac", tags={"genre": ["Rock"]})
    assert program.run("scan").code == 0
    program.configure(f'[playlists]\nfolder = "{tmp_path / ("x" * 300)}"\n')
    shown = program.run("playlists")
    assert (shown.code, shown.out) == (1, "")
    assert "cannot be read: File name too long" in shown.err


@pytest.mark.parametrize("group", ["runs", "corrections"])
def test_a_group_without_a_command_lists_with_the_options_of_list(program, group):
    media.make(program.music / "calm.flac", signal=bundles.low())
    program.scan()
    listed = program.run(group, "list", "--json")
    assert program.run(group, "--json").objects == listed.objects
    assert program.run(group).code == listed.code == 0
    assert "No such option" in program.run(group, "--nope").err
    assert "Commands:" in program.run(group, "--help").out


def test_spotify_names_the_setting_before_the_login(program):
    shown = program.run("spotify", "status").out
    assert "set training.spotify.enabled = true" in shown
    assert "tagger spotify login" not in shown
    program.configure("[training.spotify]\nenabled = true\n")
    assert "login      none: run `tagger spotify login`" in program.run("spotify", "status").out


def test_the_list_of_models_names_its_figure_in_words(program):
    assert "right (left out)" in program.run("models", "list").out


def test_the_list_of_models_names_a_lost_active_model(program):
    models = program.state / "models"
    models.mkdir(parents=True)
    (models / "active").write_text("mine-1\n")
    listed = program.run("models", "list")
    assert listed.code == 0
    assert "the active model mine-1 is not there: see `tagger models use --help`" in listed.err
    assert program.run("models", "use", "default").code == 0
    assert "is not there" not in program.run("models", "list").err


def test_a_rollback_without_an_earlier_model_names_the_list(program):
    refused = program.run("models", "rollback")
    assert "was active before (see `tagger models list`)" in refused.err


def test_an_own_list_of_artists_that_cannot_be_written_names_the_setting(program):
    below = program.config / "artists.csv"
    program.configure(f'[evidence]\nartists = "{below}"\n')
    refused = program.run("artists", "add", "Ada", "Rock")
    assert (refused.code, "cannot be written" in refused.err) == (2, True)
    assert "set evidence.artists to another file" in refused.err


def test_a_unit_that_cannot_be_written_names_the_next_step(program):
    (program.home / "xdg_config_home").touch()
    refused = program.run("service", "install")
    assert (refused.code, "cannot be written" in refused.err) == (2, True)
    assert "`tagger service show` prints the unit" in refused.err


def test_a_plan_that_is_no_text_names_the_command_that_makes_one(program):
    song = media.make(program.music / "a.mp3")
    refused = program.run("apply", song)
    assert (refused.code, "is not UTF-8" in refused.err) == (2, True)
    assert "tagger scan --dry-run --plan" in refused.err


@pytest.mark.parametrize(
    ("command", "fault"),
    [
        ("runs 1", "No such command '1'. One run: tagger runs show 1"),
        ("runs list 1", "Got unexpected extra argument (1)"),
        ("runs show 7", "there is no run 7; `tagger runs` lists the runs"),
        ("undo --run 7", "there is no run 7; `tagger runs` lists the runs"),
        ("undo 7", "does not exist. A run: tagger undo --run 7"),
        ("undo --run x", "'x' is not a number of a run; `tagger runs` lists the runs"),
        ("runs show x", "'x' is not a number of a run; `tagger runs` lists the runs"),
        ("undo --run 0", "'0' is not a number of a run; `tagger runs` lists the runs"),
        ("runs shwo", "No such command 'shwo'. Did you mean 'show'?"),
    ],
)
def test_a_wrong_run_names_how_to_see_the_runs(program, command, fault):
    program.scan()
    refused = program.run(*command.split())
    assert refused.code == 2
    assert fault in refused.err


def test_a_low_limit_on_open_files_is_named_with_the_next_step(program, monkeypatch):
    def refuse(*_, **__):
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    monkeypatch.setattr("tagger.library.known_artists.mmap.mmap", refuse)
    result = program.scan()
    assert result.code == 2
    assert result.err == (
        "tagger: Too many open files (raise the limit on open files: ulimit -n 1024)\n"
    )
