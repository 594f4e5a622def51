"""What a training step takes of memory, and how large a batch would fit.

Template's file: updates replace it.
"""

from dataclasses import dataclass

import psutil
import torch

from .parameters import Parameters
from .step import StepWitness

SPARE = 0.9  # of what is free; the rest is for what nobody has counted


@dataclass
class Memory:
    """In bytes.

    Args:
        weights: All parameters and buffers.
        gradients: Of those that learn.
        optimizer: What it keeps for them after its first step.
        activations: What the forward pass keeps for the backward pass, each storage once.
        examples: In the batch that this was seen with; 0: nobody knows.
        peak: The most that was taken on a GPU, as measured; 0: there is none.
        free: Of the device, before the network came.
        fits: So many examples; None: nobody can say.
        is_measured: Whether such a batch was tried; else it is an estimate.
        checkpoint: A file with all that is saved.
    """

    weights: int = 0
    gradients: int = 0
    optimizer: int = 0
    activations: int = 0
    examples: int = 0
    peak: int = 0
    free: int = 0
    fits: int | None = None
    is_measured: bool = False
    checkpoint: int = 0

    @property
    def fixed(self) -> int:
        """What is there whatever the batch."""
        return self.weights + self.gradients + self.optimizer


def measure(
    witness: StepWitness, parameters: Parameters, buffers: int, examples: int, device: str
) -> Memory:
    """After a step; the batch that fits is an estimate."""
    found = Memory(
        parameters.bytes + buffers,
        parameters.learning_bytes,
        witness.optimizer_bytes,
        witness.activations.most if witness.trace else 0,
        examples,
        witness.peak,
    )
    if device.startswith("cuda"):
        found.free = torch.cuda.mem_get_info()[1]
    else:
        found.free = psutil.virtual_memory().available
    of_batch = sum(tensor.nbytes for _, tensor in witness.batch)
    each = (max(found.peak - found.fixed, found.activations) + of_batch) / max(examples, 1)
    room = SPARE * found.free - found.fixed
    if examples and each and found.activations:
        found.fits = max(0, int(room / each))
    return found


def in_units(size: float) -> str:
    """``12.3 MiB``."""
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if size < 1024 or unit == "GiB":
            break
        size /= 1024
    return f"{size:,.0f} {unit}" if unit == "bytes" else f"{size:,.1f} {unit}"


def counted(number: float) -> str:
    """``12.3 M``."""
    for unit in ("", " k", " M", " G", " T"):
        if abs(number) < 1000 or unit == " T":
            break
        number /= 1000
    return f"{number:,.0f}" if not unit else f"{number:,.3g}{unit}"
