"""A trial of a moment: keeps the contract of a run's folder, and trains nothing.

It is given what ``main.py fit`` is given. Its loss is a function of the values and the step, its
state lies in its folder, and killed anywhere it goes on there.
"""

import argparse
import json
import os
import signal
import sys
import time
from pathlib import Path

VERSION = 1  # a test edits this while a sweep runs
PAUSE = float(os.environ.get("STEP_SECONDS", "0.01"))

parser = argparse.ArgumentParser()
for option in ("--config", "--output", "--name", "--set-json"):
    parser.add_argument(option)
given, words = parser.parse_known_args()
values = json.loads(given.set_json)
folder = Path(given.output, given.name)
folder.mkdir(parents=True, exist_ok=True)
summary, metrics = folder / "summary.json", folder / "metrics.jsonl"
checkpoints = folder / "checkpoints"


def end(status: str, reason: str | None, code: int) -> None:
    """Write down how it ended, and end."""
    unfinished = folder / "summary.tmp"
    unfinished.write_text(json.dumps({"status": status, "reason": reason, "version": VERSION}))
    unfinished.replace(summary)
    sys.exit(code)


def terminate(number: int, frame: object) -> None:
    """A run that is asked to end says so."""
    end("stopped", "SIGTERM", 143)


signal.signal(signal.SIGTERM, terminate)
with (folder / "starts").open("a") as starts:
    starts.write(f"{os.getpid()}\n")
(folder / "config.yaml").write_text(Path(given.config).read_text())
checkpoints.mkdir(exist_ok=True)
for name in ("last.ckpt", "best-1.ckpt"):
    (checkpoints / name).write_text("weights")
(checkpoints / "best.json").write_text(
    json.dumps({"monitor": "val/loss", "mode": "min", "scores": {"best-1.ckpt": 1.0}})
)
rate, steps = values.get("optimizer.learning_rate", 1.0), values.get("trainer.max_epochs", 10)
done = metrics.read_text().count("\n") if metrics.exists() else 0
for step in range(done, 1 if "trainer.max_epochs=1" in words else steps):
    if values.get("model.depth") == 13 and step == 1:
        end("failed", "RuntimeError: thirteen layers", 1)
    time.sleep(PAUSE)
    with metrics.open("a") as file:
        loss = rate + values.get("seed", 0) / 8 + 1 / (step + 1)
        file.write(json.dumps({"step": step, "val/loss": loss, "val/score": -loss}) + "\n")
end("finished", None, 0)
