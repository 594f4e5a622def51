"""``main.py smoke``: prove in seconds that every part of the experiment fits the others.

Template's file: updates replace it. It takes your own ``build``, a batch and one training step, in
a folder of its own that is deleted afterwards.
"""

import pkgutil
import re
import sys
import tempfile
import time
import traceback
from argparse import Namespace
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytorch_lightning as pl
import torch
from pytorch_lightning.utilities.combined_loader import CombinedLoader

from ..config.dump import dump_config, leaves
from ..config.load import Settings
from ..errors import UserError
from ..files import PROJECT, shown
from ..inspect.training_step_check import TrainingStepCheck
from ..runs.layout import LAST
from ..runs.run import Run

LOOK_AT = {
    "data": "experiment/data.py: prepare_data, setup and transforms",
    "shapes": "the annotation and the Shape: section of the line named above",
    "training": "experiment/module.py: training_step; experiment/model.py: forward",
    "checkpoint": "experiment/module.py: is everything that forward needs in state_dict?",
    "logging": "logger: in configs/experiment.yaml",
    "sweeps": "the parameters of that file; `python main.py config` prints all keys",
}


class Skipped(Exception):
    """What cannot be shown here and now, and is no fault of the experiment."""


def run_smoke(settings: Settings[Any], arguments: Namespace, build: Any) -> int:
    """Print a table of what was proven; 0 if everything was."""
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="smoke-", ignore_cleanup_errors=True) as folder:
        smoke = Smoke(settings, build, Path(folder), arguments)
        for name, check in smoke.checks():
            if not _passes(name, check):
                return 1
    print(f"smoke passed in {time.perf_counter() - started:.1f} s")
    return 0


def _passes(name: str, check: Callable[[], str]) -> bool:
    """Run one check and print its line; whether the next one makes sense."""
    started = time.perf_counter()
    mark, fact, hint = "✓", "", ""
    try:
        fact = check()
    except Skipped as reason:
        mark, fact = "-", f"skipped: {reason}"
    except Exception as error:
        mark, fact = "✗", _sentence(error)
        named = re.search(r"\.(py|yaml):\d+", fact)  # then the place needs no second word
        hint = "" if named else LOOK_AT.get(name, "configs/experiment.yaml")
    encoding = sys.stdout.encoding or "ascii"
    line = f"{mark} {name:<13} {fact:<68} {time.perf_counter() - started:5.1f} s"
    print(line.encode(encoding, "replace").decode(encoding), flush=True)
    if hint:
        print(f"  look at {hint}")
    return mark != "✗"


@dataclass
class Smoke:
    """The checks in their order; each uses what the ones before it made."""

    settings: Settings[Any]
    build: Any
    folder: Path
    arguments: Namespace

    def checks(self) -> Iterator[tuple[str, Callable[[], str]]]:
        yield "configuration", self.configuration
        yield "sweeps", self.sweeps
        self.watch_annotations()
        yield "data", self.data
        yield "shapes", self.shapes
        yield "training", self.training
        yield "checkpoint", self.checkpoint
        yield "logging", self.logging

    def configuration(self) -> str:
        config = self.settings.config
        source = demo_or_configured(config)
        config.data.source = source
        config.data.num_workers = 0
        trainer = config.trainer
        trainer.max_epochs, trainer.max_steps, trainer.accumulate_grad_batches = 1, None, 1
        trainer.limit_train_batches = trainer.limit_val_batches = 1
        trainer.val_check_interval, trainer.check_val_every_n_epoch = 1.0, 1
        trainer.progress_bar, trainer.log_every_n_steps = False, 1
        trainer.devices, trainer.num_nodes, trainer.strategy = 1, 1, "auto"
        if config.logger.wandb != "off":
            config.logger.wandb = "offline"
        if source != "demo" and config.data.limit is None:
            config.data.limit = 256
        files = ", ".join(shown(Path(file)) for file in self.arguments.config)
        return f"{files}: {len(list(leaves(config)))} settings, data from {source}"

    def sweeps(self) -> str:
        from ..sweep.checks import check_sweep

        files = sorted((PROJECT / "sweeps").glob("*.yaml"))
        config_class = type(self.settings.config)
        counts = [check_sweep(file, config_class, self.arguments) for file in files]
        if not files:
            raise Skipped("there is no sweeps/*.yaml")
        return f"{len(files)} file(s), {sum(counts)} parameters: settings, with values that fit"

    def watch_annotations(self) -> None:
        """Before anything of the experiment is imported: check annotations as tensors flow."""
        from ..inspect.shape_annotations import check_annotations

        package = (__package__ or "").partition(".")[0]
        names = [module.name for module in pkgutil.iter_modules([str(PROJECT / package)])]
        yours = [f"{package}.{name}" for name in names if name != "core"]
        self.checks_types = check_annotations(*yours)

    def data(self) -> str:
        run = Run(self.folder, "fit", self.settings.config.seed, smoke=True)
        run.lock()
        run.begin("smoke", dump_config(self.settings.config))
        self.run = run
        try:
            self.datamodule, self.module, self.trainer = self.build(self.settings.config, run)
        except UserError as error:
            if self.settings.config.data.source == "demo":
                raise
            raise Unreachable(str(error)) from error
        self.batch = first_batch(self.datamodule)
        return describe_batch(self.batch)

    def shapes(self) -> str:
        from ..inspect.shape_annotations import batch_mismatches
        from ..inspect.shape_docstrings import docstring_mismatches

        wrong = docstring_mismatches("experiment")
        if wrong:
            raise UserError("; ".join(wrong[:3]))
        if not self.checks_types:
            return "Shape: sections agree with annotations (beartype missing: types unchecked)"
        wrong = batch_mismatches(self.batch)
        if wrong:
            raise UserError(wrong[0])
        return "the batch, annotations and Shape: sections agree"

    def training(self) -> str:
        self.witness = TrainingStepCheck()
        self.trainer.callbacks.insert(0, self.witness)
        self.trainer.fit(self.module, self.datamodule)
        return self.witness.verdict(self.module)

    def checkpoint(self) -> str:
        path = self.run.checkpoints / LAST
        saved = torch.load(path, map_location="cpu", weights_only=True)
        _, twin, _ = self.build(self.settings.config, Run(self.folder, "load", smoke=True))
        twin.load_state_dict(saved["state_dict"])
        self.module.load_state_dict(saved["state_dict"])
        original, copy = _outputs(self.module, self.batch), _outputs(twin, self.batch)
        if not _equal(original, copy):
            raise UserError("the same weights in a new model give other outputs")
        megabytes = path.stat().st_size / 2**20
        return f"{megabytes:.1f} MiB, loads with torch's safe default, same outputs"

    def logging(self) -> str:
        rows = self.run.metrics_file.read_text(encoding="utf-8").splitlines()
        if not rows:
            raise UserError(f"{self.run.metrics_file.name} is empty: nothing was logged")
        if self.settings.config.logger.wandb == "off":
            return f"metrics.jsonl {len(rows)} rows; W&B is off"
        import wandb

        wandb.finish()
        files = list((self.run.folder / "wandb").glob("offline-run-*/*.wandb"))
        if not files or not files[0].stat().st_size:
            raise UserError("W&B wrote no offline run")
        return f"metrics.jsonl {len(rows)} rows; W&B wrote offline"


def first_batch(data: Any) -> Any:
    """The first training batch, as a step gets it: of several loaders, of all together."""
    loaders = data.train_dataloader()
    if not isinstance(loaders, CombinedLoader):
        loaders = CombinedLoader(loaders, "max_size_cycle")
    return next(iter(loaders))[0]


class Unreachable(Skipped):
    """The data cannot be had here; without it the rest cannot be shown either."""


def describe_batch(batch: Any) -> str:
    """``image (128, 1, 8, 8) float32, label (128,) int64``; of several loaders, each by name."""
    return ", ".join(_described(batch, "")) or type(batch).__name__


def _described(part: Any, name: str) -> Iterator[str]:
    if hasattr(part, "shape"):
        dtype = str(part.dtype).removeprefix("torch.")
        yield f"{name} {tuple(part.shape)} {dtype}".strip()
        return
    keys, parts = getattr(part, "_fields", None), part
    if isinstance(part, dict):
        keys, parts = part.keys(), part.values()
    elif not isinstance(part, (tuple, list)) or (part and isinstance(part[0], str)):
        return  # texts and the like
    for key, inside in zip(keys or range(len(part)), parts, strict=True):
        yield from _described(inside, f"{name}.{key}" if name else str(key))


def demo_or_configured(config: Any) -> str:
    """The demo while that is a choice, else what is configured."""
    source = get_type_hints(type(config.data))["source"]
    return "demo" if "demo" in get_args(source) else config.data.source


def _outputs(module: pl.LightningModule, batch: Any) -> Any:
    """What the module says of a batch, without a Trainer."""
    module.cpu().eval()
    torch.manual_seed(0)
    with torch.no_grad():
        return module.predict_step(batch, 0)


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, torch.Tensor):
        return torch.equal(one, other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_equal(one[k], other[k]) for k in one)
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(_equal, one, other))
    return bool(one == other)


def _place(error: Exception) -> str:
    """``experiment/model.py:40: ``, the innermost line of the project that the error came through.

    The researcher's own files come before core's.
    """
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if _is_ours(frame)]
    own = [frame for frame in frames if "core" not in Path(frame.filename).parts]
    if not frames:
        return ""
    frame = (own or frames)[-1]
    return f"{shown(Path(frame.filename))}:{frame.lineno}: "


def _is_ours(frame: traceback.FrameSummary) -> bool:
    path = Path(frame.filename)
    return PROJECT in path.parents and "site-packages" not in path.parts


def _sentence(error: Exception) -> str:
    from ..inspect.shape_annotations import describe_shape_error

    if isinstance(error, SyntaxError):
        return f"{shown(Path(error.filename or '?'))}:{error.lineno}: {error.msg}"
    if isinstance(error, UserError):
        return str(error)
    first_line = (str(error).strip() or "no message").splitlines()[0]
    return describe_shape_error(error) or f"{_place(error)}{type(error).__name__}: {first_line}"
