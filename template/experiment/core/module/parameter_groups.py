"""Which parameters learn, and how fast: freezing, layer-wise learning rates, weight decay.

Template's file: updates replace it. Set it under ``optimizer:`` (``freeze``, ``layer_decay``,
``groups``); a network that offers ``layers()``, its modules from input to output, says itself how
deep each of them is.

A pattern is a parameter's name with ``*`` and ``?`` in it, or the name of the module that holds it:
``model.stem`` means all below. Of several patterns that match, the first counts.
"""

import inspect
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from typing import Any

import pytorch_lightning as pl
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from .config import OptimizerConfig
from .console import say
from .errors import UserError
from .spelling import did_you_mean, nearest


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


def parameter_groups(module: nn.Module, config: OptimizerConfig) -> list[dict[str, Any]]:
    """Each trainable parameter in exactly one group, with its own learning rate and weight decay.

    Weight decay is for matrices and kernels: biases and normalisation scales are pulled from where
    they belong. ``groups`` may say otherwise of what it names.

    Args:
        module: Whose parameters they are.
        config: Learning rate, weight decay, and the three settings above.

    Raises:
        UserError: A pattern matches nothing.
    """
    check_patterns("optimizer.groups", config.groups, module)
    depths = layer_factors(module, config.layer_decay) if config.layer_decay else {}
    groups: dict[tuple[float, bool, float], list[nn.Parameter]] = {}
    for name, parameter in module.named_parameters():
        if parameter.requires_grad:
            own = config.groups.get(first_match(name, config.groups) or "", {})
            factor = own.get("learning_rate_factor", 1.0) * depths.get(name, 1.0)
            is_matrix = parameter.ndim >= 2
            decay = own.get("weight_decay", config.weight_decay if is_matrix else 0.0)
            groups.setdefault((factor, is_matrix, decay), []).append(parameter)
    # The fastest first, matrices before the rest: an order that does not depend on names.
    return [
        {
            "params": groups[key],
            "lr": config.learning_rate * key[0],
            "weight_decay": key[2],
            "factor": key[0],
        }
        for key in sorted(groups, reverse=True)
    ]


def layer_factors(module: nn.Module, decay: float) -> dict[str, float]:
    """What each parameter's learning rate is multiplied by: ``decay`` for each layer above its own.

    The last layer has 1; a parameter that lies in no layer, such as a class token, counts as part
    of the first (Bao et al. 2021, arXiv:2106.08254, for transformers).
    """
    layers = network_layers(module)
    depth = {id(p): place for place, layer in enumerate(layers) for p in layer.parameters()}
    last = len(layers) - 1
    return {
        name: decay ** (last - depth.get(id(parameter), 0))
        for name, parameter in module.named_parameters()
    }


def network_layers(module: nn.Module) -> list[nn.Module]:
    """The layers from input to output.

    What the network's ``layers()`` gives; else its modules in the order in which it defines them,
    those in an ``nn.Sequential`` or ``nn.ModuleList`` one by one.
    """
    while True:
        if inspect.ismethod(offered := getattr(module, "layers", None)):
            return list(offered())
        inside = [child for child in module.children() if _has_parameters(child)]
        if len(inside) != 1:
            return list(_opened(inside))
        module = inside[0]


def say_groups(module: nn.Module, groups: list[dict[str, Any]]) -> None:
    """Say once, at the start, how many parameters learn how fast."""
    total = sum(p.numel() for p in module.parameters())
    learning = sum(p.numel() for group in groups for p in group["params"])
    norms = len(frozen_norms(module))
    kept = f", {norms} batch norms keep their statistics" if norms else ""
    frozen = f"; {total - learning:,} are frozen{kept}" if learning < total else ""
    say(f"optimizer: {learning:,} of {total:,} parameters learn{frozen}")
    for group in groups:
        count = sum(p.numel() for p in group["params"])
        rate, decay = group["lr"], group["weight_decay"]
        say(f"  {count:>12,} with learning rate {rate:.3g}, weight decay {decay:g}")


def check_patterns(key: str, patterns: Iterable[str], module: nn.Module) -> None:
    """Refuse a pattern that names nothing.

    Raises:
        UserError: With the nearest name.
    """
    names = [name for name, _ in module.named_parameters()]
    modules = [name for name, part in module.named_modules() if name and _has_parameters(part)]
    for pattern in patterns:
        if not any(_matches(name, pattern) for name in names):
            near = nearest(pattern, [*modules, *names], cutoff=0.4)
            raise UserError(f"{key}: {pattern} matches no parameter{did_you_mean(near)}")


def first_match(name: str, patterns: Iterable[str]) -> str | None:
    """The first pattern that a parameter's name matches."""
    return next((pattern for pattern in patterns if _matches(name, pattern)), None)


def _matches(name: str, pattern: str) -> bool:
    return fnmatchcase(name, pattern) or fnmatchcase(name, f"{pattern}.*")


def _opened(modules: Iterable[nn.Module]) -> Iterator[nn.Module]:
    for module in modules:
        if isinstance(module, (nn.Sequential, nn.ModuleList)):
            yield from _opened(child for child in module if _has_parameters(child))
        else:
            yield module


def _has_parameters(module: nn.Module) -> bool:
    return next(module.parameters(), None) is not None


def _learns(module: nn.Module) -> bool:
    return any(parameter.requires_grad for parameter in module.parameters())
