"""beets plugin: genres by ear, from the model of `tagger`.

The plugin fills the genre field of beets, and beets writes its files, so that the database and the
files agree. `tagger_genres` and `tagger_confidence` of an item are the plugin's decision, and
`tagger_genres` is empty for an item that was left alone as unsure. `tagger_before` is the genre
from before, and `tagger_field` the field of the genre. `tagger train --source beets` reads them.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from beets import config, ui
from beets.dbcore import types
from beets.exceptions import UserError
from beets.library import Item
from beets.plugins import BeetsPlugin

from tagger.api import Action, Tagger, TaggerError
from tagger.core.genres import key, keys
from tagger.system.text import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from optparse import Values

    from beets.importer import ImportSession, ImportTask
    from beets.library import Library

    from tagger.api import Judgement

SEPARATOR = "; "
"""Between the genres of a field of text."""
GENRE_FIELDS = ("genre", "genres")
"""The fields that beets writes into the genre of a file."""
TEXT_FIELDS = (*GENRE_FIELDS, "grouping", "style")
"""The fields of beets that may contain a genre; each other name is a field of the user."""


class TaggerPlugin(BeetsPlugin):
    """The command `beet tagger`, and a stage of `beet import`."""

    item_types = {  # noqa: RUF012 - read by beets in this form
        "tagger_confidence": types.FLOAT,
        "tagger_genres": types.STRING,
        "tagger_before": types.STRING,
        "tagger_field": types.STRING,
    }

    def __init__(self) -> None:
        super().__init__("tagger")
        self.config.add(
            {
                "auto": True,
                "config": None,
                "field": "genres" if "genres" in Item._fields else "genre",
                "keep_existing": True,
                "max_genres": 1,
                "threshold": "auto",
                "whitelist": [],
            }
        )
        self._imported_ids: set[int | None] = set()
        if self.config["auto"].get(bool):
            self.import_stages = [self._imported]
            self.register_listener("import_task_files", self._write_imported)

    def commands(self) -> list[ui.Subcommand]:
        """Return the command `beet tagger`."""
        command = ui.Subcommand("tagger", help="find the genres of tracks by ear")
        option = command.parser.add_option
        option("-p", "--pretend", action="store_true", help="show the genres, change nothing")
        option("-f", "--force", action="store_true", help="replace genres as well")
        option("--undo", action="store_true", help="bring the genres from before back")
        option("-w", "--write", action="store_true", default=None, help="write tags to files")
        option("-W", "--nowrite", action="store_false", dest="write", help="write no tags")
        command.func = self._command
        return [command]

    def _command(self, library: Library, options: Values, arguments: Sequence[str]) -> None:
        write = ui.should_write(options.write)
        items = list(library.items(arguments))
        if options.undo:
            changed = self._undone(items, pretend=options.pretend)
        else:
            changed = self._found(items, force=options.force)
        for item, is_changed in changed:
            if options.pretend:
                continue
            item.store()
            if write and is_changed:
                item.try_write()

    def _imported(self, _session: ImportSession, task: ImportTask) -> None:
        for item, is_changed in self._found(list(task.imported_items()), force=False):
            item.store()
            if is_changed:
                self._imported_ids.add(item.id)

    def _write_imported(self, session: ImportSession, task: ImportTask) -> None:  # noqa: ARG002
        """Write items that are imported as they are; beets writes matched items itself.

        Called when the files are in the library: the user's originals stay as they are.
        """
        linked = any(config["import"][kind].get(bool) for kind in ("link", "hardlink"))
        for item in task.imported_items():
            mine = item.id in self._imported_ids
            self._imported_ids.discard(item.id)
            if mine and not task.apply and not linked and ui.should_write():
                item.try_write()

    def _found(self, items: list[Item], *, force: bool) -> Iterator[tuple[Item, bool]]:
        """Yield judged items, their fields set but not stored, and whether each gets a genre."""
        keep = self.config["keep_existing"].get(bool) and not force
        chosen = {Path(item.filepath): item for item in items if not (keep and self._genres(item))}
        if not chosen:
            return
        try:
            with Tagger(
                self._config_file(),
                mode="replace",
                min_confidence=self.config["threshold"].get(),
                max_genres=self.config["max_genres"].get(int),
            ) as tagger:
                for judgement in tagger.judge(chosen):
                    item = chosen[judgement.path]
                    is_changed = self._applied(item, judgement)
                    if is_changed or "tagger_genres" in item:
                        yield item, is_changed
        except TaggerError as error:
            raise UserError(f"tagger: {error}") from error

    def _applied(self, item: Item, judgement: Judgement) -> bool:
        """Set the fields of an item; False if it gets no genre."""
        allowed = keys(self.config["whitelist"].as_str_seq())
        genres = [g for g in judgement.genres if not allowed or key(g) in allowed]
        if judgement.error or judgement.action is not Action.SET or not genres:
            reason = judgement.reason
            if judgement.action is Action.SET and not judgement.error:
                reason = f"{SEPARATOR.join(judgement.genres)} is not in tagger.whitelist"
            self._report("{}: left alone: {}", item, reason)
            if judgement.action is Action.ABSTAIN and not self._genres(item):
                item["tagger_genres"], item["tagger_field"] = "", self._field
            return False
        self._report("{}: {}: {}", item, SEPARATOR.join(genres), judgement.reason)
        if not self._is_found(item):  # else the genre from before the plugin would be lost
            item["tagger_before"] = SEPARATOR.join(self._genres(item))
        item["tagger_genres"] = SEPARATOR.join(genres)
        item["tagger_field"] = self._field
        item["tagger_confidence"] = judgement.confidence or 0.0
        self._set(item, genres)
        return True

    def _undone(self, items: list[Item], *, pretend: bool) -> Iterator[tuple[Item, bool]]:
        """Yield items whose genre is still the plugin's, with the genre from before, and True."""
        chosen = [item for item in items if self._may_undo(item)]
        if chosen and not pretend and self._field in GENRE_FIELDS:
            self._keep_undone({Path(item.filepath): self._genres(item) for item in chosen})
        for item in chosen:
            before = _split(item["tagger_before"])
            self._report("{}: back to {}", item, SEPARATOR.join(before) or "no genre")
            self._set(item, before)
            for field in self.item_types:
                with suppress(KeyError):
                    del item[field]
            yield item, True

    def _may_undo(self, item: Item) -> bool:
        """Return whether the genre of an item is the plugin's; report a changed genre."""
        is_found = self._is_found(item)
        if item.get("tagger_genres") and not is_found:
            self._report("{}: the genre was changed after tagger; left alone", item)
        return is_found

    def _is_found(self, item: Item) -> bool:
        """Return whether the genre in an item is the last genre of the plugin."""
        found = item.get("tagger_genres")
        return bool(found) and SEPARATOR.join(self._genres(item)) == found

    def _report(self, template: str, *values: object) -> None:
        """Log one line, whatever the names of a file contain."""
        self._log.info(template, *(one_line(str(value)) for value in values))

    def _keep_undone(self, taken: dict[Path, list[str]]) -> None:
        """Keep a daemon on the same folders from finding the genres again."""
        try:
            with Tagger(self._config_file()) as tagger:
                tagger.keep_undone(taken)
        except TaggerError as error:
            raise UserError(f"tagger: {error}") from error

    def _genres(self, item: Item) -> list[str]:
        value: Any = item.get(self._field) or []
        return (
            [genre for genre in value.split(SEPARATOR) if genre]
            if isinstance(value, str)
            else value
        )

    def _set(self, item: Item, genres: list[str]) -> None:
        several = isinstance(item.get(self._field), list)
        item[self._field] = genres if several else SEPARATOR.join(genres)

    @property
    def _field(self) -> str:
        field = str(self.config["field"].as_str())
        if not field or field in {*self.item_types, *Item._fields} - {*TEXT_FIELDS}:
            raise UserError(f"tagger.field: {field!r} cannot be the genre; name another field")
        return field

    def _config_file(self) -> Path | None:
        return Path(self.config["config"].as_filename()) if self.config["config"].get() else None


def _split(text: str) -> list[str]:
    return [genre for genre in text.split(SEPARATOR) if genre]
