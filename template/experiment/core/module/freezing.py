"""Parameters that stay as they are.

Template's file: updates replace it. Set ``optimizer.freeze``.
"""

import pytorch_lightning as pl
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from ..errors import UserError
from .name_patterns import check_patterns, first_match


class Freeze(pl.Callback):
    """Keeps the parameters that ``optimizer.freeze`` names as they are.

    A batch norm all of whose own parameters are frozen keeps its running statistics, too: what is
    frozen gives the same output for the same input from the first step to the last.

    Args:
        patterns: Of names, such as ``model.stem``.
    """

    def __init__(self, patterns: list[str]) -> None:
        self.patterns = patterns

    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        # Here, before the model is distributed: DDP waits for gradients of whatever learns.
        check_patterns("optimizer.freeze", self.patterns, pl_module)
        for name, parameter in pl_module.named_parameters():
            if first_match(name, self.patterns) is not None:
                parameter.requires_grad = False
        if not any(parameter.requires_grad for parameter in pl_module.parameters()):
            raise UserError("optimizer.freeze: every parameter is frozen; nothing is left to learn")

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        for norm in frozen_norms(pl_module):
            norm.eval()


def frozen_norms(module: nn.Module) -> list[nn.Module]:
    """The batch norms that have parameters, none of which learns."""
    norms = [part for part in module.modules() if isinstance(part, _BatchNorm)]
    return [n for n in norms if [*n.parameters()] and not _learns(n)]


def _learns(module: nn.Module) -> bool:
    return any(parameter.requires_grad for parameter in module.parameters())
