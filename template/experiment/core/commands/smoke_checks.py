"""``main.py smoke``: prove in seconds that every part of the experiment fits the others.

Template's file: updates replace it. It takes your own ``build``, a batch and a few training steps,
in a folder of its own that is deleted afterwards. ``✗`` is what cannot be meant. ``?`` is what may
be meant, and then is stated, as core/module/expected.py says; until then ``SMOKE=strict`` fails.
"""

import os
import re
import sys
import tempfile
import time
from argparse import Namespace
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from ..config.dump import dump_config, leaves
from ..config.load import Settings
from ..config.yaml_reader import COMMAND_LINE
from ..errors import UserError
from ..files import PROJECT, shown
from ..inspect.training_step_check import BATCHES, EPOCHS, TrainingStepCheck
from ..module.expected import Expected, read_expected
from ..module.parameter_groups import names_of
from ..runs.layout import LAST
from ..runs.run import Run
from ..trainer.design_checks import check_training, in_our_words, why_unvalidated
from .smoke_batches import ask_of_first_batch, demo_or_configured, describe_batch, first_batch
from .smoke_errors import Skipped, Unreachable, is_of_data, sentence
from .smoke_outputs import MISSING, Judge, compare_outputs

LOOK_AT = {
    "data": "experiment/data.py: prepare_data, setup and transforms",
    "shapes": "the annotation and the Shape: section of the line named above",
    "training": "experiment/module.py: training_step; experiment/model.py: forward",
    "checkpoint": "experiment/module.py: is everything that forward needs in state_dict?",
    "logging": "logger: in configs/experiment.yaml",
    "sweeps": "the parameters of that file; `python main.py config` prints all keys",
}


def run_smoke(settings: Settings[Any], arguments: Namespace, build: Any) -> int:
    """Print a table of what was proven; 0 if everything was, and no question counts."""
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="smoke-", ignore_cleanup_errors=True) as folder:
        smoke = Smoke(settings, build, Path(folder), arguments)
        for name, check in smoke.checks():
            if not _passes(name, check):
                return 1
            _print_questions(name, smoke)
    took = f"{time.perf_counter() - started:.1f} s"
    count = smoke.asked
    questions = f"{count} question{'s' if count > 1 else ''} (?)"
    if count and os.environ.get("SMOKE") == "strict":
        print(f"smoke failed in {took}: {questions}, and SMOKE=strict")
        return 1
    left_out = "" if smoke.reached else ", but for all that needs the data"
    print(f"smoke passed in {took}" + (f", with {questions}" if count else left_out))
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
        mark, fact = "✗", sentence(error)
        named = re.search(r"\.(py|yaml):\d+", fact)  # then the place needs no second word
        hint = "" if named else LOOK_AT.get(name, "configs/experiment.yaml")
    _print(f"{mark} {name:<13} {fact:<68} {time.perf_counter() - started:5.1f} s")
    if hint:
        _print(f"  look at {hint}")
    return mark != "✗"


def _print_questions(name: str, smoke: "Smoke") -> None:
    """What the check that just ended has found to ask."""
    for question in smoke.expected.questions[smoke.asked :]:
        _print(f"? {name:<13} {question.seen}")
        _print(f"  {question.answer}")
        smoke.asked += 1


def _print(line: str) -> None:
    encoding = sys.stdout.encoding or "ascii"
    print(line.encode(encoding, "replace").decode(encoding), flush=True)


@dataclass
class Smoke:
    """The checks in their order; each uses what the ones before it made."""

    settings: Settings[Any]
    build: Any
    folder: Path
    arguments: Namespace
    expected: Expected = field(default_factory=Expected)
    asked: int = 0  # questions that were printed
    reached: bool = True  # whether the data can be had

    @property
    def is_asked_for(self) -> bool:
        """Whether the data's source is typed: then it is that one, and its faults are errors."""
        return self.settings.origins["data.source"] == COMMAND_LINE

    def checks(self) -> Iterator[tuple[str, Callable[[], str]]]:
        yield "configuration", self.configuration
        yield "sweeps", self.sweeps
        self.watch_annotations()
        yield "data", self.data
        for name in ("shapes", "training", "checkpoint", "logging"):
            yield name, getattr(self, name) if self.reached else self.without_data

    def configuration(self) -> str:
        config = self.settings.config
        source = config.data.source if self.is_asked_for else demo_or_configured(config)
        config.data.source = source
        config.data.num_workers = 0
        trainer = config.trainer
        self.accumulated = trainer.accumulate_grad_batches
        trainer.max_epochs, trainer.max_steps, trainer.accumulate_grad_batches = EPOCHS, None, 1
        trainer.limit_train_batches = BATCHES
        if trainer.limit_val_batches != 0:
            trainer.limit_val_batches = 1
        trainer.val_check_interval, trainer.check_val_every_n_epoch = 1.0, 1
        trainer.progress_bar, trainer.log_every_n_steps = False, 1
        trainer.devices, trainer.num_nodes, trainer.strategy = 1, 1, "auto"
        if config.logger.wandb != "off":
            config.logger.wandb = "offline"
        if source != "demo" and config.data.limit is None:
            config.data.limit = max(256, BATCHES * config.data.batch_size)
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

    def without_data(self) -> str:
        raise Skipped("it needs the data")

    def watch_annotations(self) -> None:
        """Before anything of the experiment is imported: check annotations as tensors flow."""
        from ..inspect.shape_annotations import check_annotations

        package = (__package__ or "").partition(".")[0]
        self.checks_types = check_annotations(package)

    def data(self) -> str:
        run = Run(self.folder, "fit", self.settings.config.seed, smoke=True)
        run.lock()
        run.begin("smoke", dump_config(self.settings.config))
        self.run = run
        try:
            self.datamodule, self.module, self.trainer = self.build(self.settings.config, run)
        except UserError as error:
            wanted = self.settings.config.data.source == "demo" or self.is_asked_for
            self.reached = wanted or not is_of_data(error)
            if self.reached:
                raise
            raise Unreachable(str(error)) from error
        self.expected = read_expected(self.module)
        self.batch = first_batch(self.datamodule)
        ask_of_first_batch(self.expected, self.datamodule)
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
        check_training(self.trainer, self.module, self.datamodule, self.accumulated)
        witness = TrainingStepCheck()
        self.trainer.callbacks.insert(0, witness)
        with in_our_words(self.trainer):
            self.trainer.fit(self.module, self.datamodule)
        fact = witness.verdict(self.module)
        self._ask_of_parameters(witness)
        reason = why_unvalidated(self.trainer, self.module, self.datamodule)
        self.validated = witness.validated
        self._ask_of("validation", self.validated, f": {reason}" if reason else "")
        return fact

    def checkpoint(self) -> str:
        path = self.run.checkpoints / LAST
        saved = torch.load(path, map_location="cpu", weights_only=True)
        trainer = self.settings.config.trainer
        trainer.accelerator, trainer.precision = "cpu", "32-true"
        _, twin, predictor = self.build(self.settings.config, Run(self.folder, "load", smoke=True))
        twin.load_state_dict(saved["state_dict"])
        self.module.load_state_dict(saved["state_dict"])
        megabytes = path.stat().st_size / 2**20
        safe = f"{megabytes:.1f} MiB, loads with torch's safe default"
        judge = Judge(predictor, self.module, twin)
        same = compare_outputs(judge, self.datamodule, self.expected, self.validated)
        return f"{safe}, {same}"

    def logging(self) -> str:
        file = self.run.metrics_file
        rows = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        self._ask_of("log", bool(rows), ": nothing was logged")
        if self.settings.config.logger.wandb == "off":
            return f"metrics.jsonl {len(rows)} rows; W&B is off"
        import wandb

        wandb.finish()
        files = list((self.run.folder / "wandb").glob("offline-run-*/*.wandb"))
        if not files or not files[0].stat().st_size:
            raise UserError("W&B wrote no offline run")
        return f"metrics.jsonl {len(rows)} rows; W&B wrote offline"

    def _ask_of_parameters(self, witness: TrainingStepCheck) -> None:
        every = [name for name, _ in self.module.named_parameters()]
        because = f" in {witness.batches} batches"
        for kind, found, others in (
            ("no_gradient", witness.unreached(self.module), witness.reached),
            ("unmoved", witness.unmoved(self.module), witness.moved),
        ):
            new = {name: found[name] for name in self.expected.unstated(kind, found)}
            short = names_of(self.module, new.values())
            stated = [name for name in found if name not in new]
            in_order = [name for name in every if name in others]
            self.expected.compare(kind, [*stated, *short], in_order, every, because)

    def _ask_of(self, what: str, is_there: bool, because: str) -> None:
        """Whether something that there may be none of is there."""
        so, not_so = ((), (what,)) if is_there else ((what,), ())
        self.expected.compare("missing", so, not_so, MISSING, because)
