"""``trainer.compile``: the network as torch.compile makes it, faster from the second step on.

Template's file: updates replace it. To compile other parts, call ``part.compile()`` in module.py.

Each part of the module is compiled in place (``nn.Module.compile``): names in the state_dict stay
as they are, so that a checkpoint loads with and without.
"""

import logging

import pytorch_lightning as pl
import torch

from ..console import say
from ..errors import in_a_line

# What they have to say of a machine without a GPU or a compiler, the one line says.
TALKATIVE = ("torch._inductor", "torch._dynamo", "torch.utils.cpp_extension")


class Compile(pl.Callback):
    """Compiles the parts of the module that have parameters, if there is a compiler."""

    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        if stage != "fit":
            return
        if reason := why_not(trainer.strategy.root_device):
            say(f"trainer.compile: torch.compile does not work here ({reason}): training without")
            return
        for part in pl_module.children():
            if next(part.parameters(), None) is not None:
                part.compile()


def why_not(device: torch.device) -> str:
    """Why nothing can be compiled for a device, found out by compiling next to nothing."""
    logs = [logging.getLogger(name) for name in TALKATIVE]
    levels = [log.level for log in logs]
    for log in logs:
        log.setLevel(logging.CRITICAL)
    try:
        torch.compile(_one_more)(torch.zeros(2, device=device))
    except Exception as error:  # no C++ compiler, no Triton, no Python.h: each has its own
        cause = getattr(error, "inner_exception", error)
        return in_a_line(cause)[:160]
    finally:
        for log, level in zip(logs, levels, strict=True):
            log.setLevel(level)
    return ""


def _one_more(x: torch.Tensor) -> torch.Tensor:
    return x.sin() + 1
