"""The decoding of files to clips of sound."""
