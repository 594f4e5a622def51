"""The environment that a job was queued in: its training gets that, whoever moves the queue.

Template's file: updates replace it. What is switched by a variable, such as ``WANDB_MODE=offline``
or ``HF_HOME``, is meant for the job it was typed for, as with sbatch; the dispatcher may be of
another terminal, and of another day. Keys and passwords are never written down: of those, and of
what says on which machine or device something runs, a job has the dispatcher's.
"""

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path

from ..files import PROJECT

FILE = "variables.json"
MACHINES = ("EXPERIMENT_", "SLURM_", "CUDA_VISIBLE_DEVICES")
# What torchrun, mpirun or Lightning says to one process of several: no job is one of those.
LAUNCHER = r"((LOCAL|NODE|GROUP|ROLE)_)?(RANK|WORLD_SIZE)|ROLE_NAME|MASTER_(ADDR|PORT)"
OF_ONE = re.compile(rf"EXPERIMENT_\w+|{LAUNCHER}|(TORCHELASTIC|OMPI|PMIX?)_\w+")
SECRET = re.compile(r"KEY|TOKEN(?!IZER)|SECRET|PASS|CREDENTIAL|AUTH|COOKIE", re.IGNORECASE)


def keep_variables(folder: Path) -> None:
    """Write those of this process into a job's folder, for nobody else to read."""
    file = folder / FILE
    file.touch(mode=0o600)
    kept = {name: value for name, value in os.environ.items() if _is_kept(name)}
    file.write_text(json.dumps(kept), encoding="utf-8")


def variables_of(folder: Path, ours: Mapping[str, str]) -> dict[str, str]:
    """Those of a job over what it has of ours; all of ours where none were kept."""
    try:
        kept = json.loads((folder / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return dict(ours)
    return {**{name: value for name, value in ours.items() if not _is_kept(name)}, **kept}


def bare_environment(variables: Mapping[str, str]) -> dict[str, str]:
    """An environment without what is said to one process, and with the way to this code."""
    kept = {name: value for name, value in variables.items() if not OF_ONE.fullmatch(name)}
    levels = (__package__ or "").count(".") + 1
    paths = [str(Path(__file__).absolute().parents[levels]), kept.get("PYTHONPATH", "")]
    path = os.pathsep.join(filter(None, paths))
    return {**kept, "EXPERIMENT_PROJECT": str(PROJECT), "PYTHONPATH": path}


def _is_kept(name: str) -> bool:
    return not name.startswith(MACHINES) and not SECRET.search(name)
