"""Sounds become files: 16 bits, as every player and browser takes them.

Template's file: updates replace it.
"""

import warnings
import wave
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Int16
from torch import Tensor

Wave = Int16[np.ndarray, "samples channels"]
FULL = 32767  # of 16 bits
MOST_CHANNELS = 16


def several_sounds(sounds: Any) -> list[Any]:
    """A single sound, or a batch of them, as a list."""
    if isinstance(sounds, Tensor | np.ndarray) and sounds.ndim == 1:
        return [sounds]
    return list(sounds)


def to_wave(sound: Any, name: str) -> Wave:
    """A sound in 16 bits; what is louder than loud is cut, with a warning.

    Args:
        sound: ``(samples,)`` or ``(channels, samples)``: floats from -1 to 1, or 16-bit integers.
        name: What it is called in messages.

    Raises:
        TypeError: It is no sound.
    """
    values = torch.as_tensor(sound).detach().cpu()
    values = values[None] if values.dim() == 1 else values
    is_sound = values.dim() == 2 and values.numel() and len(values) <= MOST_CHANNELS
    if not is_sound or not (values.is_floating_point() or values.dtype == torch.int16):
        raise TypeError(
            f"{name}: {tuple(values.shape)} of {values.dtype} is no sound: it has (samples,) or "
            "(channels, samples), of floats from -1 to 1 or of 16-bit integers"
        )
    if values.is_floating_point():
        loudest = values.abs().max().item()
        if not loudest <= 1.01:  # NaN is not
            warnings.warn(
                f"{name}: a sound reaches {loudest:.3g}: what is beyond 1 is cut", stacklevel=2
            )
        values = (values.float().nan_to_num().clamp(-1, 1) * FULL).round().to(torch.int16)
    return np.ascontiguousarray(values.numpy().T)


def write_wave(file: Path, sound: Wave, rate: int) -> None:
    """Write a WAV file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(file), "wb") as stream:
        stream.setnchannels(sound.shape[1])
        stream.setsampwidth(2)
        stream.setframerate(rate)
        stream.writeframes(sound.astype("<i2").tobytes())
