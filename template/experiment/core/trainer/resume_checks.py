"""What is said and checked before a run goes on: its facts, its devices, its versions.

Template's file: updates replace it.
"""

import math
from collections.abc import Iterator
from typing import Any

import pytorch_lightning as pl

from ..checkpoint.metadata import Metadata, read_metadata
from ..checkpoint.save_metadata import number_of_processes, versions
from ..config.diff import FREE, changes_since
from ..config.run_config import RunConfig
from ..console import say
from ..errors import UserError
from ..files import shown
from ..restart.global_batch import check_global_batch
from ..runs.run import Run


def say_start(run: Run, config: RunConfig) -> None:
    """One line: a new run, or where an old one goes on."""
    if run.resume is None:
        say(f"{run.name}: new run in {shown(run.folder)}")
        return
    metadata = read_metadata(run.resume)
    own = run.resume.resolve().parent == run.checkpoints.resolve()
    file = run.resume.name if own else shown(run.resume)
    length = config.trainer
    over = metadata.epoch >= (length.max_epochs or math.inf) and not metadata.batch
    over |= metadata.step >= (length.max_steps or math.inf)
    place = f"its end, after epoch {metadata.epoch}" if over else metadata.place
    say(f"resuming {run.name} at {place}, from {file} (step {metadata.step})")


def check_start(run: Run, config: RunConfig, trainer: pl.Trainer, module: Any) -> None:
    """Compare the checkpoint that training starts from with this process, before it starts.

    Raises:
        UserError: It was trained with other facts, or its steps cannot be made here.
    """
    if run.resume is None:
        return
    metadata = read_metadata(run.resume)
    if metadata.is_of(run):
        _check_facts(run, metadata, module)
    check_global_batch(run, config, metadata, number_of_processes(trainer))
    for line in _remarks(run, config, metadata, trainer.strategy.root_device.type):
        say(line)


def _check_facts(run: Run, metadata: Metadata, module: Any) -> None:
    now = dict(module.hparams).get("facts")
    if not metadata.facts or not now:
        return
    other = [name for name in now if name in metadata.facts and metadata.facts[name] != now[name]]
    if other:
        name = other[0]
        raise UserError(
            f"{shown(run.facts_file)}: {name} is {_short(now[name])}, and {run.name} was trained "
            f"with {_short(metadata.facts[name])}; put the old facts back, or give the new data "
            "another --name"
        )


def _remarks(run: Run, config: RunConfig, metadata: Metadata, device: str) -> Iterator[str]:
    """What a person should know about the checkpoint, one line each."""
    file = shown(metadata.path)
    if not metadata.is_of(run):
        yield f"{file} is of {metadata.origin}"
        for change in changes_since(metadata.config, config):
            if not change.is_of(FREE):
                yield f"  {change}"
    then = metadata.needs.get("versions", {})
    for name, version in versions().items():
        if then.get(name, version) != version:
            yield f"{file} was written with {name} {then[name]}, this is {version}: bits may differ"
    if metadata.needs.get("device", device) != device:
        before = metadata.needs["device"]
        yield f"{file} was written on {before}, this is {device}: bits will differ"


def _short(value: Any) -> str:
    """A value in a few words."""
    text = f"{len(value)} entries" if isinstance(value, list) and len(value) > 3 else repr(value)
    return text if len(text) <= 60 else f"{text[:60]}..."
