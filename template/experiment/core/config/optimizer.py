"""What can be set of the optimizer, and of the learning rate over the steps of the run.

Template's file: updates replace it. To change a default, override its field in your config.py.
"""

from dataclasses import dataclass, field
from typing import Any, Literal

from ..spelling import did_you_mean, nearest
from .meaning import runs_code_unless
from .range_checks import above, at_least, fraction, group_settings

NAMES = ("adamw", "adam", "sgd")
# What is set elsewhere, by the optimizer's own name of it.
ELSEWHERE = {"lr": "learning_rate", "weight_decay": "weight_decay", "params": "groups"}
ELSEWHERE_TOO = {"adamw": ("betas", "eps"), "adam": ("betas", "eps"), "sgd": ("momentum",)}


@dataclass
class OptimizerConfig:
    """AdamW, Loshchilov & Hutter 2019 (arXiv:1711.05101), or another one by its name."""

    # Or adam, sgd, or a class by its dotted path, such as torch.optim.NAdam.
    name: str = field(default="adamw", metadata=runs_code_unless(NAMES))
    learning_rate: float = 1e-3  # peak of the schedule
    weight_decay: float = 0.05  # on matrices and kernels; none on biases and norms
    betas: tuple[float, float] = (0.9, 0.999)  # adamw, adam: decay of the gradient's mean, square
    eps: float = 1e-8  # adamw, adam: keeps the division finite
    momentum: float = 0.9  # sgd
    arguments: dict[str, Any] = field(default_factory=dict)  # others, by the optimizer's own names
    freeze: list[str] = field(default_factory=list)  # names of parameters that stay, as model.stem
    layer_decay: float | None = None  # each layer's rate is this share of the next one's; null: 1
    groups: dict[str, Any] = field(default_factory=dict)  # name: {learning_rate_factor, ...}

    def __post_init__(self) -> None:
        above(self, 0, "learning_rate", "eps", "layer_decay")
        group_settings(self.groups)
        at_least(self, 0, "weight_decay")
        fraction(self, "momentum")
        if not all(0 <= beta < 1 for beta in self.betas):
            raise ValueError(f"betas is {list(self.betas)}; each must be at least 0 and below 1")
        if self.name not in NAMES and "." not in self.name:
            hint = did_you_mean(nearest(self.name, NAMES))
            raise ValueError(
                f"name is {self.name}; it must be {', '.join(NAMES)} or a class's dotted path, as "
                f"torch.optim.NAdam{hint}"
            )
        own = {name: name for name in ELSEWHERE_TOO.get(self.name, ())}
        for argument, setting in {**ELSEWHERE, **own}.items():
            if argument in self.arguments:
                raise ValueError(f"arguments: {argument} is set by optimizer.{setting}")


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
    mode: Literal["min", "max"] | None = None  # plateau: null: as of the checkpoint

    def __post_init__(self) -> None:
        fraction(self, "warmup_fraction", "rise_fraction", "factor")
        above(self, 0, "rise_fraction", "factor")
        at_least(self, 0, "final_factor", "patience")
        at_least(self, 1, "every")
