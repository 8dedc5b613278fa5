"""File system events, mounts, and the stability of files."""
