"""The way of a file, and its users: scan, reclassify, undo, recovery."""
