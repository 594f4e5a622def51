"""What the queue kept for a run when it was queued: it counts, and not what lies there by now.

Template's file: updates replace it. Free of torch. ``core/queue/freeze.py`` writes it.
"""

import json
import os
from pathlib import Path
from typing import Any

# In the environment of all processes of a queued job: its folder, runs/.queue/<id>.
JOB = "EXPERIMENT_JOB"


def job_folder() -> Path | None:
    """The folder of the job that this process works for, if it works for one."""
    folder = os.environ.get(JOB)
    return Path(folder) if folder else None


def frozen_git() -> tuple[dict[str, Any] | None, str] | None:
    """The commit and the patch of the code that was queued; None where nothing was."""
    folder = job_folder()
    if folder is None:
        return None
    try:
        commit = json.loads((folder / "record.json").read_text(encoding="utf-8"))["git"]
    except (OSError, ValueError, KeyError):
        return None
    patch = folder / "git.diff"
    diff = patch.read_bytes().decode("utf-8", "surrogateescape") if patch.exists() else ""
    return commit, diff
