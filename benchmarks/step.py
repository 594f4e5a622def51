"""A training step: Lightning's Trainer as the template configures it, against a raw loop.

    uv run --project my-experiment python benchmarks/step.py

Both sides get the same batches, which are in memory already, and do the same arithmetic: forward,
loss, backward, clipped gradients, fused AdamW, schedule. Ours also averages loss and accuracy, and
logs to W&B offline and metrics.jsonl, with the progress bar on. They take turns, 100 steps each, on
one thread; the medians are compared.
"""

import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import torch
from epoch import Terminal, redirect_stdout
from project import build, command_line, temporary_project
from raw import cnn, mlp, raw_step
from torch import nn
from torch.utils.data import DataLoader

BATCH = 64


class Size(NamedTuple):
    """How often each side has its turn, and for how many steps."""

    steps: int
    turns: int  # the first two warm up


FULL, QUICK = Size(100, 30), Size(10, 3)


def measure(project: Path, network: Callable[..., nn.Module], size: Size) -> tuple[float, float]:
    """Microseconds a step: ours, raw."""
    import pytorch_lightning as pl

    import experiment.module as module_file  # pyright: ignore[reportMissingImports]
    from experiment.data import Batch  # pyright: ignore[reportMissingImports]

    module_file.build_model = network
    words = (f"trainer.max_steps={size.steps * size.turns}", "trainer.accelerator=cpu")
    words += ("trainer.limit_val_batches=0", "trainer.log_every_n_steps=50")
    _, module, trainer = build(project, *words, "checkpoint.save_top_k=0")
    torch.set_num_threads(1)
    batches = [
        Batch(torch.randn(BATCH, 1, 28, 28), torch.randint(10, (BATCH,))) for _ in range(size.steps)
    ]
    step = raw_step(network())
    times: dict[str, list[float]] = {"ours": [], "raw": []}

    class TakeTurns(pl.Callback):
        started = 0.0

        def on_train_batch_start(
            self, trainer: Any, pl_module: Any, batch: Any, batch_idx: int
        ) -> None:
            if batch_idx == 0:  # of each epoch
                self._raw()
                self.started = time.perf_counter()

        def on_train_batch_end(
            self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int
        ) -> None:
            if batch_idx == size.steps - 1:
                times["ours"].append((time.perf_counter() - self.started) / (size.steps - 1))

        def _raw(self) -> None:
            started = time.perf_counter()
            for batch in batches:
                step(*batch)
            times["raw"].append((time.perf_counter() - started) / size.steps)

    trainer.callbacks.append(TakeTurns())
    trainer.fit(module, DataLoader(batches, batch_size=None, collate_fn=lambda batch: batch))  # pyright: ignore[reportArgumentType]
    return median(times["ours"][2:]) * 1e6, median(times["raw"][2:]) * 1e6


def main() -> None:
    size = QUICK if command_line(__doc__).parse_args().quick else FULL
    found = {}
    with temporary_project() as project:
        for network in (mlp, cnn):
            with redirect_stdout(Terminal()):
                found[network.__name__] = measure(project, network, size)
    for name, (ours, raw) in found.items():
        print(f"{name:<4} ours {ours:7.0f} us, raw {raw:7.0f} us a step")
    (ours, raw), (ours_cnn, raw_cnn) = found["mlp"], found["cnn"]
    over, ratio = ours - raw, ours / raw
    print(f"step: mlp {over:.0f} us over raw ({ratio:.2f}); cnn {ours_cnn / raw_cnn:.2f}")


if __name__ == "__main__":
    main()
