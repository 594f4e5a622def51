"""The other side of the benchmarks: small networks, and a training step with nothing around it."""

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import clip_grad_norm_


def mlp(*_: Any) -> nn.Module:
    """A network so small that all that is around it shows."""
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))


def cnn(*_: Any) -> nn.Module:
    """A small network for images of 28x28 pixels."""
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1),
        nn.BatchNorm2d(16),
        nn.ReLU(),
        nn.Conv2d(16, 32, 3, stride=2, padding=1),
        nn.BatchNorm2d(32),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(32, 10),
    )


def raw_step(model: nn.Module) -> Callable[[Tensor, Tensor], Tensor]:
    """The step of the default configuration: fused AdamW, clipped gradients, a schedule."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.05, fused=True)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1.0)

    def step(image: Tensor, label: Tensor) -> Tensor:
        loss = F.cross_entropy(model(image), label, label_smoothing=0.05)
        optimizer.zero_grad()
        loss.backward()
        clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        return loss

    return step
