"""The daemon's state, and the servers that report it."""
