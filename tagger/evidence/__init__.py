"""Evidence beside the sound: names, the owner's genres, folders, known artists, titles. Pure."""
