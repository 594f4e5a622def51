"""Process start: to the end of the first training step, to the help page, to an error.

    uv run --project my-experiment python benchmarks/start.py

Each figure is the median of several process starts, which take turns. "raw" is a script that
imports nothing but torch and does one step of the same network with the same optimizer; "config"
and "wrong key" stand beside ``import omegaconf`` alone. ``-X importtime`` shows that neither they
nor ``--help`` import torch. ``--quick`` starts each once, also the compiling that comes first.
"""

import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

from project import command_line, temporary_project

ROUNDS = 5
# What the default experiment trains: 8x8 digits in batches of 128, a ConvNet of width 32.
RAW = """
import time
import torch
from torch import nn

def block(channels_in, channels_out, stride=1):
    convolution = nn.Conv2d(channels_in, channels_out, 3, stride, padding=1, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(channels_out), nn.SiLU())

model = nn.Sequential(
    block(1, 32), block(32, 32), block(32, 32),
    block(32, 64, 2), block(64, 64), block(64, 64),
    block(64, 128, 2), block(128, 128), block(128, 128),
    nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(128, 10),
)
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, fused=True)
image, label = torch.rand(128, 1, 8, 8), torch.randint(10, (128,))
nn.functional.cross_entropy(model(image), label).backward()
optimizer.step()
print("first step", time.time(), flush=True)
"""
# A callback of the project's owner, who wants to know when the first step is over.
CALLBACK = """

class FirstStep(pl.Callback):
    def on_train_batch_end(self, *args, **kwargs):
        print("first step", time.time(), flush=True)
"""
TRAIN = ["main.py", "--resume", "none", "callbacks.extra.experiment.callbacks.FirstStep={}"]
TRAIN += ["trainer.max_steps=1", "trainer.test_after_fit=false", "trainer.limit_val_batches=1"]
COMMANDS = {
    "raw": ["raw.py"],
    "ours": [*TRAIN, "logger.wandb=off"],
    "ours, W&B": [*TRAIN, "logger.wandb=offline"],
    "python": ["-c", "pass"],
    "--help": ["main.py", "--help"],
    "omegaconf": ["-c", "import omegaconf"],
    "config": ["main.py", "config"],
    "wrong key": ["main.py", "model.detph=3"],
}


def start(project: Path, name: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, which must be the one it is here for."""
    command = [sys.executable, *options, *COMMANDS[name]]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True)
    if done.returncode != (2 if name == "wrong key" else 0):
        sys.exit(f"{name}: exit code {done.returncode}\n{done.stderr}")
    return done


def seconds(project: Path, name: str) -> float:
    """From the process's start to its first training step, or to its end if it does not train."""
    started = time.time()
    output = start(project, name).stdout
    ended = time.time()
    lines = [line.split()[-1] for line in output.splitlines() if line.startswith("first step")]
    return (float(lines[0]) if lines else ended) - started


def imports_torch(project: Path, name: str) -> bool:
    log = start(project, name, "-X", "importtime").stderr
    modules = {line.rpartition("|")[2].strip() for line in log.splitlines()}
    return "torch" in modules


def main() -> None:
    quick = command_line(__doc__).parse_args().quick
    warm_up, rounds = (0, 1) if quick else (1, ROUNDS)  # the first start compiles and fills caches
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # the second start of a user, not the first
    with temporary_project() as project:
        (project / "raw.py").write_text(RAW)
        with open(project / "experiment" / "callbacks.py", "a") as file:
            file.write(CALLBACK)
        times: dict[str, list[float]] = {name: [] for name in COMMANDS}
        for _ in range(warm_up + rounds):
            for name in COMMANDS:
                times[name].append(seconds(project, name))
        light = ("--help", "config", "wrong key")
        heavy = [name for name in light if imports_torch(project, name)]
    found = {name: median(taken[warm_up:]) for name, taken in times.items()}
    for name, taken in found.items():
        print(f"{name:<10} {taken:6.3f} s")
    print(f"torch is imported by: {', '.join(heavy) or 'none'} of {', '.join(light)}")
    over = {name: found[name] - found["raw"] for name in ("ours", "ours, W&B")}
    beside = {name: found[name] - found["omegaconf"] for name in ("config", "wrong key")}
    print(
        f"start: ours / raw = {found['ours'] / found['raw']:.2f} ({over['ours']:+.2f} s; with W&B "
        f"{over['ours, W&B']:+.2f} s); --help {found['--help']:.2f} s; over omegaconf: "
        f"config {beside['config']:+.2f} s, wrong key {beside['wrong key']:+.2f} s"
    )


if __name__ == "__main__":
    main()
