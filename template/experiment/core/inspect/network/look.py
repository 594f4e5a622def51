"""What was seen of a network: the description that words, the page and ``--json`` are made from.

Template's file: updates replace it.
"""

from dataclasses import dataclass, field

from ..report.seriousness import Seriousness
from .documented import Held
from .failure import Met
from .memory import Memory
from .node import Node, Shape
from .parameters import Parameters
from .profiled import Profiled


@dataclass(frozen=True)
class Finding:
    """Something that a detector saw.

    Args:
        detector: The name of its file, such as ``no_gradient``.
        seriousness: How much it matters.
        text: What was found and where, in a sentence.
        advice: What to do about it, in a sentence.
        lines: The project's lines that it is about, the most telling first.
        nodes: The numbers of the nodes that it is about.
    """

    detector: str
    seriousness: Seriousness
    text: str
    advice: str
    lines: tuple[str, ...] = ()
    nodes: tuple[int, ...] = ()


@dataclass
class Failure:
    """A step that failed.

    Args:
        error: Its kind and its first line.
        line: The project's; empty: nobody knows.
        met: What came together there; None: it did not fail within a network.
    """

    error: str
    line: str
    met: Met | None = None

    @property
    def sentence(self) -> str:
        place = f"{self.line}: " if self.line else ""
        return f"{place}{self.error}" + (f"; {self.met.sentence}" if self.met else "")


@dataclass
class NetworkLook:
    """All that was seen.

    Args:
        kind: The class of the LightningModule.
        root: The step, with all that it called.
        batch: Name, shape and type of each tensor of the batch.
        device: Where it ran.
        parameters: How many there are.
        memory: What a step takes.
        flops_forward: Of the first forward pass.
        flops_step: Of the step with its backward passes.
        unknown_flops: Operators that cost, and nobody knows how much.
        loss: What the step returned.
        held: ``Shape:`` sections beside what came.
        failure: Of a step that failed.
        findings: The most serious first.
        skipped: A line for each thing that was not looked at: why.
        left_out: Calls that the graph has no room for.
        seconds: That looking took.
        profiled: Where the time goes; None: it was not asked for.
    """

    kind: str
    root: Node
    batch: list[tuple[str, Shape, str]] = field(default_factory=list)
    device: str = "cpu"
    parameters: Parameters = field(default_factory=Parameters)
    memory: Memory = field(default_factory=Memory)
    flops_forward: int = 0
    flops_step: int = 0
    unknown_flops: list[str] = field(default_factory=list)
    loss: float | None = None
    held: list[Held] = field(default_factory=list)
    failure: Failure | None = None
    findings: list[Finding] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    left_out: int = 0
    seconds: float = 0.0
    profiled: Profiled | None = None
