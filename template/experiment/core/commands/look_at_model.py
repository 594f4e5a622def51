"""What ``main.py inspect model`` does: take a real training step, and say what it showed.

Template's file: updates replace it. ``build`` in main.py makes the parts, for a run in a folder of
its own that is deleted afterwards; the module is thrown away with it.
"""

import sys
import tempfile
import time
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from torch import nn

from ..checkpoint.match_model import fitting_weights
from ..config.dump import dump_config
from ..config.load import Settings
from ..console import say
from ..data.seeding import seed_all
from ..errors import FINISHED, UserError
from ..files import PROJECT, shown
from ..inspect.network.as_json import to_json
from ..inspect.network.evidence import Evidence
from ..inspect.network.examine import describe, examine
from ..inspect.network.in_words import in_words
from ..inspect.network.look import NetworkLook
from ..inspect.network.made_at import lines_remembered
from ..inspect.network.page import page
from ..inspect.network.step import MOST_STEPS, StepWitness
from ..inspect.report.seriousness import Seriousness
from ..module.expected import read_expected
from ..module.parameter_groups import names_of
from ..runs.run import Run
from ..trainer.design_checks import in_our_words
from .look_at_data import FOUND_AN_ERROR, Trained, refuse_folder, write
from .standard_output import kept_for_json

FOLDER, PAGE = "inspect-model", "index.html"  # in the folder of the runs


def look_at_model(
    settings: Settings[Any], arguments: Namespace, build: Any, trained: Trained | None = None
) -> int:
    """Carry out ``inspect model``; the exit code."""
    folder = (trained[0].folder if trained else Path(arguments.output)) / FOLDER
    file = Path(arguments.inspected) if arguments.inspected else folder / PAGE
    refuse_folder(file)
    with kept_for_json(arguments.json):
        found = see_network(settings.config, build, trained)
    if not arguments.json:
        for line in in_words(found):
            say(line)
        write(file, page(found, trained[0].name if trained else PROJECT.name))
        say(f"page       {shown(file)}")
    elif arguments.inspected:
        write(file, to_json(found) + "\n")
    else:
        sys.stdout.write(to_json(found) + "\n")
    serious = any(one.seriousness == Seriousness.ERROR for one in found.findings)
    return FOUND_AN_ERROR if found.failure or (serious and arguments.strict) else FINISHED


def see_network(config: Any, build: Any, trained: Trained | None) -> NetworkLook:
    """Take the step, and look for what is wrong."""
    started = time.perf_counter()
    _quieten(config)
    with tempfile.TemporaryDirectory(prefix="inspect-", ignore_cleanup_errors=True) as folder:
        run = Run(Path(folder), "fit", config.seed, smoke=True)
        run.lock()
        run.begin("inspect", dump_config(config))
        with lines_remembered():
            data, module, trainer = build(config, run)
        expected = read_expected(module)
        if trained:
            _load(module, trained[1])
        witness = StepWitness()
        error = _take_a_step(data, module, trainer, witness, config.seed)
        found = describe(module, witness, error)
        if error is None:
            found.memory.checkpoint = _checkpoint_size(trainer, Path(folder))
        found.seconds = time.perf_counter() - started
        if witness.trace:
            is_new = trained is None and not getattr(config.model, "pretrained", False)

            def short_names(parameters: Sequence[nn.Parameter]) -> list[str]:
                return names_of(module, parameters)

            def unstated(names: Sequence[str]) -> list[str]:
                return expected.unstated("no_gradient", names)

            facts = getattr(data, "facts", None)
            evidence = Evidence(
                module, witness, witness.trace, facts, is_new, unstated, short_names
            )
            examine(found, evidence)
    return found


def _quieten(config: Any) -> None:
    """Nothing but the training step: one process, and nothing logged or kept."""
    trainer, callbacks, checkpoint = config.trainer, config.callbacks, config.checkpoint
    config.data.num_workers = 0
    config.data.in_memory_mb = 0  # a batch is all that is read
    trainer.max_epochs, trainer.max_steps, trainer.max_time = 1, None, None
    trainer.accumulate_grad_batches, trainer.compile = 1, False
    trainer.limit_train_batches, trainer.limit_val_batches = MOST_STEPS, 0
    trainer.val_check_interval, trainer.check_val_every_n_epoch = 1.0, 1
    trainer.devices, trainer.num_nodes, trainer.strategy = 1, 1, "auto"
    trainer.progress_bar, trainer.profile, trainer.test_after_fit = False, False, False
    callbacks.ema = callbacks.swa = callbacks.early_stopping = callbacks.sample_predictions = None
    callbacks.extra = {}
    checkpoint.save_top_k, checkpoint.every_minutes, checkpoint.every_n_steps = 0, None, None
    config.logger.wandb = "off"


def _load(module: pl.LightningModule, checkpoint: Path) -> None:
    weights = torch.load(checkpoint, map_location="cpu", weights_only=True)["state_dict"]
    with fitting_weights(checkpoint):
        module.load_state_dict(weights)


def _take_a_step(
    data: Any, module: pl.LightningModule, trainer: pl.Trainer, witness: StepWitness, seed: int
) -> Exception | None:
    """Train until the witness has seen enough; what it failed with.

    Raises:
        UserError: It failed by something that was said clearly.
    """
    trainer.callbacks.append(witness)
    seed_all(seed)
    try:
        with in_our_words(trainer):
            trainer.fit(module, data)
    except UserError:
        raise
    except Exception as error:
        if witness.trace is None:  # before any step: what was not reached cannot be looked at
            raise
        return error
    finally:
        witness.close()
    return None


def _checkpoint_size(trainer: pl.Trainer, folder: Path) -> int:
    file = folder / "size.ckpt"
    trainer.save_checkpoint(file)
    return file.stat().st_size
