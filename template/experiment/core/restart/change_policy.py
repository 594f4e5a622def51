"""What may be another when a run goes on: freely, from an epoch's start, when allowed, or never.

Template's file: updates replace it. Free of torch.

======================  =========================================================================
freely                  logging, workers, time limit, restarts, alerts, which checkpoints are kept
freely, and recorded    epochs and steps: the schedule is computed anew; early stopping; accelerator
from an epoch's start   devices, nodes, batch size, accumulation, while their product stays equal
with ``--allow-change``  all else, and recorded in ``changes.json``; data from an epoch's start
never                   what the weights do not fit: found out by trying, in resumption.py
======================  =========================================================================
"""

import json
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from omegaconf import OmegaConf

from .config import RunConfig
from .errors import UserError, shown
from .placement import PLACE, check_placement, in_mid_epoch, number_of_devices
from .run import Run, write_json
from .schema import in_yaml
from .settings import leaves, plain
from .statement import Statement

# None of these changes what is learned.
FREE = ("logger", "alert", "restart", "checkpoint.save_top_k")
FREE += ("checkpoint.every_n_steps", "checkpoint.every_minutes", "trainer.max_time")
FREE += ("trainer.log_every_n_steps", "trainer.progress_bar")
FREE += ("trainer.test_after_fit", "data.num_workers", "data.root", "data.in_memory_mb")
FREE += ("callbacks.learning_rate_monitor", "callbacks.throughput", "callbacks.gradient_norm")
FREE += ("callbacks.device_stats", "callbacks.sample_predictions", "callbacks.timer")
FREE += ("trainer.profile", "sweep")
LENGTH = ("trainer.max_epochs", "trainer.max_steps", "callbacks.early_stopping")
ARITHMETIC = ("trainer.accelerator", "trainer.deterministic", "trainer.compile")
ARITHMETIC += ("trainer.strategy",)
# Who changes these in the middle of an epoch has another order for the rest of it.
WHOLE_EPOCHS = ("seed", "data", "trainer.limit_train_batches")


class Change(NamedTuple):
    """A setting that is another than it was."""

    key: str
    before: Any
    now: Any

    def is_of(self, keys: tuple[str, ...]) -> bool:
        """Whether it is one of ``keys``, or lies in a section of them."""
        return any(self.key == key or self.key.startswith(f"{key}.") for key in keys)

    @property
    def needs_permission(self) -> bool:
        """Whether it makes another experiment of the run."""
        return not self.is_of((*FREE, *LENGTH, *ARITHMETIC, *PLACE))

    def __str__(self) -> str:
        return f"{self.key}: {_shown(self.now)} from now on (was {_shown(self.before)})"


def recorded_changes(config_file: Path, config: RunConfig) -> list[Change]:
    """The settings in which a configuration differs from a run's ``config.yaml``."""
    if not config_file.exists():
        return []
    return changes_since(OmegaConf.to_container(OmegaConf.load(config_file)), config)


def changes_since(recorded: Any, config: RunConfig) -> list[Change]:
    """The settings in which a configuration differs from plain values that were recorded.

    A setting that a newer template brought is not in an older record: its default is meant.
    """
    values = json.loads(json.dumps(plain(config)))
    changes: dict[str, Change] = {}
    for leaf, _ in leaves(config):
        key, before = _look_up(recorded, leaf)
        _, now = _look_up(values, key)
        if before is not _MISSING and before != now:
            changes[key] = Change(key, before, now)
    return list(changes.values())


_MISSING = object()


def _look_up(values: Any, key: str) -> tuple[str, Any]:
    """A value, or the section above that is switched off, each with its key."""
    path: list[str] = []
    for name in key.split("."):
        if values is None:
            break
        if not isinstance(values, dict) or name not in values:
            return key, _MISSING
        path.append(name)
        values = values[name]
    return ".".join(path), json.loads(json.dumps(values))  # tuples are lists in a file


# --- refusals ------------------------------------------------------------------------------------


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
        f"run {run.name} was started with {key}={_shown(before)}, now it is {_shown(now)}{more}; "
        "go on with the old value, give the new experiment another --name, "
        f"or change this one with --allow-change{fits}"
    )


def check_position(
    run: Run, changes: list[Change], config: RunConfig, stands: Statement | None
) -> None:
    """Refuse what cannot change where the run stands.

    Raises:
        UserError: Less training than is done, other data in mid-epoch, or other steps.
    """
    if stands is None:
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
        ("trainer.max_epochs", trainer.max_epochs, stands.epoch),
        ("trainer.max_steps", trainer.max_steps, stands.step),
    ):
        if wanted is not None and wanted < done and any(change.key == key for change in changes):
            raise UserError(f"{key}={wanted}: run {run.name} has done {done}; give {done} or more")
    for change in changes:
        whole = change.is_of(WHOLE_EPOCHS) and not change.is_of((*FREE, *PLACE))
        if whole and stands.batch:
            raise in_mid_epoch(run, stands, change.key)
    machine = ("trainer.devices", "trainer.num_nodes", "trainer.accelerator")
    if any(change.is_of((*PLACE, *machine)) for change in changes):
        moved = any(change.is_of(machine) for change in changes)
        count = number_of_devices(config) if moved else stands.needs.get("processes")
        if count is not None:  # else the process that trains knows
            check_placement(run, config, stands, count)


# --- what is said and recorded -------------------------------------------------------------------


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


def asks_for_longer(changes: list[Change]) -> bool:
    """Whether more epochs or steps are asked for."""
    lengths = [c for c in changes if c.key in {"trainer.max_epochs", "trainer.max_steps"}]
    return any(c.before is not None and (c.now is None or c.now > c.before) for c in lengths)


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


def record(run: Run, changes: list[Change], stands: Statement | None) -> None:
    """Add what is not simply free to ``changes.json`` and ``summary.json``."""
    entries = [
        {
            "time": datetime.now().astimezone().isoformat(timespec="seconds"),
            "epoch": stands.epoch if stands else 0,
            "step": stands.step if stands else 0,
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


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else in_yaml(value)
