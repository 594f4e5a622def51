"""What can be set of logging.

Template's file: updates replace it. To change a default, override its field in your config.py.
"""

import re
from dataclasses import dataclass, field
from typing import Literal


@dataclass
class LoggerConfig:
    """Where the metrics go beside metrics.jsonl, which is always written."""

    wandb: Literal["auto", "online", "offline", "off"] = "auto"  # auto: online where there is a key
    project: str = "experiments"  # on W&B
    entity: str | None = None  # W&B user or team; null: your default one
    tags: list[str] = field(default_factory=list)  # to find the run again
    watch: Literal["gradients", "parameters", "all"] | None = None  # histograms on W&B; null: none
    images: bool = True  # pictures that callbacks draw: into the run's folder and onto W&B
    audio: bool = True  # the same for sounds
    tables: bool = True  # the same for tables
    tensorboard: bool = False  # for `tensorboard --logdir runs`; needs the extra viewer

    def __post_init__(self) -> None:
        if not self.project or re.search(r"[/\\#?%:]", self.project):
            raise ValueError(f"project is {self.project!r}; it must be a name without / \\ # ? % :")
