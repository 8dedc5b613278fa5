"""Convolutional networks on log-mel levels, trained with PyTorch."""
