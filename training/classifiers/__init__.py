"""Classifiers and guards: fitted on features, exported as one graph."""
