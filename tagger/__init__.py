"""Files a music library by ear."""

__version__ = "0.1.0"
