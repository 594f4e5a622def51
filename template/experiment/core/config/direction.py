"""Whether a smaller or a greater value of a metric is better, as far as its name says so.

Template's file: updates replace it. Free of torch. What torchmetrics knows of a metric counts for
more: module/direction.py.
"""

import re
from collections.abc import Iterable
from typing import Literal, NamedTuple

from .callbacks import EarlyStoppingConfig
from .checkpoint import CheckpointConfig
from .optimizer import ScheduleConfig

Mode = Literal["min", "max"]

SMALLER = {"loss", "error", "err", "perplexity", "ppl", "nll", "bce", "mse", "rmse", "mae", "mape"}
SMALLER |= {"cer", "wer", "fid", "ece", "brier"}
GREATER = {"accuracy", "acc", "f1", "fbeta", "map", "auroc", "auc", "auprc", "iou", "miou", "dice"}
GREATER |= {"precision", "recall", "r2", "psnr", "ssim", "bleu", "rouge", "elbo", "reward"}
# What may follow the word that says what is measured: val/f1_macro, val/map_50, val/recall_at_5.
QUALIFIERS = {"macro", "micro", "weighted", "mean", "avg", "average", "at", "top", "k", "epoch"}


class Watched(NamedTuple):
    """A metric that something is decided by.

    Args:
        setting: Whose it is, such as ``checkpoint``.
        metric: Its name in the log.
        mode: Whether a smaller or a greater one is better; None: nobody said.
    """

    setting: str
    metric: str
    mode: Mode | None


def watched(config: CheckpointConfig) -> Watched:
    """What ranks the checkpoints."""
    return Watched("checkpoint", config.monitor, config.mode)


def watched_beside(
    setting: str, config: EarlyStoppingConfig | ScheduleConfig, checkpoint: CheckpointConfig
) -> Watched:
    """What ranks the checkpoints, unless the setting names a metric or a mode of its own."""
    metric = config.monitor or checkpoint.monitor
    inherited = checkpoint.mode if metric == checkpoint.monitor else None
    return Watched(setting, metric, config.mode or inherited)


def direction_of(metric: str) -> Mode | None:
    """By the last word of a name; None where that says nothing.

    Of several loaders, a name ends with the loader's: ``val/loss/noisy``.
    """
    parts = metric.split("/")
    return _by_last_word(metric) or (_by_last_word("/".join(parts[:-1])) if parts[2:] else None)


def not_logged(setting: str, metric: str, logged: Iterable[str]) -> str:
    """The sentence for a metric that is not there, or there more than once."""
    names = sorted(set(logged) - {"epoch", "step"})
    if of_loaders := [name for name in names if name.startswith(f"{metric}/")]:
        found = ", ".join(of_loaders)
        return f"{setting}.monitor: {metric} is logged for several loaders: name one, {found}"
    return f"{setting}.monitor: {metric} is not logged; logged are {', '.join(names)}"


def _by_last_word(metric: str) -> Mode | None:
    for word in reversed(re.findall(r"[a-z]+[0-9]*|[0-9]+", metric.lower())):
        if word in SMALLER:
            return "min"
        if word in GREATER:
            return "max"
        if not (word in QUALIFIERS or word.isdecimal() or re.fullmatch(r"(top|at)[0-9]+", word)):
            return None
    return None


def unknown_direction(watched: Watched) -> str:
    """The sentence for a metric of which nobody knows what is better."""
    return (
        f"{watched.setting}.mode: whether a smaller or a greater {watched.metric} is better does "
        f"not show in its name: set {watched.setting}.mode to min or to max"
    )
