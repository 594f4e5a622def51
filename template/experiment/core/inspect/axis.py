"""The axis of a drawing: from values to places, and the round numbers on it.

Template's file: updates replace it. Free of torch.
"""

import math


class Axis:
    """From values to places on the page.

    Args:
        low: The least value.
        high: The greatest.
        start: Where the least lies.
        end: Where the greatest lies.
        log: Whether the place goes by the logarithm.
    """

    def __init__(
        self, low: float, high: float, start: float, end: float, log: bool = False
    ) -> None:
        self.log, self.start, self.end = log, start, end
        self.low, self.high = low, high if high > low else low + 1.0

    def __call__(self, value: float) -> float:
        low, high, at = self._scale(self.low), self._scale(self.high), self._scale(value)
        return self.start + (at - low) / (high - low) * (self.end - self.start)

    def _scale(self, value: float) -> float:
        return math.log10(value) if self.log else value

    def ticks(self) -> list[float]:
        """Round numbers, about five."""
        if self.log:
            first, last = math.ceil(math.log10(self.low)), math.floor(math.log10(self.high))
            return [10.0**power for power in range(first, last + 1)]
        rough = (self.high - self.low) / 5
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(size * power for size in (1, 2, 5, 10) if size * power >= rough)
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [round(i * step, 12) for i in range(first, last + 1)]
