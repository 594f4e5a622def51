"""What can be set of the checkpoints.

Template's file: updates replace it. To change a default, override its field in your config.py.
"""

from dataclasses import dataclass
from typing import Literal

from .range_checks import above, at_least


@dataclass
class CheckpointConfig:
    """Which weights are kept beside the last ones."""

    monitor: str = "val/loss"  # metric that ranks the checkpoints
    mode: Literal["min", "max"] | None = None  # which is better; null: as the metric's name says
    save_top_k: int = 1  # how many of the best to keep
    every_minutes: float | None = 10.0  # save inside long epochs too; null: at each one's end only
    every_n_steps: int | None = None  # the same, counted in optimizer steps

    def __post_init__(self) -> None:
        at_least(self, 0, "save_top_k")
        at_least(self, 1, "every_n_steps")
        above(self, 0, "every_minutes")
