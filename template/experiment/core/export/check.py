"""Whether an exported file answers as the network does, on real examples.

Template's file: updates replace it.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from ..errors import UserError
from .find_network import Found

BATCHES = (1, 2, 7)
TOLERANCE = 1e-4  # relative and absolute
Answer = Callable[[Sequence[Tensor]], Sequence[NDArray[Any]]]


def refuse_other_answers(found: Found, answer: Answer, reader: str) -> float:
    """Compare what a file answers with the network's own answers; returns the largest difference.

    Args:
        found: The network, and real inputs of as many examples as the largest batch has.
        answer: What the file says of some inputs.
        reader: What read it, for the message.

    Raises:
        UserError: They differ, or a batch of another size is refused.
    """
    worst = 0.0
    for size in BATCHES:
        inputs = [tensor[:size] for tensor in found.inputs.values()]
        with torch.no_grad():  # of copies: a network may write to its inputs
            wanted = found.network(*(tensor.clone() for tensor in inputs))
        try:
            answers = answer([tensor.clone() for tensor in inputs])
        except Exception as error:  # onnxruntime's and torch's own
            reason = " ".join(str(error).split())[:200]
            raise UserError(f"{reader} refuses a batch of {size}: {reason}") from None
        for name, tensor, got in zip(found.outputs, wanted, answers, strict=True):
            worst = max(worst, _difference(name, tensor, torch.as_tensor(got), size, reader))
    return worst


def _difference(name: str, wanted: Tensor, got: Tensor, size: int, reader: str) -> float:
    if got.shape != wanted.shape:
        raise UserError(
            f"{reader} gives {name} as {tuple(got.shape)} for a batch of {size}, torch as "
            f"{tuple(wanted.shape)}"
        )
    wanted, got = wanted.double(), got.double()
    apart = (wanted - got).abs().nan_to_num(nan=0.0)
    if not torch.allclose(wanted, got, rtol=TOLERANCE, atol=TOLERANCE, equal_nan=True):
        raise UserError(
            f"{reader} gives another {name} than torch for a batch of {size}: up to "
            f"{float(apart.max()):.2g} apart; {TOLERANCE:g}, relative and absolute, is allowed"
        )
    return float(apart.max()) if apart.numel() else 0.0
