"""What coming back after a kill costs while nothing happens: an epoch, and the start.

    uv run --project my-experiment python benchmarks/cost.py

- on: the order, the augmentation and each step are seeded by their position, checkpoints are
  written at clean points, flushed, with the one before kept, losses and weights are watched, and
  the supervisor sees a heartbeat;
- off: the same project with torch's own generator, nothing watched, and Lightning's ModelCheckpoint
  as it is by default, which writes the newest epoch's checkpoint and deletes the one before.

Each side is a process of its own with one thread. They train the same small MLP on generated
images of MNIST's size and number in batches of 64, epoch by epoch in turns; from an epoch's start
to the next, the medians are compared. Two processes of the same side differ by more than what is
measured here, so several pairs run, one after the other, and the median of their ratios counts.
Then ``main.py`` is started with its supervisor and with ``--restarts 0``, in turns, up to the end
of the first step.
"""

import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import IO, Any

import torch
from epoch import FULL, QUICK, Size, generated, ours
from project import ROOT, command_line, temporary_project

from start import CALLBACK, TRAIN  # pyright: ignore[reportAttributeAccessIssue]  # beside this

PAIRS, STARTS = 15, 7
NEXT = "next epoch\n"
# The callbacks that bring a run back, by what build_trainer adds of them.
OURS = {
    "EpochStart",
    "ModuleFlags",
    "AfterRollback",
    "Checkpoint",
    "PartialEpoch",
    "NanGuard",
    "Heartbeat",
    "SaveMetadata",
    "ChangedSettings",
    "StopTogether",
    "WandbAlerts",
}


class Side:
    """A process that trains an epoch each time that it is told to."""

    def __init__(self, name: str, quick: bool) -> None:
        command = [sys.executable, __file__, "--side", name, *(["--quick"] if quick else [])]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
        )

    def epoch(self) -> float:
        """Seconds of the next epoch."""
        stdin, stdout = self.process.stdin, self.process.stdout
        assert stdin
        assert stdout
        stdin.write(NEXT)
        stdin.flush()
        for line in stdout:
            if line.startswith("epoch "):
                return float(line.split()[1])
        sys.exit(f"a side ended with exit code {self.process.wait()}")

    def close(self) -> None:
        """Let it end, and clear its folder away."""
        self.process.communicate()


def train(name: str, size: Size) -> None:
    """Be a side: train an epoch whenever a line comes in."""
    images, labels = generated(size)
    with temporary_project() as project:
        data, module, trainer = ours(project, images, labels, size)
        if name == "off":
            switch_off(trainer, data, project)
        torch.set_num_threads(1)
        trainer.callbacks.append(_on_command(sys.stdin, sys.stdout))
        trainer.fit(module, data)


def switch_off(trainer: Any, data: Any, project: Path) -> None:
    """The same Trainer without any of it."""
    from pytorch_lightning.callbacks import ModelCheckpoint
    from pytorch_lightning.plugins.io import TorchCheckpointIO

    import experiment.core.data.batch_transforms as transforms  # pyright: ignore[reportMissingImports]

    ours = [each for each in trainer.callbacks if type(each).__name__ in OURS]
    assert len(ours) == len(OURS), "a callback has another name now"
    plain = ModelCheckpoint(project / "plain")
    trainer.callbacks[:] = [each for each in trainer.callbacks if each not in ours] + [plain]
    trainer.strategy.checkpoint_io = TorchCheckpointIO()
    count = len(data.examples("train"))
    data.order = lambda dataset, epoch: torch.randperm(count).numpy()
    transforms.seed_torch = transforms.seed_all = None


def _on_command(commands: IO[str], answers: IO[str]) -> Any:
    import pytorch_lightning as pl

    class OnCommand(pl.Callback):
        started: float | None = None

        def on_train_epoch_start(self, trainer: Any, pl_module: Any) -> None:
            # Last of all callbacks: the checkpoint of the epoch before is within.
            if self.started is not None:
                print(f"epoch {time.perf_counter() - self.started}", file=answers, flush=True)
            if commands.readline() != NEXT:
                raise KeyboardInterrupt
            self.started = time.perf_counter()

    return OnCommand()


def epochs(size: Size, quick: bool) -> dict[str, float]:
    """Median seconds of an epoch of each side, of one pair of processes."""
    sides = {name: Side(name, quick) for name in ("on", "off")}
    times: dict[str, list[float]] = {name: [] for name in sides}
    for turn in range(size.epochs):
        # Who came first comes last the next time: neither always follows the other.
        for name in sorted(sides, reverse=turn % 2 == 1):
            times[name].append(sides[name].epoch())
    for side in sides.values():
        side.close()
    return {name: median(taken[1:]) for name, taken in times.items()}  # the first warms up


def first_step(project: Path, restarts: int) -> float:
    """Seconds from typing to the end of the first step."""
    command = [sys.executable, *TRAIN, "logger.wandb=off", f"restart.max={restarts}"]
    started = time.time()
    done = subprocess.run(command, cwd=project, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"restart.max={restarts}: exit code {done.returncode}\n{done.stderr}")
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("first step")]
    return float(line.split()[-1]) - started


def starts(rounds: int) -> dict[str, float]:
    """Median seconds of a start with and without a supervisor."""
    times: dict[str, list[float]] = {"on": [], "off": []}
    with temporary_project() as project:
        with open(project / "experiment" / "callbacks.py", "a") as file:
            file.write(CALLBACK)
        for _ in range(rounds + (rounds > 1)):  # the first compiles and fills caches
            for name, restarts in (("on", 10), ("off", 0)):
                times[name].append(first_step(project, restarts))
    return {name: median(taken[rounds > 1 :]) for name, taken in times.items()}


def compare(size: Size, quick: bool) -> None:
    """Measure both, and print a line each and the ratio."""
    pairs = [epochs(size, quick) for _ in range(1 if quick else PAIRS)]
    start = starts(1 if quick else STARTS)
    for name in ("on", "off"):
        epoch = median(pair[name] for pair in pairs)
        print(f"{name:<4} {epoch:6.3f} s an epoch, {start[name]:6.2f} s to the first step")
    ratios, more = sorted(pair["on"] / pair["off"] for pair in pairs), start["on"] - start["off"]
    print("ratios of the pairs: " + " ".join(f"{ratio:.3f}" for ratio in ratios))
    print(f"cost: epoch on / off = {median(ratios):.3f}; start {more:+.2f} s")


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("--side", choices=("on", "off"), help="be one of the two, told by lines")
    arguments = parser.parse_args()
    size = QUICK if arguments.quick else FULL._replace(epochs=11)
    if arguments.side:
        train(arguments.side, size)
    else:
        compare(size, arguments.quick)


if __name__ == "__main__":
    main()
