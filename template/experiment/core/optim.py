"""The optimizer, its parameter groups, and the learning rate's course over the steps.

Template's file: updates replace it. To use another optimizer or schedule, override
``configure_optimizers`` in module.py.
"""

import inspect
import math
import sys
from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.optim import Adam, Optimizer
from torch.optim.lr_scheduler import LambdaLR

from .config import OptimizerConfig, ScheduleConfig


class AdamW(torch.optim.AdamW):
    """Torch's own, whose first step does not import torch.compile's machinery: see imports.py."""

    def step(self, closure: Any = None) -> Any:
        if "torch._dynamo" in sys.modules:
            return super().step(closure)
        with torch.no_grad():
            return inspect.unwrap(Adam.step)(self, closure)  # inside of what marks graph breaks


def make_optimizer(model: nn.Module, config: OptimizerConfig, *, fused: bool) -> Optimizer:
    """AdamW, Loshchilov and Hutter 2019 (arXiv:1711.05101), with weight decay on matrices only.

    Args:
        model: Its trainable parameters are optimised, each in exactly one group.
        config: Learning rate, weight decay, betas.
        fused: One kernel for all parameters: 0.77x of the step's time on a CPU, too.
    """
    trainable = [p for p in model.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in trainable if p.ndim >= 2], "weight_decay": config.weight_decay},
        # Biases and normalisation scales: decay pulls them from where they belong.
        {"params": [p for p in trainable if p.ndim < 2], "weight_decay": 0.0},
    ]
    groups = [group for group in groups if group["params"]]
    return AdamW(groups, config.learning_rate, config.betas, config.eps, fused=fused)


def make_schedule(optimizer: Optimizer, config: ScheduleConfig, total_steps: float) -> LambdaLR:
    """The learning rate of each optimizer step.

    Args:
        optimizer: Whose learning rates are the peak.
        config: Name, length of the warm-up, last value.
        total_steps: Optimizer steps of the whole training.
    """
    return LambdaLR(optimizer, schedule_factor(config, total_steps))


def schedule_factor(config: ScheduleConfig, total_steps: float) -> Callable[[int], float]:
    """What the peak learning rate is multiplied by: a pure function of the step.

    Linear warm-up from near zero; then constant, or half a cosine down to ``final_factor``
    (Loshchilov and Hutter 2017, arXiv:1608.03983, without restarts).
    """
    endless = math.isinf(total_steps)
    warmup = 0 if endless else round(config.warmup_fraction * total_steps)
    falling = config.name == "cosine" and not endless

    def factor(step: int) -> float:
        if step < warmup:
            return (step + 1) / (warmup + 1)
        if not falling:
            return 1.0
        progress = min(1.0, (step - warmup) / max(1.0, total_steps - warmup))
        cosine = 0.5 * (1.0 + math.cos(math.pi * progress))
        return config.final_factor + (1.0 - config.final_factor) * cosine

    return factor
