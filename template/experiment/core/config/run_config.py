"""What can be set in every experiment: types, defaults, units and choices, without torch.

Template's file: updates replace it. To change a default, override its field in your config.py.
`null` switches an optional part off, `{}` switches it on with its defaults.
"""

import re
from dataclasses import dataclass, field
from typing import Any, Literal

from .callback_config import CallbacksConfig
from .checks import above, at_least, fraction, group_settings

ALERT_EVENTS = ("crash", "stall", "nan", "restart", "give_up", "finish")

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
    fold: int | None = None  # of `folds`, from 0: it validates, the others train; null: no folds
    folds: int = 5  # parts for cross-validation, fixed by split_seed; sweeps/folds.yaml runs all
    limit: int | None = None  # samples to use of each split; null: all
    indices: list[int] | None = None  # exactly these training samples; null: all
    overfit_batches: int | None = None  # train and validate on so many, without augmentation
    sampler: Literal["shuffle", "balanced", "sequential"] = "shuffle"  # order of training samples
    in_memory_mb: int = 1024  # MiB; a smaller data set is held as whole tensors
    on_error: Literal["raise", "skip"] = "raise"  # at a sample that cannot be read

    def __post_init__(self) -> None:
        at_least(self, 1, "batch_size", "limit", "overfit_batches")
        at_least(self, 0, "num_workers", "split_seed", "in_memory_mb", "fold")
        at_least(self, 2, "folds")
        fraction(self, "val_fraction")
        if self.fold is not None and self.fold >= self.folds:
            raise ValueError(f"fold is {self.fold}; it must be below folds, which is {self.folds}")
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
    freeze: list[str] = field(default_factory=list)  # names of parameters that stay, as model.stem
    layer_decay: float | None = None  # each layer's rate is this share of the next one's; null: 1
    groups: dict[str, Any] = field(default_factory=dict)  # name: {learning_rate_factor, ...}

    def __post_init__(self) -> None:
        above(self, 0, "learning_rate", "eps", "layer_decay")
        group_settings(self.groups)
        at_least(self, 0, "weight_decay")
        if not all(0 <= beta < 1 for beta in self.betas):
            raise ValueError(f"betas is {list(self.betas)}; each must be at least 0 and below 1")


@dataclass
class ScheduleConfig:
    """Learning rate over the steps of the run: a linear warm-up, then one way down (or level)."""

    name: Literal["cosine", "linear", "constant", "one-cycle", "step", "plateau"] = "cosine"
    warmup_fraction: float = 0.05  # of all steps; the rate rises from 0 to its peak
    final_factor: float = 0.01  # of the peak, at the end; plateau goes no lower
    rise_fraction: float = 0.3  # one-cycle: of all steps, in place of warmup_fraction
    factor: float = 0.1  # step, plateau: what the rate is multiplied by at each drop
    every: int = 10  # step: units from one drop to the next
    unit: Literal["epoch", "step"] = "epoch"  # step: what `every` counts; step: optimizer steps
    patience: int = 5  # plateau: validations without improvement that are borne
    monitor: str | None = None  # plateau: metric to watch; null: the checkpoint's
    mode: Literal["min", "max"] | None = None  # plateau: null: the checkpoint's

    def __post_init__(self) -> None:
        fraction(self, "warmup_fraction", "rise_fraction", "factor")
        above(self, 0, "rise_fraction", "factor")
        at_least(self, 0, "final_factor", "patience")
        at_least(self, 1, "every")


# --- Trainer -----------------------------------------------------------------------------------


@dataclass
class TrainerConfig:
    """What Lightning's Trainer is told."""

    max_epochs: int | None = 10  # passes over the training data; null: as many as the steps need
    max_steps: int | None = None  # optimizer steps; null: as many as the epochs hold
    max_time: str | None = None  # HH:MM:SS or DD:HH:MM:SS, of all starts together; null: no limit
    accelerator: str = "auto"  # auto, cpu, gpu, mps, tpu
    devices: int | str | list[int] = "auto"  # how many, which ("0,1" or [0, 1]), or all: auto
    num_nodes: int = 1  # machines
    strategy: Literal["auto", "ddp", "fsdp"] = "auto"  # fsdp: a model too large for one GPU
    precision: Literal["32-true", "bf16-mixed", "16-mixed"] = "32-true"  # of the arithmetic
    accumulate_grad_batches: int = 1  # batches a step
    gradient_clip_norm: float | None = 1.0  # longest gradient, in the 2-norm; null: any
    gradient_clip_value: float | None = None  # largest entry of it; given, the norm is left alone
    log_every_n_steps: int = 50  # steps between two rows of the log
    val_check_interval: int | float = 1.0  # 0.25: four times an epoch; 500: every 500 batches
    check_val_every_n_epoch: int = 1  # epochs between two validations
    limit_train_batches: int | float | None = None  # 10: ten batches; 0.1: a tenth; null: all
    limit_val_batches: int | float | None = None  # the same
    limit_test_batches: int | float | None = None  # the same
    compile: bool = False  # the network by torch.compile: a slow first step, then faster ones
    deterministic: bool = False  # refuse operations that vary from run to run
    profile: bool = False  # say at the end where the time of a step goes
    progress_bar: bool = True  # one line that moves
    test_after_fit: bool = True  # the best checkpoint, on the test split

    def __post_init__(self) -> None:
        at_least(self, 1, "max_epochs", "max_steps", "num_nodes", "accumulate_grad_batches")
        if self.max_epochs is None and self.max_steps is None and self.max_time is None:
            raise ValueError("max_epochs is null; it, max_steps or max_time must say when to stop")
        at_least(self, 1, "log_every_n_steps", "check_val_every_n_epoch")
        above(self, 0, "gradient_clip_norm", "gradient_clip_value", "val_check_interval")
        at_least(self, 0, "limit_train_batches", "limit_val_batches", "limit_test_batches")
        if self.max_time and not re.fullmatch(r"(\d+:)?\d+:\d\d:\d\d", self.max_time):
            raise ValueError(f"max_time is {self.max_time}; it must be HH:MM:SS or DD:HH:MM:SS")

    @property
    def max_seconds(self) -> float:
        """``max_time`` in seconds; infinite without one."""
        if self.max_time is None:
            return float("inf")
        *days, hours, minutes, seconds = map(int, self.max_time.split(":"))
        return ((sum(days) * 24 + hours) * 60 + minutes) * 60 + seconds


@dataclass
class CheckpointConfig:
    """Which weights are kept beside the last ones."""

    monitor: str = "val/loss"  # metric that ranks the checkpoints
    mode: Literal["min", "max"] = "min"  # whether a smaller or a greater one is better
    save_top_k: int = 1  # how many of the best to keep
    every_minutes: float | None = 10.0  # save inside long epochs too; null: at each one's end only
    every_n_steps: int | None = None  # the same, counted in optimizer steps

    def __post_init__(self) -> None:
        at_least(self, 0, "save_top_k")
        at_least(self, 1, "every_n_steps")
        above(self, 0, "every_minutes")


@dataclass
class RestartConfig:
    """What follows when training dies although nobody asked it to."""

    max: int = 10  # starts in a row without a new checkpoint; ten wait 14 minutes in all
    backoff_seconds: float = 1.0  # before the first restart; doubled with each in vain
    stall_minutes: float | None = 30.0  # without a step, then it is killed; null: wait for ever
    checkpoint: Literal["last", "best"] = "last"  # what a restart after a crash goes on from
    on_nan: Literal["stop", "best"] = "best"  # best: back to it, with a change, at most twice

    def __post_init__(self) -> None:
        at_least(self, 0, "max", "backoff_seconds")
        above(self, 0, "stall_minutes")


@dataclass
class AlertConfig:
    """Who is told, and of what: a command of yours, such as one that sends a mail, and W&B.

    The events: ``crash`` training died by itself; ``stall`` it made no step for too long and was
    killed; ``nan`` it diverged; ``restart`` it is started again after one of these; ``give_up`` it
    is not; ``finish`` it came to its end. A death is one message, even if several of them fit.
    """

    command: str | None = None  # for the shell; EXP_MESSAGE, EXP_EVENT, EXP_RUN_DIR are set
    wandb: bool = True  # W&B's alert too; of a death, when training is back
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
    watch: Literal["gradients", "parameters", "all"] | None = None  # histograms on W&B; null: none
    images: bool = True  # pictures that callbacks draw: into the run's folder and onto W&B
    tables: bool = True  # the same for tables
    tensorboard: bool = False  # for `tensorboard --logdir runs`; needs the extra viewer

    def __post_init__(self) -> None:
        if not self.project or re.search(r"[/\\#?%:]", self.project):
            raise ValueError(f"project is {self.project!r}; it must be a name without / \\ # ? % :")


@dataclass
class SweepConfig:
    """What ``main.py sweep`` does with its trials."""

    keep_checkpoints: Literal["all", "best", "none"] = "best"  # once a trial has ended
    give_up_after: int = 5  # failed trials in a row; then the sweep stops

    def __post_init__(self) -> None:
        at_least(self, 1, "give_up_after")


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
    sweep: SweepConfig = field(default_factory=SweepConfig)

    def __post_init__(self) -> None:
        at_least(self, 0, "seed")
