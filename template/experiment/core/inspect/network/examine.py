"""From a step that was watched to all that is known of a network.

Template's file: updates replace it.
"""

import time
from traceback import walk_tb

import pytorch_lightning as pl

from ...errors import in_a_line
from .detectors.registry import DETECTORS
from .evidence import Evidence
from .failure import what_met
from .look import Failure, NetworkLook
from .memory import measure
from .node import Node
from .parameters import count, count_by_module, never_called
from .source_lines import is_own, line_of
from .step import StepWitness


def describe(
    module: pl.LightningModule, witness: StepWitness, error: Exception | None = None
) -> NetworkLook:
    """What the step showed, before anything is looked for.

    Args:
        module: Whose step it was.
        witness: Saw it.
        error: What it failed with.
    """
    trace = witness.trace
    root = trace.root if trace else Node(-1, "", type(module).__name__)
    found = NetworkLook(type(module).__name__, root, device=str(module.device))
    found.batch = [
        (name, tuple(tensor.shape), str(tensor.dtype).removeprefix("torch."))
        for name, tensor in witness.batch
    ]
    found.failure = failure_of(error) if error is not None else None
    found.parameters = count(module)
    found.loss = witness.loss
    if trace:
        count_by_module(trace)
        _take_out_what_leads_nowhere(root)
        found.parameters.never_called = never_called(module, trace)
        found.flops_step = witness.flops.total
        found.flops_forward = witness.forward_flops or found.flops_step
        found.unknown_flops = sorted(witness.flops.unknown)
        found.held = witness.documented.found
        found.left_out = trace.left_out
    buffers = sum(buffer.nbytes for buffer in module.buffers())
    found.memory = measure(witness, found.parameters, buffers, examples_of(witness), found.device)
    return found


def examine(found: NetworkLook, evidence: Evidence, strict: bool = False) -> None:
    """Look for what is wrong.

    Args:
        found: Gets the findings.
        evidence: What is looked at.
        strict: Whether a detector that fails is an error; for tests.
    """
    started = time.perf_counter()
    for detector in DETECTORS:
        if found.failure and not detector.always:
            continue
        try:
            found.findings.extend(detector.find(evidence))
        except Exception as error:
            if strict:
                raise
            found.skipped.append(f"{detector.name} failed: {in_a_line(error)}")
    found.findings.sort(key=lambda finding: -finding.seriousness)
    found.skipped.extend(evidence.skipped)
    found.seconds += time.perf_counter() - started


def failure_of(error: BaseException) -> Failure:
    """What a step failed with, and where."""
    frames = [(frame.f_code.co_filename, line) for frame, line in walk_tb(error.__traceback__)]
    own = [line_of(file, line) for file, line in frames if is_own(file)]
    return Failure(in_a_line(error), own[-1] if own else "", what_met(error))


def examples_of(witness: StepWitness) -> int:
    """How many examples the batch has: what most of its tensors begin with."""
    lengths = [tensor.shape[0] for _, tensor in witness.batch if tensor.ndim]
    return max(set(lengths), key=lengths.count) if lengths else 0


def _take_out_what_leads_nowhere(root: Node) -> None:
    """The step's own operations of which nothing that is learned from is made, such as metrics."""
    used = {source for node in root.walk() for source in node.sources if node.is_module}
    kept: set[int] = set()
    last = max((place for place, node in enumerate(root.inside) if node.is_module), default=-1)
    for place, node in enumerate(root.inside):
        leads = any(source in kept or source in used for source in node.sources)
        if node.is_module or node.failed or place < last or leads:
            kept.add(node.number)
    root.inside = [node for node in root.inside if node.number in kept]
