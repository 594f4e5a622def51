"""Makes the half-done run anew that every later version must finish.

``python tests/stored/remake.py``

Until v0.1.0 is tagged that is allowed, in a commit that says why. ``half_done/`` is what a SIGKILL
left of a small run, without its copy of the code and what is only this machine's. ``whole.json``
says what the same run logs when nothing kills it: a later version that goes on from ``half_done/``
must log the same steps and end with the same loss.
"""

import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
os.environ.update(SMOKE="skip", SMOKE_PYTHON="none")  # the hooks: the files alone are wanted

from harness.experiment import Experiment, Server
from projects import make_template

STORED = Path(__file__).parent
# All that a checkpoint carries: an average of the weights, early stopping, an epoch's sums.
WORDS = (
    "callbacks.ema.decay=0.9",
    "callbacks.early_stopping.patience=5",
    "checkpoint.every_n_steps=4",
)
KILLED_AT = 13  # batches; the newest checkpoint is in the middle of the second epoch of 7
LARGEST = 1_000_000  # bytes of half_done/
MACHINES = ("process", "command", "wandb", "seconds", "code")  # of summary.json


def main() -> None:
    """Train once undisturbed and once until a kill, and store what later versions must meet."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        project = make_template(folder / "template").generate(folder / "my-experiment").path
        server = Server(Path(sys.executable), folder)
        try:
            whole = Experiment(project, server).trained(*WORDS)
            copy = Path(shutil.copytree(project, folder / "copy"))
            shutil.rmtree(copy / "runs")
            killed = Experiment(copy, server).killed("on_train_batch_start", KILLED_AT, *WORDS)
            store(killed.path)
            logged = [[step, key, value] for (step, key), value in sorted(whole.metrics().items())]
            rows = ",\n".join(json.dumps(row) for row in logged)
            (STORED / "whole.json").write_text(f"[\n{rows}\n]\n")
        finally:
            server.close()


def store(run: Path) -> None:
    """Keep of a run what is not this machine's."""
    target = STORED / "half_done"
    shutil.rmtree(target, ignore_errors=True)
    ignored = shutil.ignore_patterns(
        "*previous*", "code", "wandb", "*.log", ".*", "record.json", "environment.txt"
    )
    shutil.copytree(run, target, ignore=ignored)
    summary = json.loads((target / "summary.json").read_text())
    kept = {key: value for key, value in summary.items() if key not in MACHINES}
    kept["wandb"] = {
        "id": summary["wandb"]["id"],
        "url": None,
        "mode": None,
    }  # the checkpoint has it
    (target / "summary.json").write_text(json.dumps(kept, indent=2) + "\n")
    size = sum(file.stat().st_size for file in target.rglob("*"))
    assert size < LARGEST, f"half_done/ has {size} bytes"


if __name__ == "__main__":
    main()
