"""Which GPUs a trial may use, so that trials beside each other do not share one unasked.

Template's file: updates replace it. Asks the driver's own program, since torch takes seconds.
"""

import os
import subprocess
from collections.abc import Iterable

from ..errors import UserError

CORES = os.cpu_count() or 1


def gpus() -> list[str]:
    """The GPUs that are there for this process, as CUDA_VISIBLE_DEVICES names them."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return [name for name in visible.split(",") if name.strip() not in {"", "-1"}]
    try:
        listed = subprocess.run(
            ["nvidia-smi", "-L"], capture_output=True, text=True, check=True, timeout=20
        )
    except (OSError, subprocess.SubprocessError):
        return []
    return [str(i) for i in range(len(listed.stdout.splitlines()))]


def share(workers: int | None, per_trial: int | None) -> tuple[int, int, list[str]]:
    """How many trials at once, how many GPUs each (0: there are none), and all GPUs.

    Raises:
        UserError: More is asked for than there is.
    """
    present = gpus()
    if not present:
        if per_trial:
            raise UserError("--devices-per-trial: this machine shows no GPU to share out")
        return workers or 1, 0, []
    per_trial = per_trial or max(1, len(present) // (workers or 1))
    if per_trial > len(present):
        raise UserError(f"--devices-per-trial {per_trial}: this machine has {len(present)} GPUs")
    workers = workers or len(present) // per_trial
    if workers * per_trial > len(present):
        per_trial = 0  # more trials than GPUs: they share them all, as asked
    return workers, per_trial, present


def free(present: list[str], taken: Iterable[str], count: int) -> list[str]:
    """``count`` GPUs that no other trial has, fewer where there are not so many."""
    taken = set(taken)
    return [name for name in present if name not in taken][:count]


def variables(devices: list[str], workers: int) -> dict[str, str]:
    """What makes a trial use its share of the machine, unless somebody said otherwise."""
    threads = os.environ.get("OMP_NUM_THREADS") or str(max(1, CORES // workers))
    shown = {"CUDA_VISIBLE_DEVICES": ",".join(devices)} if devices else {}
    return {"OMP_NUM_THREADS": threads, **shown}
