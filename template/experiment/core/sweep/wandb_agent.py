"""A trial that ``wandb agent`` starts: where it lies, and whether it still runs the same code.

Template's file: updates replace it. Agents start the project as it is; ``main.py sweep`` keeps a
copy of its code instead.
"""

import os
from argparse import Namespace
from pathlib import Path

from ..console import say
from ..files import PROJECT
from ..runs import code_snapshot
from ..runs.run import JOIN


def name_trial(arguments: Namespace) -> None:
    """Put a trial of W&B's agent into ``runs/<sweep>/<run>/``; say so if the code has changed."""
    sweep, run = os.environ.get("WANDB_SWEEP_ID"), os.environ.get("WANDB_RUN_ID")
    if not sweep or not run or arguments.name or JOIN in os.environ:
        return
    sweep = sweep.rpartition("/")[2]
    arguments.name = f"{sweep}/{run}"
    trials = [path.parent for path in (Path(arguments.output) / sweep).glob("*/config.yaml")]
    others = [folder for folder in trials if folder.name != run and (folder / "code").is_dir()]
    if others:
        first = min(others, key=lambda folder: (folder / "config.yaml").stat().st_mtime)
        if changed := code_snapshot.differing(first / "code", PROJECT):
            files = ", ".join(changed)
            say(f"sweep {sweep}: since its first trial, {first.name}, has changed: {files}")
