"""The start of the server that forks workers: Ctrl-C ends the program, which ends the server.

`multiprocessing` ignores the signal after the imports alone. Only the server imports this module.
"""

from __future__ import annotations

import signal

signal.signal(signal.SIGINT, signal.SIG_IGN)
