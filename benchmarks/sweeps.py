"""Bayesian search against random search: 20 trials each, over five seeds, on a part of the digits.

    uv run --project my-experiment python benchmarks/sweeps.py

The parameters and their ranges are those of a project's ``sweeps/sweep.yaml``, the metric is the
best val/loss of a trial, and both methods share their first ten trials, which are random. All
trials are trained one after the other in this process; a search proposes its points as
``main.py sweep`` does. The last line is whatever came out. Needs Optuna.
"""

import os
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from epoch import Terminal, redirect_stdout
from project import build, command_line, temporary_project

# Small enough for a trial of at most 5 s, large enough that its settings matter.
WORDS = ("data.limit=400", "trainer.max_epochs=8", "logger.wandb=off", "trainer.accelerator=cpu")


class Size(NamedTuple):
    """How many sweeps, and how long each."""

    seeds: int
    trials: int
    words: tuple[str, ...]


FULL = Size(5, 20, ())
QUICK = Size(1, 11, ("data.limit=60", "trainer.max_epochs=1"))


class Trials:
    """Trains a point and says how good it is; a point that both methods try is trained once."""

    def __init__(self, project: Path, words: tuple[str, ...]) -> None:
        self.project, self.words = project, words
        self.known: dict[str, float] = {}
        self.slowest = 0.0

    def value(self, values: dict[str, Any], seed: int) -> float:
        """The least val/loss, infinite where training diverges."""
        words = (*(f"{key}={value}" for key, value in values.items()), f"seed={seed}")
        if str(words) not in self.known:
            started = time.perf_counter()
            with redirect_stdout(Terminal()):
                self.known[str(words)] = self._train(words)
            self.slowest = max(self.slowest, time.perf_counter() - started)
        return self.known[str(words)]

    def _train(self, words: tuple[str, ...]) -> float:
        import pytorch_lightning as pl

        losses: list[float] = []

        class Remember(pl.Callback):
            def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
                losses.append(float(trainer.callback_metrics["val/loss"]))

        data, module, trainer = build(self.project, *WORDS, *self.words, *words)
        trainer.callbacks.append(Remember())
        try:
            trainer.fit(module, data)
        except Exception as error:
            if getattr(error, "code", None) != 3:  # the exit code of a loss that is not finite
                raise
        return min(losses, default=float("inf"))


def best_of(method: str, seed: int, size: Size, value: Callable[..., float], file: Path) -> float:
    """The best val/loss that a search finds."""
    from experiment.core.sweep.search import Search  # pyright: ignore[reportMissingImports]
    from experiment.core.sweep.sweep_file import (  # pyright: ignore[reportMissingImports]
        Metric,
        read_sweep,
    )
    from experiment.core.sweep.trials import Trial  # pyright: ignore[reportMissingImports]

    search = Search(read_sweep(file), Metric("val/loss"), seed)
    trials: list[Any] = []
    for number in range(1, size.trials + 1):
        point = search.point(number, trials)
        assert point
        trial = Trial(number, *point, state="finished")
        loss = value(trial.values, seed)
        trial.value = loss if loss < float("inf") else None
        trials.append(trial)
    return min(trial.value for trial in trials if trial.value is not None)


def main() -> None:
    size = QUICK if command_line(__doc__).parse_args().quick else FULL
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    started = time.perf_counter()
    found: dict[str, list[float]] = {"random": [], "bayes": []}
    with temporary_project() as project:
        trials = Trials(project, size.words)
        text = (project / "sweeps/sweep.yaml").read_text()
        for seed in range(size.seeds):
            for method, values in found.items():
                file = project / f"sweeps/{method}.yaml"
                file.write_text(text.replace("method: random", f"method: {method}"))
                values.append(best_of(method, seed, size, trials.value, file))
            print(f"seed {seed}: " + ", ".join(f"{name} {v[-1]:.4f}" for name, v in found.items()))
    minutes = (time.perf_counter() - started) / 60
    print(f"{len(trials.known)} trainings in {minutes:.1f} min, slowest {trials.slowest:.1f} s")
    better = sum(b < r for b, r in zip(found["bayes"], found["random"], strict=True))
    bayes, random = (median(found[name]) for name in ("bayes", "random"))
    print(
        f"sweeps: median best val/loss: bayes {bayes:.4f}, random {random:.4f}; "
        f"bayes better in {better} of {size.seeds} seeds"
    )


if __name__ == "__main__":
    main()
