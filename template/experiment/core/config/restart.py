"""What can be set of restarts after a crash, and of who is told.

Template's file: updates replace it. To change a default, override its field in your config.py.
"""

from dataclasses import dataclass, field
from typing import Literal

from .meaning import RUNS_CODE
from .range_checks import above, at_least

ALERT_EVENTS = ("crash", "stall", "nan", "restart", "give_up", "finish")


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

    # For the shell; EXP_MESSAGE, EXP_EVENT, EXP_RUN_DIR are set.
    command: str | None = field(default=None, metadata=RUNS_CODE)
    wandb: bool = True  # W&B's alert too; of a death, when training is back
    events: list[str] = field(default_factory=lambda: list(ALERT_EVENTS))  # which to tell of
    every_seconds: float = 60.0  # at most one alert of an event in this time

    def __post_init__(self) -> None:
        at_least(self, 0, "every_seconds")
        if wrong := set(self.events) - set(ALERT_EVENTS):
            raise ValueError(f"events has {', '.join(wrong)}; there are {', '.join(ALERT_EVENTS)}")
