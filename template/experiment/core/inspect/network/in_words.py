"""What was seen as lines for the terminal.

Template's file: updates replace it.
"""

from collections.abc import Iterator

from ...files import writable
from ..report.seriousness import NAMES, in_numbers
from .look import NetworkLook
from .memory import Memory, counted, in_units
from .node import shown
from .parameters import Parameters
from .table import lines

LINES = 30  # findings; the page has all
SHARED = 3  # names of shared parameters


def in_words(found: NetworkLook) -> Iterator[str]:
    """The batch, the table, totals, and the findings, the most serious first."""
    for words, text in _lines(found):
        yield f"{words:10} {writable(text)}".rstrip()


def _lines(found: NetworkLook) -> Iterator[tuple[str, str]]:
    batch = ", ".join(f"{name} {shown(shape)} {kind}".strip() for name, shape, kind in found.batch)
    yield "batch", f"{batch or 'no tensors'}, on {found.device}"
    for line in lines(found.root):
        yield "", line
    yield "parameters", parameters_in_words(found.parameters)
    for line in facts_of(found):
        name, _, text = line.partition(": ")
        yield name, text
    for finding in found.findings[:LINES]:
        yield NAMES[finding.seriousness].lower(), finding.text
        yield "", finding.advice
    if len(found.findings) > LINES:
        yield "", f"and {len(found.findings) - LINES:,} more, which the page has"
    for line in found.skipped:
        yield "skipped", line
    if found.profiled:
        yield "time", found.profiled.verdict
        for one in found.profiled.operators:
            line = f" ({one.line})" if one.line else ""
            where = f"in {one.module or 'the step itself'}{line}"
            yield "", f"{one.share:6.1%} {one.milliseconds:9.2f} ms a step  {one.name} {where}"
    if found.failure:
        yield "failed", found.failure.sentence
    yield "found", verdict(found)


def verdict(found: NetworkLook) -> str:
    """How many findings of which kind, and how long looking took."""
    words = in_numbers(finding.seriousness for finding in found.findings)
    if found.failure:
        return f"the step failed; looked up to there in {found.seconds:.1f} s"
    return f"{words}; looked at one training step in {found.seconds:.1f} s"


def parameters_in_words(parameters: Parameters) -> str:
    """How many, how many learn, and which are one."""
    words = f"{parameters.total:,}"
    words += f", of which {parameters.frozen:,} are frozen" if parameters.frozen else ", all learn"
    shared = [f"{first} is {', '.join(others)}" for first, others in parameters.shared[:SHARED]]
    if more := len(parameters.shared) - SHARED:
        shared += [f"{more:,} more"] if more > 0 else []
    words += f"; shared, counted once: {'; '.join(shared)}" if shared else ""
    never = parameters.never_called
    if never:
        words += f"; not called in the step: {', '.join(never[:SHARED])}"
        words += f" and {len(never) - SHARED:,} more" if len(never) > SHARED else ""
    return words


def facts_of(found: NetworkLook) -> Iterator[str]:
    """What it costs, ``name: text`` a line."""
    memory = found.memory
    of = f" of {memory.examples:,} examples" if memory.examples else ""
    if not found.failure:  # what did not end has no cost
        yield _operations(found, of)
        yield _taken(memory, of)
    if memory.checkpoint:
        yield f"checkpoint: {in_units(memory.checkpoint)}"
    if not found.failure and (line := what_fits(memory)):
        yield f"fits: {line}"
    if found.loss is not None:
        yield f"loss: {found.loss:.4g}, of the first step"
    if found.held:
        agree = sum(held.agrees for held in found.held)
        yield f"shapes: {agree:,} of {len(found.held):,} entries of Shape: sections agree"
    if found.left_out:
        yield f"graph: without the last {found.left_out:,} calls, for which it has no room"


def _operations(found: NetworkLook, of: str) -> str:
    forward, step = counted(found.flops_forward), counted(found.flops_step)
    unknown = f", without {', '.join(found.unknown_flops)}" if found.unknown_flops else ""
    return (
        f"operations: {forward}FLOP a forward pass{of}, {counted(found.flops_forward / 2)} "
        f"multiply-adds; {step}FLOP a training step{unknown} (products and convolutions)"
    )


def _taken(memory: Memory, of: str) -> str:
    gpu = f"; at most {in_units(memory.peak)} on the GPU" if memory.peak else ""
    return (
        f"memory: weights {in_units(memory.weights)}, gradients {in_units(memory.gradients)}, "
        f"optimizer {in_units(memory.optimizer)}, "
        f"activations {in_units(memory.activations)}{of}{gpu}"
    )


def what_fits(memory: Memory) -> str:
    """The batch that fits, and how that is known."""
    if memory.fits is None:
        return ""
    if memory.is_measured:
        return f"a batch of {memory.fits:,} examples, the largest power of two, as measured"
    return (
        f"a batch of about {memory.fits:,} examples in the {in_units(memory.free)} that are free: "
        "an estimate from what one example takes (tune --batch-size tries)"
    )
