"""Analysis of a track: remembered in the store, or computed in a worker process."""
