from __future__ import annotations

import pwd
import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import msgspec
import pytest
import tomli
from hypothesis import given
from hypothesis import strategies as st
from letter_case import ignore_case

from tagger import config
from tagger.errors import ConfigError, TaggerError
from tagger.system.resources import data_path

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_MUSIC_DIR", config.ENVIRONMENT_VARIABLE):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def written(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        file = tmp_path / "mine.toml"
        file.write_text(text, encoding="utf-8")
        return file

    return write


def refusal(file: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        config.load(file)
    assert caught.value.path == file
    return str(caught.value)


def test_settings_without_a_file_are_the_defaults(home):
    settings = config.load()
    assert settings == config.Settings()
    assert settings.library.roots == (home / "Music",)
    assert settings.playlist_folders[0] == home / "Music" / "Playlists" / "Genres"
    assert settings.store.folder == home / ".local" / "state" / "tagger"
    assert settings.tags.mode == "empty"


def uncommented() -> str:
    return re.sub(r"^#(?=[a-z_0-9]+ = )", "", config.example_text(), flags=re.MULTILINE)


def test_the_unchanged_example_gives_the_defaults(written):
    assert config.load(written(config.example_text())) == config.Settings()


def test_the_example_shows_every_key_with_its_default(written):
    assert config.load(written(uncommented())) == config.Settings()
    keys = {table: set(content) for table, content in tomli.loads(uncommented()).items()}
    tree = msgspec.to_builtins(config.Settings(), enc_hook=str)
    assert keys == {table: set(content) for table, content in tree.items()}


def test_settings_written_as_toml_are_read_back(written):
    text = """
        [library]
        roots = ["~/Müsic", 'quo"te', "line\\nbreak\\u007f"]
        [tags]
        min_confidence = 0.75
        keep = ["Audiobook"]
        [genres.map]
        "hip hop" = 'R"ap'
        [playlists]
        profile = "absolute"
        map = [{ from = "~/Music", to = "/music" }]
        [model]
        bundle = "mine"
    """
    settings = config.load(written(text))
    assert config.load(written(config.to_toml(settings))) == settings
    assert config.load(written(config.to_toml(config.Settings()))) == config.Settings()


def test_the_file_is_found_by_argument_then_environment_then_platform(home, written, monkeypatch):
    own = home / ".config" / "tagger" / "config.toml"
    own.parent.mkdir(parents=True)
    own.write_text("tags.max_genres = 2")
    assert config.find() == config.user_file() == own
    assert config.load().tags.max_genres == 2

    from_environment = own.with_name("other.toml")
    from_environment.write_text("tags.max_genres = 3")
    monkeypatch.setenv(config.ENVIRONMENT_VARIABLE, "~/.config/tagger/other.toml")
    assert config.load().tags.max_genres == 3
    assert config.load(written("tags.max_genres = 4")).tags.max_genres == 4


def test_a_missing_file_that_was_named_is_refused(tmp_path, monkeypatch):
    missing = tmp_path / "missing.toml"
    assert "tagger config init" in refusal(missing)
    monkeypatch.setenv(config.ENVIRONMENT_VARIABLE, str(missing))
    with pytest.raises(ConfigError, match=re.escape("missing.toml")):
        config.load()


@pytest.mark.usefixtures("home")
def test_a_user_without_a_home_folder_is_refused_with_the_next_step(monkeypatch):
    monkeypatch.delenv("HOME")
    monkeypatch.setattr(pwd, "getpwuid", {}.__getitem__)
    with pytest.raises(ConfigError, match="set the environment variable HOME"):
        config.load()


def test_home_variables_and_relative_paths_are_expanded(home, tmp_path, written, monkeypatch):
    monkeypatch.setenv("SHELF", "/shelf")
    monkeypatch.delenv("AP", raising=False)
    text = """
        library.roots = ["~/a", "$SHELF/b", "${SHELF}/c", "d/e", "/A$AP Rocky"]
        model.bundle = "models/mine"
        playlists.folder = "Lists"
        daemon.poll = ["d/e/"]
    """
    settings = config.load(written(text))
    e = tmp_path / "d" / "e"
    expected = (home / "a", Path("/shelf/b"), Path("/shelf/c"), e, Path("/A$AP Rocky"))
    assert settings.library.roots == expected
    assert settings.model.bundle.folder == tmp_path / "models" / "mine"
    assert settings.playlist_folders[0] == home / "a" / "Lists"
    assert (settings.daemon.watch(e), settings.daemon.watch(home / "a")) == ("poll", "auto")
    absolute = config.load(written('playlists.folder = "~/Lists"'))
    assert absolute.playlist_folders[0] == home / "Lists"


def test_a_missing_data_file_is_refused_by_name():
    assert data_path("config.example.toml").is_file()
    with pytest.raises(TaggerError, match="lacks models/none"):
        data_path("models/none")


def test_a_relative_configuration_path_gives_absolute_paths(tmp_path, written, monkeypatch):
    written('library.roots = ["here"]')
    monkeypatch.chdir(tmp_path)
    assert config.load(Path("mine.toml")).library.roots == (tmp_path / "here",)


REFUSED = {
    "[tags]\n\n# ha\nmoed = 'add'": "line 4: tags.moed: unknown key (did you mean tags.mode?)",
    "[tag]\nmode = 'add'": "line 1: tag: unknown key (did you mean tags?)",
    "[playlists]\nmax_genres = 2": "line 2: playlists.max_genres: unknown key (did you mean tags.",
    "[training]\nfolder = 1": "line 2: training.folder: unknown key (did you mean training.folders",
    "xyzzy = 1": "line 1: xyzzy: unknown key",
    "[tags]\nmode = 'emtpy'": "line 2: tags.mode: 'emtpy' is not possible (possible: \"empty\", ",
    "[tags]\nmin_confidence = 'high'": "line 2: tags.min_confidence: 'high' is not possible "
    '(possible: "auto", a number)',
    "[tags]\nmin_confidence = 1.5": "line 2: tags.min_confidence: expected a number <= 1.0",
    "[tags]\nmin_confidence = nan": "line 2: tags.min_confidence: expected a number >= 0.0",
    "[tags]\nmax_genres = 'two'": "line 2: tags.max_genres: expected a whole number, got text",
    "[tags]\nmax_genres = true": "line 2: tags.max_genres: expected a whole number, got true or",
    "[tags]\nkeep = [\n 'a',\n 2,\n]": "line 2: tags.keep: expected text, got a whole number",
    "tags = 3": "line 1: tags: expected a table, got a whole number",
    "[listen]\noffset = inf": "line 2: listen.offset: expected a number <= 86400.0",
    "[listen]\nlength = 2": "line 2: listen.length: expected a number >= 3.0",
    "[library]\nroots = []": "line 2: library.roots: expected a list of length >= 1",
    "[library]\nroots = [7]": "line 2: library.roots: expected a path",
    '[library]\nignore = ["Live/", "!"]': (
        "line 2: library.ignore: '!' is no supported pattern of gitignore"
    ),
    "[library]\nroots = ['']": "line 2: library.roots: expected a path",
    '[library]\nroots = ["a\\u0000b"]': "line 2: library.roots: contains a NUL character",
    "[genres]\nmap = { rock = 1 }": "line 2: genres.map: expected text, got a whole number",
    "[genres]\nmap = { Rock = ' ' }": "line 2: genres.map: expected text that is not blank",
    "[genres]\nmap = { Rock = 'A;B' }": "line 2: genres.map: the name 'A;B' contains ';' or an ",
    "[genres]\nmap = { Rock = '(17)' }": "line 2: genres.map: the name '(17)' is a number for ID3 ",
    "[genres]\nmap = { Rock = 'unknown' }": "line 2: genres.map: the name 'unknown' counts as no "
    "genre (choose another name, or change genres.empty)",
    "[genres.map]\n'Hip Hop' = 'Rap'\nhip-hop = 'Beats'": "line 3: genres.map.hip-hop: 'Beats' "
    "contradicts 'Rap' for the equal name 'Hip Hop' (remove one of the two names, or give both one",
    "[evidence]\nfolder_names = { Live = 'Rock', 'live!' = 'Pop' }": "line 2: evidence."
    "folder_names.live!: 'Pop' contradicts 'Rock' for the equal name 'Live'",
    "[training]\ngenres = { Krach = '', KRACH = 'Rock' }": "line 2: training.genres.KRACH: 'Rock' ",
    "[training.parents]\nSka = 'Reggae'\nska = 'Pop'": "line 3: training.parents.ska: 'Pop' ",
    "[training]\nparents = { Ska = 'A;B' }": "line 2: training.parents: the name 'A;B' contains ",
    "[evidence]\nfolder_names = { Krach = '17' }": "line 2: evidence.folder_names: the name '17' ",
    '[training]\ngenres = { Krach = "A\\tB" }': "line 2: training.genres: the name ",
    '[playlists]\nfolder = "a\\u0000b"': "line 2: playlists.folder: expected text that is not ",
    "[playlists]\nrecent_tracks = 10_000_000_000": "line 2: playlists.recent_tracks: expected a ",
    "[workers]\nmemory_mb = 99_999_999_999_999": "line 2: workers.memory_mb: expected a whole ",
    "[daemon]\nworkers = 1000": "line 2: daemon.workers: expected a whole number <= 256",
    "[playlists]\nprofile='mpd'\nextension='m3u8'": "line 3: playlists.extension: MPD reads",
    "[tags]\nfield='GROUPING'\n[playlists]\nextension='nsp'": "line 4: playlists.extension: a",
    "[tags]\nfield='GROUPING'\n[[playlists.targets]]\nfolder='/a'\nextension='xsp'": "line 3: ",
    "[playlists]\nmap=[{from='/a', to='/b'}]": "line 2: playlists.map: path maps apply to absolute",
    "[playlists]\nmap=[{form='/a', to='/b'}]": "line 2: playlists.map: ",
    "[daemon]\npoll=['/a']\ninotify=['/a']": "line 3: daemon.inotify: /a is also in daemon.poll",
    "[tags]\nmode = ": "line 2: not valid TOML: ",
}


@pytest.mark.parametrize("text", REFUSED)
def test_a_refusal_names_key_line_and_next_step(text, written):
    message = refusal(written(text))
    assert message.removeprefix(f"{written(text)}: ").startswith(REFUSED[text])


def test_equal_names_with_one_value_are_accepted(written):
    words = config.load(written("[genres.map]\n'Hip Hop' = 'Rap'\nhip-hop = 'Rap'")).genres
    assert words.vocabulary.word("HIP HOP") == "Rap"


def test_an_unreadable_file_is_refused(tmp_path):
    latin = tmp_path / "latin.toml"
    latin.write_bytes(b"[library]\nroots = ['M\xfcsic']")
    assert "line 2: not UTF-8" in refusal(latin)
    assert "cannot be read" in refusal(tmp_path)


def test_a_file_with_a_byte_order_mark_is_read(tmp_path):
    file = tmp_path / "notepad.toml"
    file.write_bytes(b"\xef\xbb\xbf[tags]\r\nmax_genres = 2\r\n")
    assert config.load(file).tags.max_genres == 2


tables = tomli.loads(uncommented())
keys = st.sampled_from([f"{table}.{key}" for table, content in tables.items() for key in content])
values = st.sampled_from(
    """-1 0 7.5 nan inf true "" "auto" "a\\tb" "~nosuch/$x" [] ["x"] [[]] {} {a=1} 1979-05-27
    07:32:00 99999999999999999999999999 [{from='/a',to='b'}] [{from='~nosuch',to='b'}]""".split()
)


@given(st.dictionaries(keys | st.sampled_from(list(tables)), values, max_size=4))
def test_any_document_gives_settings_or_a_refusal(document):
    with TemporaryDirectory() as folder:
        file = Path(folder) / "any.toml"
        file.write_text("\n".join(f"{key} = {value}" for key, value in document.items()))
        with suppress(ConfigError):
            assert isinstance(config.load(file), config.Settings)


def test_an_escape_byte_in_a_key_reaches_no_terminal(program):
    program.config.write_text('"\\u001b[2Jx" = 1\n')
    failed = program.run("scan")
    assert failed.code == 2
    assert "\x1b" not in failed.err
    assert "unknown key" in failed.err


@pytest.mark.parametrize(
    "text",
    ["a = " + "[" * 5000 + "]" * 5000, "a = " + "{ b = " * 5000 + "1" + " }" * 5000, "#" * 2**21],
    ids=["arrays", "tables", "size"],
)
def test_a_deep_or_huge_file_is_refused_by_its_name(written, text):
    path = written(text)
    with pytest.raises(ConfigError) as caught:
        config.load(path)
    assert caught.value.path == path
    assert "\n" not in str(caught.value)


def test_a_folder_that_may_not_be_searched_is_named(tmp_path):
    hidden = tmp_path / "hidden"
    hidden.mkdir(mode=0o700)
    (hidden / "config.toml").write_text("")
    tmp_path.chmod(0o755)
    script = (
        "import os, sys; from pathlib import Path; from tagger import config\n"
        "from tagger.errors import ConfigError\n"
        "if os.getuid() == 0: os.setgid(65534); os.setuid(65534)\n"
        "else: os.chmod(Path(sys.argv[1]).parent, 0)\n"
        "try: config.load(Path(sys.argv[1]))\n"
        "except ConfigError as error: print(error)"
    )
    command = [sys.executable, "-c", script, hidden / "config.toml"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    hidden.chmod(0o700)
    assert str(hidden / "config.toml") in done.stdout
    assert "permissions" in done.stdout


def test_other_roots_inside_the_library_keep_its_playlists(tmp_path):
    settings = config.Settings().override("library", roots=(tmp_path / "Music",))
    for folder, library in (("Music/New", "Music"), ("Other", "Other")):
        other = settings.with_roots([tmp_path / folder])
        assert other.library.roots == (tmp_path / folder,)
        assert other.playlist_folders[0] == tmp_path / library / "Playlists/Genres"
    assert settings.with_roots([]) is settings


def test_a_root_in_other_letters_keeps_the_playlists_where_letter_case_is_ignored(
    tmp_path, monkeypatch
):
    new = tmp_path / "Music" / "New"
    new.mkdir(parents=True)
    settings = config.Settings().override("library", roots=(tmp_path / "music",))
    ignore_case(monkeypatch, tmp_path)
    assert settings.library.real_roots == (new.parent,)
    other = settings.with_roots([tmp_path / "MUSIC" / "new"])
    assert other.library.roots == (new,)
    assert other.playlist_folders[0] == tmp_path / "music" / "Playlists/Genres"
