"""What is said and checked before a run goes on, and what is said when a checkpoint does not fit.

Template's file: updates replace it.
"""

import math
import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytorch_lightning as pl

from .changes import FREE, changes_since
from .config import RunConfig
from .console import say
from .errors import UserError, shown
from .placement import check_placement
from .resumption import number_of_processes, other_optimizer, versions
from .run import Run
from .statement import Statement, read_statement
from .training import first_reason


def say_start(run: Run, config: RunConfig) -> None:
    """One line: a new run, or where an old one goes on."""
    if run.resume is None:
        say(f"{run.name}: new run in {shown(run.folder)}")
        return
    stands = read_statement(run.resume)
    own = run.resume.resolve().parent == run.checkpoints.resolve()
    file = run.resume.name if own else shown(run.resume)
    length = config.trainer
    over = stands.epoch >= (length.max_epochs or math.inf) and not stands.batch
    over |= stands.step >= (length.max_steps or math.inf)
    place = f"its end, after epoch {stands.epoch}" if over else stands.place
    say(f"resuming {run.name} at {place}, from {file} (step {stands.step})")


def check_start(run: Run, config: RunConfig, trainer: pl.Trainer, module: Any) -> None:
    """Compare the checkpoint that training starts from with this process, before it starts.

    Raises:
        UserError: It was trained with other facts, or its steps cannot be made here.
    """
    if run.resume is None:
        return
    stands = read_statement(run.resume)
    if _is_own(run, stands):
        _check_facts(run, stands, module)
    check_placement(run, config, stands, number_of_processes(trainer))
    for line in _remarks(run, config, stands, trainer.strategy.root_device.type):
        say(line)


def _check_facts(run: Run, stands: Statement, module: Any) -> None:
    now = dict(module.hparams).get("facts")
    if not stands.facts or not now:
        return
    other = [name for name in now if name in stands.facts and stands.facts[name] != now[name]]
    if other:
        name = other[0]
        raise UserError(
            f"{shown(run.facts_file)}: {name} is {_short(now[name])}, and {run.name} was trained "
            f"with {_short(stands.facts[name])}; put the old facts back, or give the new data "
            "another --name"
        )


def _remarks(run: Run, config: RunConfig, stands: Statement, device: str) -> Iterator[str]:
    """What a person should know about the checkpoint, one line each."""
    file = shown(stands.path)
    if not _is_own(run, stands):
        yield f"{file} is of {_origin(stands)}"
        for change in changes_since(stands.config, config):
            if not change.is_of(FREE):
                yield f"  {change}"
    then = stands.needs.get("versions", {})
    for name, version in versions().items():
        if then.get(name, version) != version:
            yield f"{file} was written with {name} {then[name]}, this is {version}: bits may differ"
    if stands.needs.get("device", device) != device:
        yield f"{file} was written on {stands.needs['device']}, this is {device}: bits will differ"


def _is_own(run: Run, stands: Statement) -> bool:
    return stands.needs.get("id", run.wandb_id) == run.wandb_id


def _origin(stands: Statement) -> str:
    name = stands.needs.get("run")
    return f"run {name}" if name else "another program"


def _short(value: Any) -> str:
    """A value in a few words."""
    text = f"{len(value)} entries" if isinstance(value, list) and len(value) > 3 else repr(value)
    return text if len(text) <= 60 else f"{text[:60]}..."


# --- what does not fit ---------------------------------------------------------------------------


@contextmanager
def restoring(run: Run, config: RunConfig) -> Iterator[None]:
    """Turn torch's and Lightning's pages about a state that does not fit into a sentence."""
    try:
        yield
    except (RuntimeError, ValueError, KeyError, pickle.UnpicklingError) as error:
        if run.resume is None:
            raise
        text = str(error)
        if isinstance(error, RuntimeError) and "Error(s) in loading state_dict" in text:
            raise _other_model(run, config, first_reason(error)) from error
        if "loaded state dict" in text:  # an optimizer's: other groups, or other sizes of them
            raise other_optimizer(f"{shown(run.resume)}: ") from error
        if isinstance(error, pickle.UnpicklingError):
            raise UserError(
                f"{shown(run.resume)} holds more than plain values, which are all that is loaded; "
                "save plain hyper-parameters"
            ) from error
        raise


def _other_model(run: Run, config: RunConfig, reason: str) -> UserError:
    assert run.resume is not None
    stands = read_statement(run.resume)
    file = shown(run.resume)
    changed = [c for c in changes_since(stands.config, config) if c.is_of(("model",))]
    if changed:
        then = ", ".join(f"{change.key}={change.before}" for change in changed)
        now = ", ".join(f"{change.key}={change.now}" for change in changed)
        origin = "" if _is_own(run, stands) else f" is of {_origin(stands)} and"
        return UserError(
            f"{file}{origin} was trained with {then}, and its weights do not fit {now} "
            f"({reason}); give the new model another --name"
        )
    origin = "" if _is_own(run, stands) else f" is of {_origin(stands)} and"
    return UserError(
        f"{file}{origin} does not fit the model as it is now: {reason}; "
        "go on with the model that it was trained with, or give the new one another --name"
    )
