"""Means over an epoch that cost a few microseconds a step.

Template's file: updates replace it. What is averaged is chosen in module.py.

torchmetrics' ``forward`` and ``self.log`` in each step are what makes a Lightning step slow; here a
step adds to a sum, and the means are logged once, at the epoch's end, exactly: weighted by the
examples of each batch, over all devices.
"""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor

from ..errors import UserError

Reduce = Callable[[Tensor], Tensor]


class Averages:
    """Weighted sums by stage (``train`` or ``eval``) and by their name in the log."""

    def __init__(self) -> None:
        self.sums: dict[str, dict[str, list[Tensor]]] = {}
        self.logged: dict[str, set[str]] = {}  # by stage, in the epoch that ends
        self._stages: dict[str, str] = {}  # by name: a name has one stage

    def forget(self) -> None:
        """Begin anew, with any stage."""
        self.sums, self.logged, self._stages = {}, {}, {}

    def begin(self, stage: str) -> None:
        """Begin a stage's epoch."""
        self.sums.pop(stage, None)
        self.logged.pop(stage, None)

    def claim(self, stage: str, names: Iterable[str]) -> None:
        """Let these names be of a stage.

        Raises:
            UserError: One of them is of the other.
        """
        for name in names:
            if self._stages.setdefault(name, stage) != stage:
                raise UserError(
                    f"module.py: {name} is of training and of validation, and a log has one curve "
                    "of a name: give it another split in one of them"
                )

    def add(self, stage: str, weight: float | Tensor, values: dict[str, Tensor]) -> bool:
        """Add the means of a batch of ``weight`` examples, or tokens, or whatever it counts.

        Returns whether a name is new in this epoch.
        """
        sums, is_new = self.sums.setdefault(stage, {}), False
        for name, value in values.items():
            # float64 where there is one: an epoch of float32 sums loses digits.
            dtype = torch.float32 if value.device.type == "mps" else torch.float64
            term = value.detach().to(dtype) * weight
            if name not in sums:
                sums[name], is_new = [term, torch.zeros_like(term) + weight], True
            else:
                sums[name][0] += term
                sums[name][1] += weight
        return is_new

    def to(self, device: torch.device) -> None:
        """Move the sums to where the next ones will be."""
        for sums in self.sums.values():
            for pair in sums.values():
                pair[:] = [total.to(device) for total in pair]

    def names(self, stage: str) -> list[str]:
        """What has been averaged in a stage."""
        return list(self.sums.get(stage, {}))

    def pop(
        self, stage: str, names: list[str] | None = None, reduce: Reduce | None = None
    ) -> dict[str, Tensor]:
        """The means of a stage, forgotten thereby.

        Args:
            stage: Which one.
            names: Those of all devices, in one order; None: those of this one.
            reduce: Sums a tensor over the devices.
        """
        sums = self.sums.pop(stage, {})
        names = list(sums) if names is None else names
        if not names:
            return {}
        none = [torch.zeros(2, dtype=torch.float64)]
        like = next(iter(sums.values()), none)[0].flatten()[0]
        nothing = [torch.zeros_like(like)] * 2
        totals = torch.stack([torch.stack(sums.get(name, nothing)) for name in names])
        totals = totals if reduce is None else reduce(totals)
        means = (totals[:, 0] / totals[:, 1]).float()
        return dict(zip(names, means.unbind(), strict=True))


def as_scalar(name: str, value: Any) -> Tensor:
    """What is averaged, as a tensor without axes.

    Raises:
        ValueError: It has axes.
    """
    tensor = torch.as_tensor(value)
    if tensor.numel() != 1:
        raise ValueError(f"average({name}=...) takes one number; this is {tuple(tensor.shape)}")
    return tensor.reshape(())
