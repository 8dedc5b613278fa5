"""Errors of a batch that no file of the batch has caused."""

from __future__ import annotations

import media

from tagger import config
from tagger.daemon import dispatcher
from tagger.daemon.burst import Burst
from tagger.daemon.dispatcher import Dispatcher
from tagger.daemon.events import EventQueue
from tagger.daemon.intake import Intake
from tagger.daemon.status.state import DaemonState
from tagger.errors import ClusterError
from tagger.store import Store
from tagger.store.failures import MAX_ATTEMPTS


class NoWorkers:
    """Workers of a cluster whose scheduler does not answer."""

    def workers(self, *_):
        raise ClusterError("the scheduler tcp://nas:8786 does not answer")

    def close(self):
        return False


def test_files_wait_while_the_cluster_is_away(program, monkeypatch):
    monkeypatch.setattr(dispatcher, "PAUSE", 0)
    path = media.make(program.music / "a.mp3")
    settings, state = config.load(program.config), DaemonState()
    with Store(program.state) as store:
        store.queue.put(program.music, [path])
        intake = Intake(settings, store, EventQueue(), state)
        burst = Burst(store, state, None)
        batches = Dispatcher(store, state, intake, burst, NoWorkers())
        for _ in range(MAX_ATTEMPTS + 1):
            assert list(batches.process_batch(settings)) == []
        intake.close()
        assert store.queue.holds(path)
        assert store.failures.all() == []
    assert "does not answer" in state.errors[0]["reason"]
