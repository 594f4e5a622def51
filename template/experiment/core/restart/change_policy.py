"""What may be another when a run goes on: freely, from an epoch's start, when allowed, or never.

Template's file: updates replace it. Free of torch.

=======================  ========================================================================
freely                   logging, workers, time limit, restarts, alerts, which checkpoints are kept
freely, and recorded     epochs and steps (with a new schedule); early stopping; accelerator
from an epoch's start    devices, nodes, batch size, accumulation, while their product stays equal
with ``--allow-change``  all else, and recorded in ``changes.json``; data from an epoch's start
never                    what the weights do not fit: found out by trying, trainer/resume_checks.py
=======================  ========================================================================

Which setting is of which kind: config/diff.py. Of ``data.exclude`` the run has its own copy: what
is edited there is for another run, runs/exclude_list.py.
"""

from datetime import datetime

from ..checkpoint.metadata import Metadata
from ..config.diff import ARITHMETIC, FREE, PLACE, WHOLE_EPOCHS, Change, as_written, asks_for_longer
from ..config.run_config import RunConfig
from ..distributed.devices import number_of_devices
from ..errors import UserError
from ..files import shown, write_json
from ..runs.run import Run
from .global_batch import check_global_batch, in_mid_epoch


def check_permission(run: Run, changes: list[Change], allowed: bool) -> None:
    """Refuse what makes another experiment of the run, unless that is allowed.

    Raises:
        UserError: The first such setting.
    """
    refused = [change for change in changes if change.needs_permission]
    if not refused or allowed:
        return
    key, before, now = refused[0]
    more = f", and {len(refused) - 1} more" if len(refused) > 1 else ""
    fits = " if its weights still fit" if key.startswith("model.") else ""
    raise UserError(
        f"run {run.name} was started with {key}={as_written(before)}, "
        f"now it is {as_written(now)}{more}; "
        "go on with the old value, give the new experiment another --name, "
        f"or change this one with --allow-change{fits}"
    )


def check_position(
    run: Run, changes: list[Change], config: RunConfig, metadata: Metadata | None
) -> None:
    """Refuse what cannot change where the run stands.

    Raises:
        UserError: Less training than is done, other data in mid-epoch, or other steps.
    """
    if metadata is None:
        return
    for change in changes:
        if change.key == "trainer.strategy" and change.now == "fsdp":
            raise UserError(  # Lightning numbers the optimizer's state in another order there
                f"run {run.name} was started with {change.key}={change.before} and cannot go on "
                f"with {change.now}: keep {change.before}, or give another --name and "
                f"--weights-from {run.name}"
            )
    trainer = config.trainer
    for key, wanted, done in (
        ("trainer.max_epochs", trainer.max_epochs, metadata.epoch),
        ("trainer.max_steps", trainer.max_steps, metadata.step),
    ):
        if wanted is not None and wanted < done and any(change.key == key for change in changes):
            raise UserError(f"{key}={wanted}: run {run.name} has done {done}; give {done} or more")
    for change in changes:
        whole = change.is_of(WHOLE_EPOCHS) and not change.is_of((*FREE, *PLACE))
        if whole and metadata.batch:
            raise in_mid_epoch(run, metadata, change.key)
    machine = ("trainer.devices", "trainer.num_nodes", "trainer.accelerator")
    if any(change.is_of((*PLACE, *machine)) for change in changes):
        moved = any(change.is_of(machine) for change in changes)
        count = number_of_devices(config) if moved else metadata.needs.get("processes")
        if count is not None:  # else the process that trains knows
            check_global_batch(run, config, metadata, count)


def goes_on(run: Run, changes: list[Change], config: RunConfig) -> bool:
    """Whether a finished run is given something to do."""
    is_freed = any(change.is_of(("callbacks.early_stopping",)) for change in changes)
    epochs = recorded_epochs(changes, config)
    return asks_for_longer(changes) or (is_freed and stopped_early(run, config, epochs))


def recorded_epochs(changes: list[Change], config: RunConfig) -> int | None:
    """How many epochs the run was given before this start."""
    epochs = [change.before for change in changes if change.key == "trainer.max_epochs"]
    return epochs[0] if epochs else config.trainer.max_epochs


def stopped_early(run: Run, config: RunConfig, epochs: int | None) -> bool:
    """Whether a finished run ended before the last of its ``epochs``."""
    if epochs is None or config.trainer.max_steps is not None:
        return False
    return run.summary.get("epochs", epochs) < epochs


def describe(run: Run, changes: list[Change], config: RunConfig) -> list[str]:
    """One line for each setting that is another from now on, and what follows from it."""
    return [f"{change}{_consequence(run, change, config)}" for change in changes]


def _consequence(run: Run, change: Change, config: RunConfig) -> str:
    if change.key in {"trainer.max_epochs", "trainer.max_steps"}:
        said = ": the schedule is computed anew over the new length"
        stops_early = config.callbacks.early_stopping is not None
        patience = ", and early stopping's patience begins anew"
        return said + (patience if stops_early and asks_for_longer([change]) else "")
    if change.is_of(ARITHMETIC):
        return ": not the same bits"
    if change.is_of(PLACE):
        return ": the same samples a step, divided in another way: not the same bits"
    if change.is_of(("checkpoint.monitor", "checkpoint.mode")):
        return f": the best checkpoints are chosen anew; recorded in {_file(run)}"
    return f": recorded in {_file(run)}" if change.needs_permission else ""


def record(run: Run, changes: list[Change], metadata: Metadata | None) -> None:
    """Add what is not simply free to ``changes.json`` and ``summary.json``."""
    entries = [
        {
            "time": datetime.now().astimezone().isoformat(timespec="seconds"),
            "epoch": metadata.epoch if metadata else 0,
            "step": metadata.step if metadata else 0,
            "key": change.key,
            "before": change.before,
            "after": change.now,
        }
        for change in changes
        if not change.is_of(FREE)
    ]
    if entries:
        entries = [*run.summary.get("changes", []), *entries]
        write_json(run.changes_file, entries)
        run.update(changes=entries)


def _file(run: Run) -> str:
    return shown(run.changes_file)
