"""The files of the library: walking folders, indexing files, album siblings."""
