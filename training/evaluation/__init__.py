"""Metrics, intervals, comparison and reports of a model."""
