"""Which point comes next: a pure function of the sweep file, a seed and the trials so far.

Template's file: updates replace it.
"""

import json
import math
from typing import Any

from .distributions import Parameter
from .random_draw import Values, random_draw
from .sweep_file import Metric, Sweep
from .trials import Trial


class Search:
    """Proposes the points of a sweep.

    Args:
        sweep: What varies, and how it is searched.
        metric: What is compared.
        seed: Another seed, other random points.
    """

    def __init__(self, sweep: Sweep, metric: Metric, seed: int) -> None:
        self.sweep, self.metric, self.seed = sweep, metric, seed
        self._lists = [_distinct(p.grid() or []) for p in sweep.parameters]

    @property
    def size(self) -> int | None:
        """How many trials there will be; None: as many as somebody waits for."""
        grid = math.prod(map(len, self._lists)) if self.sweep.method == "grid" else None
        sizes = [size for size in (grid, self.sweep.run_cap) if size is not None]
        return min(sizes, default=None)

    def point(self, number: int, trials: list[Trial]) -> tuple[Values, Values] | None:
        """The values of trial ``number``, counted from 1, and its draw; None past the last one."""
        if self.size is not None and number > self.size:
            return None
        if self.sweep.method == "grid":
            return self._grid_point(number - 1), {}
        draw = random_draw(self.sweep, self.seed, number)
        if self.sweep.method == "bayes":
            from .bayes import propose

            draw = propose(self.sweep, self.metric, self.seed, number, trials) or draw
        return self.values_of(draw), draw

    def values_of(self, draw: Values) -> Values:
        """The values at the shares ``draw`` of each parameter's distribution."""
        return {p.key: p.quantile(draw[p.key]) for p in self.sweep.parameters}

    def _grid_point(self, index: int) -> Values:
        """The last parameter varies fastest, as in W&B's grid."""
        values: list[tuple[Parameter, Any]] = []
        rows = list(zip(self.sweep.parameters, self._lists, strict=True))
        for parameter, listed in reversed(rows):
            index, place = divmod(index, len(listed))
            values.append((parameter, listed[place]))
        return {parameter.key: value for parameter, value in reversed(values)}


def _distinct(values: list[Any]) -> list[Any]:
    """W&B's grid tries a value that is listed twice once."""
    return list({json.dumps(value, sort_keys=True): value for value in values}.values())
