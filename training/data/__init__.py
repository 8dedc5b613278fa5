"""Training data: labels joined with remembered features."""
