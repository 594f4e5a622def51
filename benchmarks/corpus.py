"""Does a text corpus that is larger than memory train, and resume exactly, in little memory?

    uv run --project my-experiment python benchmarks/corpus.py

Makes 2 GB of text: words drawn by Zipf's law, in lines. A tokenizer is trained on a sample of it,
all of it is encoded, and a small model trains on it, memory-mapped, as a user types it. Then the
same again under another name, killed (SIGKILL) in mid-epoch and typed once more: both must end with
the same weights. Private memory is RssAnon, of all processes of a run together, looked at five
times a second; the pages of the map do not count: the system takes them back when it needs them.

Linux only. ``--quick`` is 1 MB. Everything is in a temporary folder, of 4 GB; ``TMPDIR`` moves it.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
from project import command_line, temporary_project

MEGABYTES, FILES = 2000, 20
STEPS, KILLED_AT = 60, 35
MINUTES = 15.0  # for all of it
PRIVATE_MB = 1000.0
WORDS = 50_000
SETTINGS = (
    "data.source=folder",
    "data.root=corpus",
    "data.cache=cache",
    "data.in_memory_mb=256",
    "data.vocab_size=4096",
    "data.window=256",
    "trainer.max_epochs=null",
    f"trainer.max_steps={STEPS}",
    "trainer.accelerator=cpu",
    "checkpoint.every_n_steps=10",
    "restart.max=0",  # so that a kill is one: nobody starts it again
    "logger.wandb=off",
)
QUICK = ("data.in_memory_mb=0", "data.vocab_size=512", "data.window=32")
QUICK += ("model.depth=1", "model.dim=32", "model.num_heads=2")


def write_corpus(root: Path, megabytes: int, files: int) -> None:
    """Text files in train/, val/ and test/; the same each time."""
    draw = np.random.default_rng(0)
    syllables = [c + v for c in "bcdfghklmnprstvwz" for v in ("a", "e", "i", "o", "u", "ai", "or")]
    lengths = draw.integers(1, 5, WORDS)
    words = np.array(
        ["".join(draw.choice(syllables, length)) + " " for length in lengths], dtype=object
    )
    words[draw.choice(WORDS, 400)] = "\n"
    frequency = 1 / np.arange(3, WORDS + 3)
    cumulative = np.cumsum(frequency / frequency.sum())

    def text() -> bytes:
        chosen = np.searchsorted(cumulative, draw.random(20_000)).clip(max=WORDS - 1)
        return "".join(words[chosen]).encode()

    for split, size, count in (("train", megabytes, files), ("val", 0.1, 1), ("test", 0.1, 1)):
        (root / split).mkdir(parents=True)
        for number in range(count):
            with open(root / split / f"{number:03}.txt", "wb") as file:
                while file.tell() < size * 1e6 / count:
                    file.write(text())


class Watch(threading.Thread):
    """Looks at the private memory of a process and its children until it ends."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid, self.peak_mb = pid, 0.0

    def run(self) -> None:
        while total := sum(map(private_mb, family(self.pid))):
            self.peak_mb = max(self.peak_mb, total)
            time.sleep(0.2)


def family(pid: int) -> list[int]:
    """A process, its children, and theirs."""
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    try:
        children = [int(child) for task in tasks for child in task.read_text().split()]
    except OSError:
        return [pid]
    return [pid, *(member for child in children for member in family(child))]


def private_mb(pid: int) -> float:
    """RssAnon of a process; 0 if it is no more."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) / 1000 for line in lines if line.startswith("RssAnon"))


def fit(project: Path, name: str, *words: str, kill_at: int | None = None) -> tuple[float, float]:
    """Train, or be killed after a step: seconds, and the peak of private memory in MB."""
    command = [sys.executable, "main.py", "fit", "--name", name, *SETTINGS, *words]
    started = time.perf_counter()
    process = subprocess.Popen(command, cwd=project, stdout=subprocess.PIPE, text=True)
    watch = Watch(process.pid)
    watch.start()
    heartbeat = project / "runs" / name / ".heartbeat"
    if kill_at is not None:
        while process.poll() is None and step_of(heartbeat) < kill_at:
            time.sleep(0.05)
        os.kill(process.pid, signal.SIGKILL)
    shown, _ = process.communicate()
    watch.join()
    if kill_at is None:
        assert process.returncode == 0, shown
    for line in shown.splitlines():
        if line.startswith("tokenizer") or " million tokens" in line:
            print(f"  {line}")
    return time.perf_counter() - started, watch.peak_mb


def step_of(heartbeat: Path) -> int:
    try:
        return int(heartbeat.read_text().split()[0])
    except (OSError, IndexError, ValueError):
        return 0


def weights(project: Path, name: str) -> dict[str, Any]:
    import torch

    path = project / "runs" / name / "checkpoints" / "last.ckpt"
    return torch.load(path, map_location="cpu", weights_only=True)["state_dict"]


def main() -> int:
    arguments = command_line(__doc__).parse_args()
    megabytes = 1 if arguments.quick else MEGABYTES
    started = time.perf_counter()
    with temporary_project("language_modeling") as project:
        write_corpus(project / "corpus", megabytes, FILES)
        print(f"{megabytes:,} MB of text written in {time.perf_counter() - started:.0f} s")
        words = QUICK if arguments.quick else ()
        first, peak = fit(project, "calm", *words)
        print(f"prepared and trained, {STEPS} steps: {first:.0f} s, {peak:.0f} MB private")
        second, peak_of_killed = fit(project, "killed", *words, kill_at=KILLED_AT)
        third, peak_of_resumed = fit(project, "killed", *words)
        print(
            f"killed after {KILLED_AT} steps: {second:.0f} s, {peak_of_killed:.0f} MB; "
            f"resumed: {third:.0f} s, {peak_of_resumed:.0f} MB"
        )
        calm, killed = weights(project, "calm"), weights(project, "killed")
    same = calm.keys() == killed.keys() and all(calm[name].equal(killed[name]) for name in calm)
    peak = max(peak, peak_of_killed, peak_of_resumed)
    minutes = (time.perf_counter() - started) / 60
    print(
        f"corpus: {megabytes} MB: private memory {peak:.0f} MB of {PRIVATE_MB:.0f}; "
        f"weights after SIGKILL {'equal' if same else 'DIFFER'}; {minutes:.1f} min of {MINUTES:.0f}"
    )
    return 0 if same and peak < PRIVATE_MB and minutes <= MINUTES else 1


if __name__ == "__main__":
    sys.exit(main())
