"""The comparison of two versions, in a program of its own."""

from __future__ import annotations

import subprocess
import sys

from programs import ROOT


def test_a_version_that_cannot_run_a_command_ends_the_comparison_with_its_reason(tmp_path):
    other = tmp_path / "other"
    (other / "tagger").mkdir(parents=True)
    (other / "tagger" / "__init__.py").touch()
    program = "raise SystemExit('tagger: the state database has version 13')"
    (other / "tagger" / "__main__.py").write_text(program)
    command = [sys.executable, "-m", "benchmarks.versions", other, "--tracks", "1", "--rounds", "1"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "tagger: the state database has version 13" in ended.stderr
    assert f"run the comparison in {other}" in ended.stderr
    assert "Traceback" not in ended.stderr
