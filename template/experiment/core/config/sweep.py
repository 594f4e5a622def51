"""What can be set of sweeps.

Template's file: updates replace it. To change a default, override its field in your config.py.
"""

from dataclasses import dataclass
from typing import Literal

from .range_checks import at_least


@dataclass
class SweepConfig:
    """What ``main.py sweep`` does with its trials."""

    keep_checkpoints: Literal["all", "best", "none"] = "best"  # once a trial has ended
    give_up_after: int = 5  # failed trials in a row; then the sweep stops

    def __post_init__(self) -> None:
        at_least(self, 1, "give_up_after")
