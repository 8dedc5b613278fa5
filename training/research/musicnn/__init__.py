"""musicnn as two graphs of ours: on columns of levels, and on its own frames."""

from training.research.musicnn.layers import weights
from training.research.musicnn.levels import COLUMN_SECONDS, embedder, network
from training.research.musicnn.sound import sound_network

__all__ = ["COLUMN_SECONDS", "embedder", "network", "sound_network", "weights"]
