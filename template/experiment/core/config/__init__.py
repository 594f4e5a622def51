"""From words to dataclasses: what can be set, and how it is read, checked and written.

Template's file: updates replace it. Each name is imported when it is asked for.
"""

from typing import TYPE_CHECKING

from ..imports import lazily

if TYPE_CHECKING:  # for editors and type checkers
    from .callbacks import CallbacksConfig as CallbacksConfig
    from .checkpoint import CheckpointConfig as CheckpointConfig
    from .cli import make_parser as make_parser
    from .cli import parse_arguments as parse_arguments
    from .data import BaseDataConfig as BaseDataConfig
    from .data import BoxDataConfig as BoxDataConfig
    from .data import ImageDataConfig as ImageDataConfig
    from .data import MaskDataConfig as MaskDataConfig
    from .data import TextDataConfig as TextDataConfig
    from .logger import LoggerConfig as LoggerConfig
    from .optimizer import OptimizerConfig as OptimizerConfig
    from .optimizer import ScheduleConfig as ScheduleConfig
    from .range_checks import above as above
    from .range_checks import at_least as at_least
    from .range_checks import fraction as fraction
    from .restart import AlertConfig as AlertConfig
    from .restart import RestartConfig as RestartConfig
    from .run_config import RunConfig as RunConfig
    from .sweep import SweepConfig as SweepConfig
    from .trainer import TrainerConfig as TrainerConfig
    from .ui import UiConfig as UiConfig

__getattr__ = lazily(
    __name__,
    {
        "run_config": ("RunConfig",),
        "data": (
            "BaseDataConfig",
            "ImageDataConfig",
            "BoxDataConfig",
            "MaskDataConfig",
            "TextDataConfig",
        ),
        "optimizer": (
            "OptimizerConfig",
            "ScheduleConfig",
        ),
        "trainer": ("TrainerConfig",),
        "checkpoint": ("CheckpointConfig",),
        "restart": (
            "AlertConfig",
            "RestartConfig",
        ),
        "callbacks": ("CallbacksConfig",),
        "logger": ("LoggerConfig",),
        "sweep": ("SweepConfig",),
        "ui": ("UiConfig",),
        "range_checks": (
            "above",
            "at_least",
            "fraction",
        ),
        "cli": (
            "make_parser",
            "parse_arguments",
        ),
    },
)
