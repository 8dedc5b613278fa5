"""Commands that `training` adds to `tagger`, each loaded only when it is named."""
