"""Early termination: W&B's own rule, asked of the values that the trials have logged.

Template's file: updates replace it. Li et al. 2018 (arXiv:1603.06560), as W&B applies it: at each
band, a number of logged values, a trial goes on only if the best it ever had is among the best
1/eta of what all trials had there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

MOST_BANDS = 100


@dataclass(frozen=True)
class Hyperband:
    """When to look, and how strict to be.

    Attributes:
        min_iter: The first band; the next ones are eta times as far each.
        max_iter: Or the other way round: the bands are max_iter / eta, max_iter / eta^2, ...
        s: How many of them.
        eta: One in eta goes on.
    """

    min_iter: int | None = None
    max_iter: int | None = None
    s: int = 1
    eta: float = 3

    @cached_property
    def bands(self) -> list[int]:
        """The logged values after which a trial has to be among the best, rising."""
        if self.max_iter is not None:
            bands = [int(self.max_iter / self.eta**i) for i in range(1, self.s + 1)]
            return sorted(band for band in bands if band >= 1)
        first = self.min_iter or 1
        return [int(first * self.eta**i) for i in range(MOST_BANDS)]

    def stops(self, own: Sequence[float], others: Sequence[Sequence[float]], goal: str) -> bool:
        """Whether the trial with the values ``own`` should end now."""
        sign = -1 if goal == "maximize" else 1
        band = max((band for band in self.bands if band < len(own)), default=None)
        if band is None:
            return False
        there = sorted(sign * values[band] for values in (own, *others) if len(values) > band)
        threshold = there[int(len(there) / self.eta)]
        return min(sign * value for value in own) > threshold
