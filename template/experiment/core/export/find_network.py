"""The network of a LightningModule, and what goes into it: seen while ``predict_step`` runs.

Template's file: updates replace it. To say it yourself, write ``network_to_export`` in module.py.
"""

import inspect
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torchmetrics import Metric, MetricCollection

from ..errors import UserError

WRITE = (
    "write network_to_export(self, batch) in module.py, which returns the network and a tuple of "
    "the tensors that its forward gets"
)
BY_PLACE = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.VAR_POSITIONAL)


@dataclass
class Call:
    """A part of a module that was called, and with what.

    Args:
        network: The part.
        args: By position.
        kwargs: By name.
        output: What it returned; None while it has not, or where nobody looked.
    """

    network: nn.Module
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    output: Any = None


class Network(nn.Module):
    """A network alone: tensors come by position, a tuple of named tensors leaves.

    Args:
        network: A part of the LightningModule.
        given: The arguments of its ``forward`` that are given, in their order.
        by_place: How many of the first have no name there.
    """

    def __init__(self, network: nn.Module, given: tuple[str, ...], by_place: int) -> None:
        super().__init__()
        self.network, self.given, self.by_place = network, given, by_place

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        named = dict(zip(self.given[self.by_place :], inputs[self.by_place :], strict=True))
        return tuple(named_outputs(self.network(*inputs[: self.by_place], **named)).values())


@dataclass
class Found:
    """What is exported.

    Args:
        network: In evaluation mode, on the CPU.
        name: Where it lies in the LightningModule, such as ``model``.
        inputs: Real ones, by the names of its ``forward``.
        outputs: Their names.
        times: How often ``predict_step`` calls it for a batch; 0 where module.py named it.
    """

    network: Network
    name: str
    inputs: dict[str, Tensor]
    outputs: tuple[str, ...]
    times: int


@contextmanager
def outermost_calls(module: nn.Module) -> Iterator[list[Call]]:
    """The calls of a module's parts that no other part makes, in their order."""
    calls: list[Call] = []
    depth = 0

    def enter(part: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        nonlocal depth
        if depth == 0:
            kept = (_copied(args), _copied(kwargs)) if not calls else ((), {})
            calls.append(Call(part, *kept))
        depth += 1

    def leave(part: nn.Module, args: Any, kwargs: Any, output: Any) -> None:
        nonlocal depth
        depth -= 1
        if depth == 0 and len(calls) == 1:
            calls[0].output = _copied(output)

    parts = [part for part in module.modules() if part is not module and not _is_metric(part)]
    hooks = [part.register_forward_pre_hook(enter, with_kwargs=True) for part in parts]
    hooks += [
        part.register_forward_hook(leave, with_kwargs=True, always_call=True) for part in parts
    ]
    try:
        yield calls
    finally:
        for hook in hooks:
            hook.remove()


def network_of(module: nn.Module, calls: list[Call]) -> Found:
    """The one network that was called, with what it was called with first.

    Raises:
        UserError: There is none, or several, or it gets or gives what is no tensor.
    """
    names = {part: name for name, part in module.named_modules()}
    called = list(dict.fromkeys(call.network for call in calls))
    if not called:
        raise UserError(
            f"export: predict_step in module.py calls no network of the module's; {WRITE}"
        )
    if len(called) > 1:
        among = ", ".join(f"self.{names[part]}" for part in called[:4])
        raise UserError(
            f"export: predict_step in module.py calls {len(called)} networks ({among}); {WRITE}"
        )
    return _found(calls[0], names[called[0]], len(calls))


def network_named(module: nn.Module, named: Any) -> Found:
    """The network that ``network_to_export`` in module.py returned.

    Raises:
        UserError: That is no network and a tuple of tensors.
    """
    match named:
        case (nn.Module() as network, tuple() | list() as inputs):
            pass
        case _:
            raise UserError(
                f"module.py: network_to_export returns {_kind(named)}; expected a network and a "
                "tuple of the tensors that its forward gets, such as self.model, (batch.image,)"
            )
    names = {part: name for name, part in module.named_modules()}
    call = Call(network, _copied(tuple(inputs)), {})
    return _found(call, names.get(network, type(network).__name__), 0)


def named_outputs(output: Any, name: str = "") -> dict[str, Tensor]:
    """The tensors of what a network returns, by the names that it gives them.

    Raises:
        UserError: There is something else in it.
    """
    if isinstance(output, Tensor):
        return {name or "output": output}
    if output is None and name:  # a field that this network leaves empty
        return {}
    if isinstance(output, tuple) and hasattr(output, "_fields"):
        parts = dict(zip(output._fields, output, strict=True))  # pyright: ignore[reportAttributeAccessIssue]
    elif isinstance(output, Mapping):
        parts = dict(output)
    elif isinstance(output, tuple | list):
        parts = {str(place) if name else f"output_{place}": one for place, one in enumerate(output)}
    elif is_dataclass(output):
        parts = {field.name: getattr(output, field.name) for field in fields(output)}
    else:
        raise UserError(
            f"export: the network returns {_kind(output)}{f' as {name}' if name else ''}, and only "
            f"tensors can be exported; {WRITE}"
        )
    found: dict[str, Tensor] = {}
    for key, part in parts.items():
        found.update(named_outputs(part, f"{name}_{key}" if name else str(key)))
    return found


def _found(call: Call, name: str, times: int) -> Found:
    network = call.network.eval()
    inputs, by_place = _inputs(call, name)
    alone = Network(network, tuple(inputs), by_place)
    with torch.no_grad():
        given = _copied(inputs)
        output = network(*list(given.values())[:by_place], **dict(list(given.items())[by_place:]))
    if call.output is not None:
        _refuse_other_answer(call.output, output, name)
    return Found(alone, name, inputs, tuple(named_outputs(output)), times)


def _inputs(call: Call, name: str) -> tuple[dict[str, Tensor], int]:
    """The tensors that a network got, by the names of its ``forward``; what may be is left out.

    Returns:
        And how many of the first can only be given by their place.
    """
    signature = inspect.signature(call.network.forward)
    try:
        bound = signature.bind(*call.args, **call.kwargs)
    except TypeError as error:
        raise UserError(f"export: forward of {name} does not take its inputs: {error}") from None
    inputs: dict[str, Tensor] = {}
    by_place = 0
    for argument, value in bound.arguments.items():
        parameter = signature.parameters[argument]
        several = parameter.kind == inspect.Parameter.VAR_POSITIONAL
        given = {f"{argument}_{place}": one for place, one in enumerate(value)} if several else {}
        if parameter.kind == inspect.Parameter.VAR_KEYWORD:
            given = dict(value)
        for key, one in (given or {argument: value}).items():
            if isinstance(one, Tensor):
                inputs[key] = one
                by_place = len(inputs) if parameter.kind in BY_PLACE else by_place
            elif parameter.default is inspect.Parameter.empty:
                raise UserError(
                    f"export: {argument} of {name}'s forward is {_kind(one)}, and only tensors can "
                    f"go into an exported network; {WRITE}"
                )
    if not inputs:
        raise UserError(f"export: no tensor goes into {name}; {WRITE}")
    return inputs, by_place


def _refuse_other_answer(before: Any, now: Any, name: str) -> None:
    """Whether the network by itself answers as it did within ``predict_step``."""
    was, now = named_outputs(before), named_outputs(now)
    same = was.keys() == now.keys() and all(
        was[key].shape == now[key].shape
        and torch.allclose(was[key].double(), now[key].double(), 1e-4, 1e-4, equal_nan=True)
        for key in was
    )
    if not same:
        raise UserError(
            f"export: {name}, asked again with the same tensors, answers otherwise than within "
            f"predict_step: dropout that is on, a draw, or an argument that is no tensor; {WRITE}"
        )


def _is_metric(part: nn.Module) -> bool:
    return isinstance(part, Metric | MetricCollection)


def _copied(value: Any) -> Any:
    """The same with tensors of its own: a network may write to them."""
    if isinstance(value, Tensor):
        return value.detach().clone()
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*map(_copied, value))
    if isinstance(value, tuple | list):
        return type(value)(map(_copied, value))
    if type(value) is dict:
        return {key: _copied(one) for key, one in value.items()}
    return value


def _kind(value: Any) -> str:
    kind = type(value).__name__
    return f"{'an' if kind[0].lower() in 'aeiou' else 'a'} {kind}"
