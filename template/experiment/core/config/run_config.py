"""What can be set in every experiment: types, defaults, units and choices, without torch.

Template's file: updates replace it. To change a default, override its field in your config.py.
`null` switches an optional part off, `{}` switches it on with its defaults.
"""

from dataclasses import dataclass, field

from .callbacks import CallbacksConfig
from .checkpoint import CheckpointConfig
from .logger import LoggerConfig
from .meaning import NOT_RECORDED
from .optimizer import OptimizerConfig, ScheduleConfig
from .range_checks import at_least
from .restart import AlertConfig, RestartConfig
from .sweep import SweepConfig
from .trainer import TrainerConfig
from .ui import UiConfig


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
    ui: UiConfig = field(default_factory=UiConfig, metadata=NOT_RECORDED)

    def __post_init__(self) -> None:
        at_least(self, 0, "seed")
