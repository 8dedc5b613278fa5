"""From a file's bytes to a clip of sound."""
