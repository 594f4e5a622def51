"""The length of the gradient, over all parameters and of each part of the network.

Template's file: updates replace it. Turn it on under ``callbacks.gradient_norm``.
"""

import pytorch_lightning as pl
import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from ..config.callbacks import GradientNormConfig
from ..distributed.fsdp import whole
from ..loggers.log_row import log_row


class GradientNorm(pl.Callback):
    """Logs ``gradient/norm``, the 2-norm over all parameters, before it is clipped.

    Args:
        config: Whether also by part: ``gradient/model.stem``, ...
    """

    def __init__(self, config: GradientNormConfig) -> None:
        self.by_part = config.by_part

    def on_before_optimizer_step(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, optimizer: Optimizer
    ) -> None:
        step, every = trainer.global_step, getattr(trainer, "log_every_n_steps", 0)
        if not every or (step + 1) % every:
            return
        parts = parts_of(pl_module) if self.by_part else {}
        norms = {"norm": _norm(pl_module), **{name: _norm(part) for name, part in parts.items()}}
        values = torch.stack(list(norms.values())).tolist()  # one wait for the device
        row = {f"gradient/{name}": v for name, v in zip(norms, values, strict=True)}
        log_row(trainer, row, step)


def parts_of(module: nn.Module, prefix: str = "") -> dict[str, nn.Module]:
    """The top-level parts of the network that learn, by name."""
    children = {
        f"{prefix}{name}": child
        for name, child in module.named_children()
        if any(p.requires_grad for p in child.parameters())
    }
    if len(children) == 1:  # model., in which everything lies
        ((name, child),) = children.items()
        return parts_of(child, f"{name}.") or children
    return children


def _norm(module: nn.Module) -> Tensor:
    gradients = [p.grad for p in module.parameters() if p.grad is not None]
    return whole(nn.utils.get_total_norm(gradients))
