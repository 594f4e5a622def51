"""Whether a smaller or a greater value is better of the metric that something is decided by.

Template's file: updates replace it. What is said beside a monitor holds, then what torchmetrics
knows of a metric from ``add_metrics``, then the metric's name: config/direction.py.
"""

from typing import Any

from ..config.direction import Mode, Watched, direction_of, unknown_direction
from ..console import say
from ..errors import UserError
from ..spelling import did_you_mean, nearest
from .split_metrics import SplitMetrics


def resolve_mode(watched: Watched, module: Any) -> Mode:
    """Which direction is better, and a line about what does not go without saying.

    Args:
        watched: The metric, and the mode if somebody set one.
        module: The LightningModule that logs it.

    Raises:
        UserError: Nobody says what is better.
    """
    setting, metric, said = watched
    known = _torchmetrics_mode(module, metric)
    if said is not None:
        if known not in (None, said):
            better = _better(known, metric)
            say(f"{setting}.mode is {said} and holds, though torchmetrics knows: {better}")
        return said
    mode = known or direction_of(metric)
    if mode is None:
        meant = did_you_mean(nearest(metric, ["val/loss", *_metrics(module)], cutoff=0.8))
        raise UserError(f"{unknown_direction(watched)}{meant}")
    if not metric.endswith("loss"):
        say(f"{setting}.mode is {mode}: {_better(mode, metric)}")
    return mode


def _better(mode: Mode, metric: str) -> str:
    return f"a {'smaller' if mode == 'min' else 'greater'} {metric} is better"


def _torchmetrics_mode(module: Any, metric: str) -> Mode | None:
    """What torchmetrics knows of a metric from ``add_metrics``, by its name in the log."""
    known = _metrics(module)
    found = known.get(metric) or known.get(metric.rpartition("/")[0])  # of one loader of several
    higher = getattr(found, "higher_is_better", None)
    return None if higher is None else ("max" if higher else "min")


def _metrics(module: Any) -> dict[str, Any]:
    """The torchmetrics from ``add_metrics``, by their names in the log."""
    metrics = getattr(module, "metrics", None)
    if not isinstance(metrics, SplitMetrics):
        return {}
    return {
        f"{split}/{name}": metric
        for split, collection in metrics.by_split().items()
        for name, metric in collection.items(keep_base=False, copy_state=False)
    }
