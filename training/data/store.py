"""The state database with training's own tables."""

from __future__ import annotations

from pathlib import Path

from tagger.store import Store
from training.data.file_table import Samples
from training.matching.choice_table import Choices

MIGRATIONS = Path(__file__).parent / "migrations"


class TrainingStore(Store):
    """tagger's store, with the files outside the library and the choices of the user."""

    def __init__(self, folder: Path) -> None:
        """Open or create the database in `folder`.

        Raises `StoreError` when the database cannot be used.
        """
        super().__init__(folder)
        connection = self.add_tables("training", MIGRATIONS)
        self.samples = Samples(connection)
        self.choices = Choices(connection)
