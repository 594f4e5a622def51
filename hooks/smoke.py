"""The smoke check: the project's own ``main.py smoke``, run by an interpreter that has torch.

``SMOKE`` says how it counts: ``default`` tells, ``strict`` fails the hook, ``skip`` leaves it out.
"""

import os
import subprocess
import time
from pathlib import Path

from environment import child_variables, find_python, run_command
from report import Stage, quoted, say

LIMIT = 600  # seconds; it takes ten, and some minutes where torch is read from a slow disk


def smoke(project: Path) -> Stage:
    """Prove that the project trains, or say why this could not be tried."""
    repeat = (run_command("main.py", "smoke"),)
    if mode() == "skip":
        return Stage("smoke", "left out: SMOKE=skip")
    if not (project / "main.py").exists():
        return Stage("smoke", "there is no main.py to try")
    python = find_python(project)
    if python is None:
        return Stage("smoke", "not tried: no Python with torch and Lightning; later:", later=repeat)

    command = [python, "main.py", "smoke"]
    say(f"\n$ {quoted(command)}")
    started = time.monotonic()
    try:
        code = subprocess.run(command, cwd=project, env=child_variables(), timeout=LIMIT).returncode
        fact = "every check passed" if code == 0 else "FAILED (see above); repeat with:"
    except subprocess.TimeoutExpired:
        code, fact = 1, f"not done after {LIMIT} s; repeat with:"
    seconds = time.monotonic() - started
    return Stage("smoke", fact, code == 0, seconds, () if code == 0 else repeat)


def mode() -> str:
    """Read ``SMOKE``; a word that it does not know counts as ``default``, and says so."""
    word = os.environ.get("SMOKE") or "default"
    if word not in ("default", "strict", "skip"):
        say(f"SMOKE={word} is none of default, strict, skip: taken as default")
        return "default"
    return word


def exit_code(stages: list[Stage]) -> int:
    """Fail only if told to be strict: a failed copy would be deleted, with all that was made."""
    return int(mode() == "strict" and any(stage.passed is False for stage in stages))
