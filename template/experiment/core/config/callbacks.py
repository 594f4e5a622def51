"""What can be set of each callback that comes with the template, without torch.

Template's file: updates replace it. In YAML under ``callbacks:``; null switches a callback off,
``{}`` switches it on with its defaults.
"""

from dataclasses import dataclass, field
from typing import Any, Literal

from .meaning import RUNS_CODE
from .range_checks import above, at_least, fraction


@dataclass
class EarlyStoppingConfig:
    """Stop when a metric no longer improves."""

    monitor: str | None = None  # metric to watch; null: the checkpoint's
    mode: Literal["min", "max"] | None = None  # which is better; null: as of the checkpoint
    patience: int = 10  # validations without improvement
    min_delta: float = 0.0  # a smaller change is no improvement

    def __post_init__(self) -> None:
        at_least(self, 1, "patience")
        at_least(self, 0, "min_delta")


@dataclass
class LearningRateMonitorConfig:
    """Log the learning rate at every step that is logged."""


@dataclass
class EMAConfig:
    """Validate and test an exponential moving average of the weights."""

    decay: float = 0.999  # of the average, at each step

    def __post_init__(self) -> None:
        fraction(self, "decay")


@dataclass
class SWAConfig:
    """Stochastic weight averaging over the last epochs, Izmailov et al. 2018 (arXiv:1803.05407)."""

    start_fraction: float = 0.75  # of the epochs, after which averaging starts
    learning_rate: float | None = None  # while averaging; null: the optimizer's

    def __post_init__(self) -> None:
        fraction(self, "start_fraction")
        above(self, 0, "learning_rate")


@dataclass
class ThroughputConfig:
    """Log samples a second, the share of waiting for data, and how busy a known GPU is."""

    window: int = 50  # batches to average over
    flops: bool = False  # count a step's operations once: throughput/flop_utilization

    def __post_init__(self) -> None:
        at_least(self, 1, "window")


@dataclass
class GradientNormConfig:
    """Log the length of the gradient before it is clipped."""

    by_part: bool = False  # of each part of the network, too


@dataclass
class DeviceStatsConfig:
    """Log how much processor and memory training takes."""

    every_n_steps: int = 50  # optimizer steps between two rows

    def __post_init__(self) -> None:
        at_least(self, 1, "every_n_steps")


@dataclass
class SamplePredictionsConfig:
    """Draw what the model says of some validation samples, always the same."""

    every_n_epochs: int = 5  # epochs between two pictures
    count: int = 16  # samples in a picture

    def __post_init__(self) -> None:
        at_least(self, 1, "every_n_epochs", "count")


@dataclass
class TimerConfig:
    """Log the time of an epoch and of a step, and say when the end is due."""


@dataclass
class CallbacksConfig:
    """One optional part for each callback that comes with the template; null: off, {}: on."""

    early_stopping: EarlyStoppingConfig | None = None
    learning_rate_monitor: LearningRateMonitorConfig | None = field(
        default_factory=LearningRateMonitorConfig
    )
    ema: EMAConfig | None = None
    swa: SWAConfig | None = None
    throughput: ThroughputConfig | None = None
    gradient_norm: GradientNormConfig | None = None
    device_stats: DeviceStatsConfig | None = None
    sample_predictions: SamplePredictionsConfig | None = None
    timer: TimerConfig | None = None
    # Yours: dotted path -> its arguments.
    extra: dict[str, Any] = field(default_factory=dict, metadata=RUNS_CODE)
