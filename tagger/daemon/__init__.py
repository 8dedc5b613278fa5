"""`tagger watch`: writes genres into new files until it is stopped.

    kernel events ─┐
    reconcile ─────┴─> Intake: stability ──> queue (store) ──> Dispatcher: the pipeline, in batches

Events are hints and may be lost. A reconcile compares the folders with the store: at the start,
at intervals, and after lost events. One thread, the event loop, does this work with its own
connection to the store. The main thread handles signals and pings the service manager.
"""
