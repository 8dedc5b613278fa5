"""Objects of a run: their sizes follow the settings and the work."""

from __future__ import annotations

import pytest

from tagger import config
from tagger.inference import in_use
from tagger.pipeline import build


@pytest.mark.parametrize(
    ("count", "tasks", "workers"), [(0, 1, 1), (4, 2, 2), (1, 9, 1), (3, 0, 1)]
)
def test_a_pool_with_few_tasks_has_no_more_workers(count, tasks, workers):
    settings = in_use.resolve_bundle(config.Settings()).override("workers", count=count)
    with build.worker_pool(settings, tasks) as pool:
        assert pool.count == workers
