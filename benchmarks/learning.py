"""Does each task learn? Its demo data, its default settings, through main.py as a user types it.

    uv run --project my-experiment python benchmarks/learning.py [task ...]

A task is a file in benchmarks/tasks: METRIC, GOAL ("max" or "min"), BAR, and baselines() on the
same data. Each is trained with three seeds, each in a process of its own, one after the other; the
median counts. The command fails if a task misses its bar or a training takes over 90 s. ``--quick``
is one seed and a few steps, which may well miss it.
"""

import importlib.util
import json
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any

from project import command_line, temporary_project

TASKS = Path(__file__).parent / "tasks"
SEEDS = (0, 1, 2)
QUICK = ("trainer.max_steps=20", "data.limit=400", "--restarts", "0")
SECONDS = 90.0  # for a training, from the process's start to its end, on two quiet cores


def task_file(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(f"tasks_{name}", TASKS / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def train(project: Path, seed: int, *words: str) -> dict[str, Any]:
    """One training: its ``summary.json``, and the seconds that the process took."""
    name = f"seed-{seed}"
    command = [sys.executable, "main.py", f"seed={seed}", "--name", name, "logger.wandb=offline"]
    command += words
    started = time.perf_counter()
    subprocess.run(command, cwd=project, check=True, stdout=subprocess.DEVNULL)
    seconds = time.perf_counter() - started
    summary = json.loads((project / "runs" / name / "summary.json").read_text(encoding="utf-8"))
    return {**summary, "process_seconds": seconds}


def learn(name: str, quick: bool) -> bool:
    """Train a task with each seed and print its table; whether it holds."""
    seeds, words = (SEEDS[:1], QUICK) if quick else (SEEDS, ())
    task = task_file(name)
    with temporary_project(name) as project:
        compared = task.baselines()
        runs = [train(project, seed, *words) for seed in seeds]
    print(f"{name}: {task.METRIC}")
    for method, value in compared.items():
        print(f"  {method:<24} {value:.4f}")
    for seed, run in zip(seeds, runs, strict=True):
        seconds = f"{run['process_seconds']:.0f} s, {run['steps']} steps"
        print(f"  {f'ours, seed {seed}':<24} {run['metrics'][task.METRIC]:.4f}  {seconds}")
    middle = median(run["metrics"][task.METRIC] for run in runs)
    slowest = max(run["process_seconds"] for run in runs)
    reached = middle >= task.BAR if task.GOAL == "max" else middle <= task.BAR
    holds = reached and slowest <= SECONDS
    bar = f"{'at least' if task.GOAL == 'max' else 'at most'} {task.BAR}"
    verdict = f"median {middle:.4f}, bar {bar}; slowest {slowest:.0f} s of {SECONDS:.0f} s"
    print(f"learning: {name}: {verdict}: {'holds' if holds else 'MISSED'}", flush=True)
    return holds


def main() -> int:
    parser = command_line(__doc__)
    parser.add_argument("task", nargs="*", help="all of benchmarks/tasks if none is named")
    arguments = parser.parse_args()
    names = arguments.task or sorted(file.stem for file in TASKS.glob("*.py"))
    # All of them, also after one that missed.
    held = [learn(name, arguments.quick) for name in names]
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
