"""Reports of runs: JSON lines, plain lines, or a progress bar and tables."""
