"""The optimizer of the parameter groups, by its name in the configuration.

Template's file: updates replace it. To use another one, set ``optimizer.name`` to its dotted path
or override ``make_optimizer`` in module.py. The learning rate's course is in schedules.py.
"""

import inspect
import sys
from collections.abc import Callable
from typing import Any

import torch
from torch.optim import Optimizer

from ..config.optimizer import OptimizerConfig
from ..console import say
from ..errors import UserError
from .dotted_paths import check_arguments, import_class

Groups = list[dict[str, Any]]


def _plain_step(optimizer: Optimizer, base: type[Optimizer], closure: Any) -> Any:
    """Torch's own step; the first one does not import torch.compile's machinery: see imports.py."""
    if "torch._dynamo" in sys.modules:
        return base.step(optimizer, closure)
    with torch.no_grad():
        return inspect.unwrap(base.step)(optimizer, closure)  # inside of what marks graph breaks


class AdamW(torch.optim.AdamW):
    """Torch's own."""

    def step(self, closure: Any = None) -> Any:
        return _plain_step(self, torch.optim.Adam, closure)


class Adam(torch.optim.Adam):
    """Torch's own."""

    def step(self, closure: Any = None) -> Any:
        return _plain_step(self, torch.optim.Adam, closure)


class SGD(torch.optim.SGD):
    """Torch's own."""

    def step(self, closure: Any = None) -> Any:
        return _plain_step(self, torch.optim.SGD, closure)


def make_optimizer(groups: Groups, config: OptimizerConfig, *, fused: bool) -> Optimizer:
    """The optimizer that ``optimizer.name`` names.

    Args:
        groups: As torch takes them: parameters, learning rate, weight decay.
        config: Its name and what is set of it.
        fused: One kernel for all parameters: 0.77x of the step's time on a CPU, too.

    Raises:
        UserError: There is no such optimizer, or it does not take what is set of it.
    """
    make = {"adamw": _adam(AdamW), "adam": _adam(Adam), "sgd": _sgd}.get(config.name, _by_path)
    try:
        return make(groups, config, fused)
    except (ValueError, TypeError) as error:
        raise UserError(f"optimizer.name: {config.name}: {error}") from error


def _adam(kind: type[Any]) -> Callable[[Groups, OptimizerConfig, bool], Optimizer]:
    def make(groups: Groups, config: OptimizerConfig, fused: bool) -> Optimizer:
        _say_unused(config, "momentum")
        if kind is Adam:
            _say_coupled(config)
        arguments = {"fused": fused, **config.arguments}
        fixed = (groups, config.learning_rate, config.betas, config.eps)
        check_arguments("optimizer.arguments", kind, *fixed, **arguments)
        return kind(*fixed, **arguments)

    return make


def _sgd(groups: Groups, config: OptimizerConfig, fused: bool) -> Optimizer:
    _say_unused(config, "betas", "eps")
    _say_coupled(config)
    arguments = {"fused": fused, **config.arguments}
    fixed = (groups, config.learning_rate, config.momentum)
    check_arguments("optimizer.arguments", SGD, *fixed, **arguments)
    return SGD(*fixed, **arguments)


def _by_path(groups: Groups, config: OptimizerConfig, _: bool) -> Optimizer:
    """Any class: it gets the groups, which hold rate and decay, and the arguments as they are."""
    found = import_class(
        f"optimizer.name: {config.name}", config.name, Optimizer, "torch.optim.Optimizer"
    )
    _say_unused(config, "betas", "eps", "momentum")
    takes = inspect.signature(found).parameters
    if "weight_decay" not in takes and any(group["weight_decay"] for group in groups):
        say(f"optimizer.weight_decay is not used: {config.name} has none")
    arguments = {"lr": config.learning_rate} if "lr" in takes else {}
    arguments |= config.arguments
    check_arguments("optimizer.arguments", found, groups, **arguments)
    return found(groups, **arguments)


def _say_unused(config: OptimizerConfig, *names: str) -> None:
    """Settings of other optimizers, where somebody has set them."""
    defaults = OptimizerConfig()
    changed = [name for name in names if getattr(config, name) != getattr(defaults, name)]
    for name in changed:
        say(
            f"optimizer.{name} is not used: {config.name} takes none from there; its own arguments "
            "go into optimizer.arguments"
        )


def _say_coupled(config: OptimizerConfig) -> None:
    if config.weight_decay:
        say(
            f"optimizer: {config.name} adds weight decay to the gradient (L2), unlike adamw, which "
            "shrinks the weights beside it: another strength is right"
        )
