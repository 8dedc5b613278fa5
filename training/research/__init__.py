"""Makes and measures the default model. Not in the wheel."""
