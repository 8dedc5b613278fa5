"""Genres, albums, policy and decisions: pure values and functions, without IO or settings."""
