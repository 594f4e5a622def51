"""An epoch of MNIST's size: ours with everything on, against two loops without a framework.

    uv run --project my-experiment python benchmarks/epoch.py

``my-experiment`` is any generated project; its environment is all that is used of it.

- ours: ``main.build``, with W&B offline, metrics.jsonl, checkpoints and the progress bar;
- limit: a loop over whole batches, indexed from one tensor;
- per sample: a loop over a dataset of single images, as torchvision's are, with a DataLoader.

All train the same small MLP with the same step on 55,000 generated images in batches of 64, and
validate on 5,000. They take turns, epoch by epoch, on one thread; the medians are compared.
"""

import io
import time
from contextlib import redirect_stdout
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import torch
from project import build, command_line, temporary_project
from raw import mlp, raw_step
from torch.utils.data import DataLoader, Dataset


class Size(NamedTuple):
    """How much there is to train and validate on, and for how long."""

    train: int
    val: int
    epochs: int


FULL, QUICK = Size(55_000, 5_000, 7), Size(1_100, 100, 2)
BATCH = 64
PER_SAMPLE_SHARE = 10  # a tenth of its epoch is run, and counted ten times


class Terminal(io.StringIO):
    """A place for the bar, which is drawn only where somebody may look at it."""

    def isatty(self) -> bool:
        return True


def generated(size: Size) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    total = size.train + size.val
    images = torch.randint(256, (total, 1, 28, 28), generator=generator, dtype=torch.uint8)
    return images, torch.randint(10, (total,), generator=generator)


def ours(
    project: Path, images: torch.Tensor, labels: torch.Tensor, size: Size
) -> tuple[Any, Any, Any]:
    """The project as its owner might have edited it: other images, another network."""
    import experiment.data as data  # pyright: ignore[reportMissingImports]
    import experiment.module as module  # pyright: ignore[reportMissingImports]

    names = [str(digit) for digit in range(10)]
    train, val = slice(None, size.train), slice(size.train, None)
    from_pixels = data.images.from_pixels
    data.images.load = lambda config, root, known=None: {
        "train": from_pixels(images[train], labels[train], names),
        "val": from_pixels(images[val], labels[val], names),
        "test": from_pixels(images[val], labels[val], names),
    }
    module.build_model = mlp
    return build(
        project,
        "data.image_size=28",
        "data.augment=false",
        f"data.batch_size={BATCH}",
        f"trainer.max_epochs={size.epochs + 1}",
        "trainer.log_every_n_steps=50",
        "trainer.accelerator=cpu",
    )


def limit(images: torch.Tensor, labels: torch.Tensor, size: Size) -> Any:
    """Loops over whole batches."""
    model = mlp()
    step = raw_step(model)

    def batch(chosen: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return ((images[chosen].float() / 255) - 0.5) / 0.29, labels[chosen]

    def epoch() -> None:
        for chosen in torch.randperm(size.train).split(BATCH):
            step(*batch(chosen))
        with torch.no_grad():
            for chosen in torch.arange(size.train, size.train + size.val).split(BATCH):
                model(batch(chosen)[0])

    return epoch


class Images(Dataset[Any]):
    """One image at a time, as torchvision's datasets give them."""

    def __init__(self, images: torch.Tensor, labels: torch.Tensor) -> None:
        from torchvision.transforms import v2

        self.images, self.labels = images, labels
        self.transform = v2.Compose(
            [v2.ToImage(), v2.ToDtype(torch.float32, scale=True), v2.Normalize([0.5], [0.29])]
        )

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> Any:
        from PIL import Image

        image = Image.fromarray(self.images[index, 0].numpy())
        return self.transform(image), int(self.labels[index])


def per_sample(images: torch.Tensor, labels: torch.Tensor, size: Size) -> Any:
    """Loops over a dataset of single images."""
    model = mlp()
    step = raw_step(model)
    train, val = size.train // PER_SAMPLE_SHARE, size.val // PER_SAMPLE_SHARE
    training = DataLoader(Images(images[:train], labels[:train]), BATCH, shuffle=True)
    validation = DataLoader(Images(images[-val:], labels[-val:]), BATCH)

    def epoch() -> None:
        for image, label in training:
            step(image, label)
        with torch.no_grad():
            for image, _ in validation:
                model(image)

    return epoch


def seconds(epoch: Any) -> float:
    started = time.perf_counter()
    epoch()
    return time.perf_counter() - started


def measure(project: Path, size: Size) -> dict[str, list[float]]:
    """Lets our Trainer run, and each time that an epoch starts, the loops first."""
    images, labels = generated(size)
    with redirect_stdout(Terminal()):
        data, module, trainer = ours(project, images, labels, size)
        torch.set_num_threads(1)
        loops = {
            "limit": limit(images, labels, size),
            "per sample": per_sample(images, labels, size),
        }
        times: dict[str, list[float]] = {name: [] for name in ("ours", *loops)}
        trainer.callbacks.append(_turns(loops, times))
        trainer.fit(module, data)
    return {name: taken[1:] for name, taken in times.items()}  # the first epoch warms up


def _turns(loops: dict[str, Any], times: dict[str, list[float]]) -> Any:
    import pytorch_lightning as pl

    class TakeTurns(pl.Callback):
        started: float | None = None

        def on_train_epoch_start(self, trainer: Any, pl_module: Any) -> None:
            if self.started is not None:  # from start to start: the checkpoint is within
                times["ours"].append(time.perf_counter() - self.started)
            for name, loop in loops.items():
                share = PER_SAMPLE_SHARE if name == "per sample" else 1
                times[name].append(seconds(loop) * share)
            self.started = time.perf_counter()

    return TakeTurns()


def main() -> None:
    size = QUICK if command_line(__doc__).parse_args().quick else FULL
    with temporary_project() as project:
        times = {name: median(taken) for name, taken in measure(project, size).items()}
    for name, taken in times.items():
        print(f"{name:<12} {taken:6.2f} s an epoch")
    ours, limit, single = times["ours"], times["limit"], times["per sample"]
    print(f"epoch: ours / limit = {ours / limit:.2f}; per-sample / limit = {single / limit:.2f}")


if __name__ == "__main__":
    main()
