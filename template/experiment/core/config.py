"""What can be set in every experiment: types, defaults, units and choices, without torch.

Template's file: updates replace it. To change a default, override its field in your config.py.
`null` switches an optional part off, `{}` switches it on with its defaults.
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

# --- Range checks ------------------------------------------------------------------------------
# Each message starts with the field's name: core/settings.py puts the file and the line before it.


def at_least(section: object, least: float, *names: str) -> None:
    """Raise ValueError unless each named field is null or at least ``least``."""
    _require(section, names, lambda value: least <= value < math.inf, f"at least {least}")


def above(section: object, bound: float, *names: str) -> None:
    """Raise ValueError unless each named field is null or greater than ``bound``."""
    _require(section, names, lambda value: bound < value < math.inf, f"above {bound}, and finite")


def fraction(section: object, *names: str) -> None:
    """Raise ValueError unless each named field is null or in [0, 1)."""
    _require(section, names, lambda value: 0 <= value < 1, "at least 0 and below 1")


def _require(
    section: object, names: tuple[str, ...], holds: Callable[[Any], bool], words: str
) -> None:
    for name in names:
        value = getattr(section, name)
        if value is not None and not holds(value):
            raise ValueError(f"{name} is {value}; it must be {words}")


ALERT_EVENTS = ("restart", "give_up", "diverged", "finish")

# --- Data --------------------------------------------------------------------------------------


@dataclass
class DataConfig:
    """What every DataModule understands; yours adds where its data comes from."""

    source: Any = "demo"  # where from; yours narrows it: Literal["demo", "folder", ...]
    root: str = "data"  # folder that downloads go to and own files lie in
    batch_size: int = 128  # samples a step on each device
    num_workers: int = 0  # processes that prepare batches; 0: in the training process
    val_fraction: float = 0.15  # of the training data, where the source has no validation split
    split_seed: int = 0  # decides which samples validate; `seed` does not move them
    limit: int | None = None  # samples to use of each split; null: all
    indices: list[int] | None = None  # exactly these training samples; null: all
    sampler: Literal["shuffle", "balanced", "sequential"] = "shuffle"  # order of training samples
    in_memory_mb: int = 1024  # MiB; a smaller data set is held as whole tensors
    on_error: Literal["raise", "skip"] = "raise"  # at a sample that cannot be read

    def __post_init__(self) -> None:
        at_least(self, 1, "batch_size", "limit")
        at_least(self, 0, "num_workers", "split_seed", "in_memory_mb")
        fraction(self, "val_fraction")
        if self.indices == []:
            raise ValueError("indices is []; it must name samples, or be null: all")


# --- Optimization ------------------------------------------------------------------------------


@dataclass
class OptimizerConfig:
    """AdamW, Loshchilov & Hutter 2019 (arXiv:1711.05101)."""

    name: Literal["adamw"] = "adamw"  # another one: override configure_optimizers in module.py
    learning_rate: float = 1e-3  # peak of the schedule
    weight_decay: float = 0.05  # on matrices and kernels; none on biases and norms
    betas: tuple[float, float] = (0.9, 0.999)  # decay of the gradient's mean and square
    eps: float = 1e-8  # keeps the division finite

    def __post_init__(self) -> None:
        above(self, 0, "learning_rate", "eps")
        at_least(self, 0, "weight_decay")
        if not all(0 <= beta < 1 for beta in self.betas):
            raise ValueError(f"betas is {list(self.betas)}; each must be at least 0 and below 1")


@dataclass
class ScheduleConfig:
    """Learning rate over the steps of the run: a linear warm-up, then down (or level)."""

    name: Literal["cosine", "constant"] = "cosine"  # the way down after the warm-up
    warmup_fraction: float = 0.05  # of all steps; the rate rises from 0 to its peak
    final_factor: float = 0.01  # of the peak, at the last step

    def __post_init__(self) -> None:
        fraction(self, "warmup_fraction")
        at_least(self, 0, "final_factor")


# --- Trainer -----------------------------------------------------------------------------------


@dataclass
class TrainerConfig:
    """What Lightning's Trainer is told."""

    max_epochs: int = 10  # passes over the training data
    max_steps: int | None = None  # optimizer steps; null: as many as the epochs hold
    max_time: str | None = None  # HH:MM:SS or DD:HH:MM:SS, then stop and save; null: no limit
    accelerator: str = "auto"  # auto, cpu, gpu, mps, tpu
    devices: int | str | list[int] = "auto"  # how many, which ("0,1" or [0, 1]), or all: auto
    num_nodes: int = 1  # machines
    precision: Literal["32-true", "bf16-mixed", "16-mixed"] = "32-true"  # of the arithmetic
    accumulate_grad_batches: int = 1  # batches a step
    gradient_clip_norm: float | None = 1.0  # longest gradient, in the 2-norm; null: any
    log_every_n_steps: int = 50  # steps between two rows of the log
    val_check_interval: int | float = 1.0  # 0.25: four times an epoch; 500: every 500 batches
    check_val_every_n_epoch: int = 1  # epochs between two validations
    limit_train_batches: int | float | None = None  # 10: ten batches; 0.1: a tenth; null: all
    limit_val_batches: int | float | None = None  # the same
    limit_test_batches: int | float | None = None  # the same
    deterministic: bool = False  # refuse operations that vary from run to run
    progress_bar: bool = True  # one line that moves
    test_after_fit: bool = True  # the best checkpoint, on the test split

    def __post_init__(self) -> None:
        at_least(self, 1, "max_epochs", "max_steps", "num_nodes", "accumulate_grad_batches")
        at_least(self, 1, "log_every_n_steps", "check_val_every_n_epoch")
        above(self, 0, "gradient_clip_norm", "val_check_interval")
        at_least(self, 0, "limit_train_batches", "limit_val_batches", "limit_test_batches")
        if self.max_time and not re.fullmatch(r"(\d+:)?\d+:\d\d:\d\d", self.max_time):
            raise ValueError(f"max_time is {self.max_time}; it must be HH:MM:SS or DD:HH:MM:SS")


@dataclass
class CheckpointConfig:
    """Which weights are kept beside the last ones."""

    monitor: str = "val/loss"  # metric that ranks the checkpoints
    mode: Literal["min", "max"] = "min"  # whether a smaller or a greater one is better
    save_top_k: int = 1  # how many of the best to keep
    every_n_steps: int | None = None  # save between validations too; null: at each epoch's end

    def __post_init__(self) -> None:
        at_least(self, 0, "save_top_k")
        at_least(self, 1, "every_n_steps")


@dataclass
class RestartConfig:
    """What follows when training dies although nobody asked it to."""

    max: int = 10  # starts in a row without a new checkpoint; ten wait 14 minutes in all
    backoff_seconds: float = 1.0  # before the first restart; doubled with each in vain
    stall_minutes: float | None = 30.0  # without a step, then it is killed; null: wait for ever

    def __post_init__(self) -> None:
        at_least(self, 0, "max", "backoff_seconds")
        above(self, 0, "stall_minutes")


@dataclass
class AlertConfig:
    """Who is told: a command of yours, such as one that sends a mail."""

    command: str | None = None  # for the shell; EXP_MESSAGE, EXP_EVENT, EXP_RUN_DIR are set
    events: list[str] = field(default_factory=lambda: list(ALERT_EVENTS))  # which to tell of
    every_seconds: float = 60.0  # at most one alert of an event in this time

    def __post_init__(self) -> None:
        at_least(self, 0, "every_seconds")
        if wrong := set(self.events) - set(ALERT_EVENTS):
            raise ValueError(f"events has {', '.join(wrong)}; there are {', '.join(ALERT_EVENTS)}")


@dataclass
class LoggerConfig:
    """Where the metrics go beside metrics.jsonl, which is always written."""

    wandb: Literal["auto", "online", "offline", "off"] = "auto"  # auto: online where there is a key
    project: str = "experiments"  # on W&B
    entity: str | None = None  # W&B user or team; null: your default one
    tags: list[str] = field(default_factory=list)  # to find the run again

    def __post_init__(self) -> None:
        if not self.project or re.search(r"[/\\#?%:]", self.project):
            raise ValueError(f"project is {self.project!r}; it must be a name without / \\ # ? % :")


# --- Callbacks ---------------------------------------------------------------------------------


@dataclass
class EarlyStoppingConfig:
    """Stop when a metric no longer improves."""

    monitor: str | None = None  # metric to watch; null: the checkpoint's
    mode: Literal["min", "max"] | None = None  # null: the checkpoint's
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
    """Log samples and steps a second."""

    window: int = 50  # steps to average over

    def __post_init__(self) -> None:
        at_least(self, 1, "window")


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
    extra: dict[str, Any] = field(default_factory=dict)  # yours: dotted path -> its arguments


# --- All of it ---------------------------------------------------------------------------------


@dataclass
class RunConfig:
    """Everything that is not this experiment's own; yours adds ``data`` and ``model``."""

    seed: int = 0  # of everything random: weights, order, augmentation, dropout
    optimizer: OptimizerConfig = field(default_factory=OptimizerConfig)
    schedule: ScheduleConfig = field(default_factory=ScheduleConfig)
    trainer: TrainerConfig = field(default_factory=TrainerConfig)
    checkpoint: CheckpointConfig = field(default_factory=CheckpointConfig)
    restart: RestartConfig = field(default_factory=RestartConfig)
    alert: AlertConfig = field(default_factory=AlertConfig)
    callbacks: CallbacksConfig = field(default_factory=CallbacksConfig)
    logger: LoggerConfig = field(default_factory=LoggerConfig)

    def __post_init__(self) -> None:
        at_least(self, 0, "seed")
