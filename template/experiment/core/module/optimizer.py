"""The optimizer and its parameter groups.

Template's file: updates replace it. To use another one, override ``configure_optimizers`` in
module.py. The learning rate's course is in schedules.py.
"""

import inspect
import sys
from typing import Any

import torch
from torch import nn
from torch.optim import Adam, Optimizer

from .config import OptimizerConfig
from .parameter_groups import parameter_groups, say_groups


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
    groups = parameter_groups(model, config)
    if config.freeze or config.layer_decay or config.groups:
        say_groups(model, groups)
    return AdamW(groups, config.learning_rate, config.betas, config.eps, fused=fused)
