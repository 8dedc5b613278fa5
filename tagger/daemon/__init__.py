"""`tagger watch`: files music as it arrives, for as long as it runs.

    kernel events ─┐
    reconcile ─────┴─> Intake: settle ──> queue (store) ──> Dispatcher: the pipeline, in batches

Events are hints. What is true is a reconcile of the folders with the store: at the start, at
intervals, and whenever events were lost. One thread does all of this with one connection to
the store; the main thread answers signals and tells the service manager that the other lives.
"""
