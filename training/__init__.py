"""How models are made and measured. Nothing in `tagger` needs this package to run."""
