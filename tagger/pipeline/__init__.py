"""The way of a file, and what uses it: scan, reclassify, undo, recovery."""
