"""Benchmarks of tagger; `python -m benchmarks` runs all of them."""
