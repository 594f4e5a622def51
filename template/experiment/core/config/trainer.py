"""What can be set of Lightning's Trainer.

Template's file: updates replace it. To change a default, override its field in your config.py.
"""

import re
from dataclasses import dataclass
from typing import Literal

from .range_checks import above, at_least


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
