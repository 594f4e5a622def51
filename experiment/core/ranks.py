"""The processes of one run that ``srun`` or ``torchrun`` starts beside each other.

Template's file: updates replace it. Free of torch, until the processes have to talk.

They start together and end together by what started them, so none has a supervisor. The first one
opens the run; what it decides, the others hear: its folder, and the checkpoint to start from.
"""

import json
import os
from datetime import timedelta
from typing import Any

from .errors import UserError

PATIENCE = timedelta(minutes=10)  # for the slowest of them to import torch
KEY = "experiment/run"
_stores: list[Any] = []  # open until the process ends: the first one's holds what the others read


def is_one_of_several() -> bool:
    """Whether torchrun, or srun for several tasks, started this process.

    A single task of SLURM is like a terminal: it has its supervisor, and starts its own ranks.
    """
    return is_in_torchrun() or is_in_srun()


def is_beside_others() -> bool:
    """Whether this is a rank that somebody else watches: Lightning, srun or torchrun."""
    return "LOCAL_RANK" in os.environ or is_one_of_several()


def is_in_torchrun() -> bool:
    return "TORCHELASTIC_RUN_ID" in os.environ


def is_in_srun() -> bool:
    """Whether this is one of several tasks; ``SLURM_NTASKS`` alone also is what a script sees."""
    return not is_in_torchrun() and int(os.environ.get("SLURM_STEP_NUM_TASKS", "1")) > 1


def rank() -> int:
    """Which process of the run this is; 0 is the first, the one that speaks and writes."""
    if is_in_srun():
        return int(os.environ["SLURM_PROCID"])
    return int(os.environ.get("RANK") or os.environ.get("LOCAL_RANK") or 0)


def tell(decided: dict[str, str]) -> None:
    """Tell the others what the first has decided; nothing when it could not."""
    _store().set(KEY, json.dumps(decided))


def hear() -> dict[str, str]:
    """What the first has decided.

    Raises:
        UserError: It could not open the run.
    """
    decided = json.loads(_store().get(KEY))
    if not decided:
        raise UserError(f"process {rank()} ends: the first one could not open the run")
    return decided


def _store() -> Any:
    """What torch's processes meet at; torchrun has one, for SLURM the first process opens it."""
    from torch.distributed.rendezvous import rendezvous

    url = "env://"
    if is_in_srun():
        from lightning_fabric.plugins.environments.slurm import SLURMEnvironment

        # Lightning will use a port of 15000 to 24999, by the job's number.
        host = SLURMEnvironment.resolve_root_node_address(os.environ["SLURM_NODELIST"])
        port = 25000 + int(os.environ["SLURM_JOB_ID"][-4:])
        url = f"tcp://{host}:{port}?rank={rank()}&world_size={os.environ['SLURM_STEP_NUM_TASKS']}"
    store, _, _ = next(rendezvous(url, timeout=PATIENCE))
    _stores.append(store)
    return store
