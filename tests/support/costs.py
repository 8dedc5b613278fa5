"""A command of tagger, with the processor time and the memory of all its processes.

    python -m costs REPORT scan --json

The process adopts every process of the command, and waits for its end. So the kernel counts each
of them; a load of the machine does not change the figures much. REPORT is JSON.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import runpy
import sys
from pathlib import Path

_PR_SET_CHILD_SUBREAPER = 36


def main(report: Path, args: list[str]) -> int:
    """Run a command, and write its costs; return its exit code."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    child = os.fork()
    if child == 0:
        sys.argv = ["tagger", *args]
        runpy.run_module("tagger", run_name="__main__", alter_sys=True)
    code = _wait_for_all(child)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    costs = {"cpu_s": used.ru_utime + used.ru_stime, "peak_bytes": used.ru_maxrss * 1024}
    report.write_text(json.dumps(costs))
    return code


def _wait_for_all(child: int) -> int:
    code = 0
    while True:
        try:
            pid, status = os.wait()
        except ChildProcessError:
            return code
        if pid == child:
            code = os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
