"""Where the time of a step goes: the slowest operators with their modules, and what the data costs.

Template's file: updates replace it. Free of torch.
"""

from dataclasses import dataclass, field

CLEARLY = 1.2  # times as long: then one of them is what everything waits for


@dataclass
class Operator:
    """One kind of operator in one module.

    Args:
        name: Such as ``convolution``, or ``convolution_backward``.
        module: Whose, by its path; empty: the step's own.
        line: That made the module.
        milliseconds: Of a step.
        calls: In a step.
        share: Of all operators.
    """

    name: str
    module: str
    line: str
    milliseconds: float
    calls: float
    share: float


@dataclass
class Profiled:
    """Of a few steps.

    Args:
        steps: How many.
        step: Milliseconds of one, without its data.
        data: Milliseconds until a loader gives a batch, if nobody else keeps it waiting.
        workers: Processes that load.
        operators: The slowest first.
    """

    steps: int
    step: float
    data: float
    workers: int
    operators: list[Operator] = field(default_factory=list)

    @property
    def verdict(self) -> str:
        """Which of both everything waits for, and by how much."""
        each = f"a batch takes {self.data:.1f} ms to load, a step {self.step:.1f} ms"
        # Without workers nothing is loaded while a step is under way: both add up.
        alone = "" if self.workers else "; without workers both add up (data.num_workers)"
        if self.data > CLEARLY * self.step:
            times = self.data / max(self.step, 1e-9)
            return f"data-bound: {each}, {times:.1f} times as long as the step{alone}"
        if self.step > CLEARLY * self.data:
            times = self.step / max(self.data, 1e-9)
            return f"compute-bound: {each}; data comes {times:.1f} times as fast{alone}"
        return f"balanced: {each}{alone}"
