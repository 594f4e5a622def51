"""Which parameters learn, and how fast: freezing, layer-wise learning rates, weight decay.

Template's file: updates replace it. Set it under ``optimizer:`` (``freeze``, ``layer_decay``,
``groups``); a network that offers ``layers()``, its modules from input to output, says itself how
deep each of them is.

A pattern is a parameter's name with ``*`` and ``?`` in it, or the name of the module that holds it:
``model.stem`` means all below. Of several patterns that match, the first counts.
"""

import inspect
from collections.abc import Iterable, Iterator
from typing import Any

from torch import nn

from ..config.optimizer import OptimizerConfig
from ..console import say
from .freezing import frozen_norms
from .name_patterns import _has_parameters, check_patterns, first_match


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
    """Say once, at the start, which parameters learn how fast."""
    total = sum(p.numel() for p in module.parameters())
    learning = sum(p.numel() for group in groups for p in group["params"])
    norms = len(frozen_norms(module))
    kept = f", {norms} batch norms keep their statistics" if norms else ""
    frozen = f"; {total - learning:,} are frozen{kept}" if learning < total else ""
    say(f"optimizer: {learning:,} of {total:,} parameters learn{frozen}")
    for group in groups:
        count = sum(p.numel() for p in group["params"])
        rate, decay = group["lr"], group["weight_decay"]
        names = short_names(module, group["params"])
        say(f"  {count:>12,} with learning rate {rate:.3g}, weight decay {decay:g}: {names}")


def short_names(module: nn.Module, parameters: Iterable[nn.Parameter], most: int = 4) -> str:
    """Parameters by their names; a module by its own, where all of what it holds is among them."""
    found = names_of(module, parameters)
    more = f" and {len(found) - most} more" if len(found) > most else ""
    return ", ".join(found[:most]) + more


def names_of(module: nn.Module, parameters: Iterable[nn.Parameter]) -> list[str]:
    """The same, all of them."""
    return list(_names(module, {id(parameter) for parameter in parameters}, ""))


def _names(module: nn.Module, chosen: set[int], prefix: str) -> Iterator[str]:
    inside = list(module.parameters())
    if prefix and inside and all(id(parameter) in chosen for parameter in inside):
        yield prefix
        return
    for name, parameter in module.named_parameters(recurse=False):
        if id(parameter) in chosen:
            yield f"{prefix}.{name}" if prefix else name
    for name, child in module.named_children():
        yield from _names(child, chosen, f"{prefix}.{name}" if prefix else name)


def _opened(modules: Iterable[nn.Module]) -> Iterator[nn.Module]:
    for module in modules:
        if isinstance(module, (nn.Sequential, nn.ModuleList)):
            yield from _opened(child for child in module if _has_parameters(child))
        else:
            yield module
