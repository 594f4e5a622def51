"""Stands in for a training: keeps the contract of a run's folder, and trains nothing.

It takes a moment for each of ``trainer.max_epochs``, goes on where it was killed, and saves when it
is asked to end. What it does beside that is chosen by ``seed``. Each start is a line in ``starts``
of the run's folder and in ``starts`` of the runs'; who meets another on its device says so there.
"""

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from argparse import Namespace
from pathlib import Path

import yaml

VERSION = 1  # a test edits this while a job waits
FAILS, IS_DEAF, LEAVES_A_CHILD, NEVER_SAVES, WAITS = 13, 14, 15, 16, 17
STEP_SECONDS = 0.05
CHILD = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"


def fit(arguments: Namespace) -> int:
    """What stands in for ``main.py fit``; its exit code."""
    config = yaml.safe_load(Path(arguments.config[0]).read_text())
    seed, steps = config["seed"], config["trainer"]["max_epochs"]
    output = Path(arguments.output)
    folder = output / arguments.name
    (folder / "checkpoints").mkdir(parents=True, exist_ok=True)
    last, summary = folder / "checkpoints/last.ckpt", folder / "summary.json"
    device = os.environ["CUDA_VISIBLE_DEVICES"] or "cpu"
    taken = (output / f".device-{device}").open("a")
    try:
        fcntl.flock(taken, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        append(output / "starts", f"{arguments.name} MET ANOTHER on {device}")
        return 9
    append(output / "starts", arguments.name)
    done = int(last.read_text()) if last.exists() else 0
    start = {"pid": os.getpid(), "version": VERSION, "from": done, "device": device}
    start["typed_with"] = os.environ.get("TYPED_WITH")
    append(folder / "starts", json.dumps({**start, "resume": arguments.resume}))
    (folder / "config.yaml").write_text(Path(arguments.config[0]).read_text())

    def end(status: str, reason: str | None, code: int) -> None:
        unfinished = folder / "summary.tmp"
        unfinished.write_text(json.dumps({"status": status, "reason": reason}))
        unfinished.replace(summary)
        sys.exit(code)

    if seed == IS_DEAF:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    else:
        signal.signal(signal.SIGTERM, lambda *_: end("stopped", "SIGTERM", 143))
    if seed == LEAVES_A_CHILD:
        subprocess.Popen([sys.executable, "-c", CHILD], start_new_session=True)
    while seed == WAITS and not (output / "go").exists():
        time.sleep(STEP_SECONDS)
    for step in range(done, steps):
        time.sleep(STEP_SECONDS)
        if seed == FAILS:
            end("failed", "RuntimeError: thirteen", 1)
        if seed != NEVER_SAVES:
            unfinished = last.with_suffix(".tmp")
            unfinished.write_text(str(step + 1))
            unfinished.replace(last)
    end("finished", None, 0)
    return 0


def append(file: Path, line: str) -> None:
    """One write, so that lines of two processes do not mix."""
    with file.open("a") as opened:
        opened.write(f"{line}\n")
