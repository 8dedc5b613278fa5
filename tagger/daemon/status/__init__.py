"""The state of the daemon, and the servers that show it."""
