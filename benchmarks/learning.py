"""Does each task learn? Its demo data, its default settings, through main.py as a user types it.

    uv run --project my-experiment python benchmarks/learning.py [task ...]

A task is a file in benchmarks/tasks: METRIC, BAR, and baselines() on the same data. Each is trained
with three seeds, each in a process of its own, one after the other; the median counts. The command
fails if a task misses its bar or a training takes over 90 s.
"""

import importlib.util
import json
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any

from project import temporary_project

TASKS = Path(__file__).parent / "tasks"
SEEDS = (0, 1, 2)
SECONDS = 90.0  # for a training, from the process's start to its end, on two quiet cores


def task_file(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(f"tasks_{name}", TASKS / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def train(project: Path, seed: int) -> dict[str, Any]:
    """One training: its ``summary.json``, and the seconds that the process took."""
    name = f"seed-{seed}"
    command = [sys.executable, "main.py", f"seed={seed}", "--name", name, "logger.wandb=offline"]
    started = time.perf_counter()
    subprocess.run(command, cwd=project, check=True, stdout=subprocess.DEVNULL)
    seconds = time.perf_counter() - started
    summary = json.loads((project / "runs" / name / "summary.json").read_text(encoding="utf-8"))
    return {**summary, "process_seconds": seconds}


def learn(name: str) -> bool:
    """Train a task with each seed and print its table; whether it holds."""
    task = task_file(name)
    with temporary_project(name) as project:
        compared = task.baselines()
        runs = [train(project, seed) for seed in SEEDS]
    print(f"{name}: {task.METRIC}")
    for method, value in compared.items():
        print(f"  {method:<24} {value:.4f}")
    for seed, run in zip(SEEDS, runs, strict=True):
        seconds = f"{run['process_seconds']:.0f} s, {run['steps']} steps"
        print(f"  {f'ours, seed {seed}':<24} {run['metrics'][task.METRIC]:.4f}  {seconds}")
    middle = median(run["metrics"][task.METRIC] for run in runs)
    slowest = max(run["process_seconds"] for run in runs)
    holds = middle >= task.BAR and slowest <= SECONDS
    verdict = f"median {middle:.4f}, bar {task.BAR}; slowest {slowest:.0f} s of {SECONDS:.0f} s"
    print(f"learning: {name}: {verdict}: {'holds' if holds else 'MISSED'}", flush=True)
    return holds


def main() -> int:
    names = sys.argv[1:] or sorted(file.stem for file in TASKS.glob("*.py"))
    held = [learn(name) for name in names]  # all of them, also after one that missed
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
