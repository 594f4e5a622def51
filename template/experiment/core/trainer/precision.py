"""Which precision a device can compute in.

Template's file: updates replace it. Set ``trainer.precision``.
"""

import torch

from ..config.trainer import TrainerConfig
from ..console import say


def usable_precision(config: TrainerConfig) -> str:
    """``trainer.precision``, or the nearest that the device has, which is then said."""
    wanted = config.precision
    on_cpu = config.accelerator == "cpu" or not torch.accelerator.is_available()
    if wanted == "16-mixed" and on_cpu:
        say("trainer.precision: a CPU does not train in 16-mixed: taking bf16-mixed")
        return "bf16-mixed"
    if wanted == "bf16-mixed" and not on_cpu and _is_old_gpu():
        say("trainer.precision: this GPU has no bfloat16: taking 16-mixed")
        return "16-mixed"
    return wanted


def _is_old_gpu() -> bool:
    # Before Ampere (2020) bfloat16 is emulated, slower than float32.
    return torch.cuda.is_available() and not torch.cuda.is_bf16_supported(including_emulation=False)
