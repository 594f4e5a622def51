"""The settings in which a configuration differs from a recorded one, and of which kind each is.

Template's file: updates replace it. Free of torch. What a run that goes on makes of them is decided
in restart/change_policy.py.
"""

import json
from pathlib import Path
from typing import Any, NamedTuple

from .direction import direction_of
from .dump import leaves, plain, unescaped
from .run_config import RunConfig
from .schema import in_yaml
from .yaml_reader import from_file

# --- kinds of settings ---------------------------------------------------------------------------

# None of these changes what is learned.
FREE = ("logger", "alert", "restart", "checkpoint.save_top_k")
FREE += ("checkpoint.every_n_steps", "checkpoint.every_minutes", "trainer.max_time")
FREE += ("trainer.log_every_n_steps", "trainer.progress_bar")
FREE += ("trainer.test_after_fit", "data.num_workers", "data.root", "data.in_memory_mb")
FREE += ("callbacks.learning_rate_monitor", "callbacks.throughput", "callbacks.gradient_norm")
FREE += ("callbacks.device_stats", "callbacks.sample_predictions", "callbacks.timer")
FREE += ("trainer.profile", "sweep")
# How long training takes.
LENGTH = ("trainer.max_epochs", "trainer.max_steps", "callbacks.early_stopping")
# What is computed is the same but for its last bits.
ARITHMETIC = ("trainer.accelerator", "trainer.deterministic", "trainer.compile")
ARITHMETIC += ("trainer.strategy",)
# The same samples a step, divided in another way, while their product is the same.
PLACE = ("trainer.devices", "trainer.num_nodes", "data.batch_size")
PLACE += ("trainer.accumulate_grad_batches",)
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
        return f"{self.key}: {as_written(self.now)} from now on (was {as_written(self.before)})"


def recorded_changes(config_file: Path, config: RunConfig) -> list[Change]:
    """The settings in which a configuration differs from a run's ``config.yaml``."""
    if not config_file.exists():
        return []
    recorded = {name: part.plain() for name, part in from_file(config_file).items()}
    return changes_since(unescaped(recorded), config)


def changes_since(recorded: Any, config: RunConfig) -> list[Change]:
    """The settings in which a configuration differs from plain values that were recorded.

    A setting that a newer template brought is not in an older record: its default is meant. One
    that no record has, such as those of the web page, is no difference.
    """
    values = _with_mode(json.loads(json.dumps(plain(config))))
    recorded = _with_mode(recorded)
    changes: dict[str, Change] = {}
    for leaf, _ in leaves(config):
        key, before = _look_up(recorded, leaf)
        _, now = _look_up(values, key)
        if _MISSING not in (before, now) and not is_same(before, now):
            changes[key] = Change(key, before, now)
    return list(changes.values())


def _with_mode(values: Any) -> Any:
    """Beside a metric whose name says what is better, saying so too changes nothing."""
    checkpoint = values.get("checkpoint") or {}
    if checkpoint.get("mode") is not None or "monitor" not in checkpoint:
        return values
    return {**values, "checkpoint": {**checkpoint, "mode": direction_of(checkpoint["monitor"])}}


def is_same(one: Any, other: Any) -> bool:
    """Equal; what is not a number is equal to itself here."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(is_same(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(is_same, one, other))
    return one == other or (one != one and other != other)


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


def asks_for_longer(changes: list[Change]) -> bool:
    """Whether more epochs or steps are asked for."""
    lengths = [c for c in changes if c.key in {"trainer.max_epochs", "trainer.max_steps"}]
    return any(c.before is not None and (c.now is None or c.now > c.before) for c in lengths)


def as_written(value: Any) -> str:
    """A value as it is typed."""
    return value if isinstance(value, str) else in_yaml(value)
