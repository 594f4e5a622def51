"""What is measured of an example that is neither an image nor a text: the numbers that are in it.

Template's file: updates replace it.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

TENSOR_NUMBERS = (
    "numbers",  # how many there are in all fields
    "least value",
    "mean",
    "deviation",
    "greatest value",
)


def tensor_look(parts: list[tuple[str, Any]]) -> dict[str, Any]:
    """The fields of a ``Look`` at the fields of an example, by their names."""
    found = dict(_arrays(parts))
    if not found:
        return {"numbers": (np.nan,) * len(TENSOR_NUMBERS)}
    values = np.concatenate([array.ravel().astype(np.float64) for array in found.values()])
    known = values[np.isfinite(values)]
    measured = (
        (known.min(), known.mean(), known.std(), known.max()) if len(known) else (np.nan,) * 4
    )
    shapes = [
        f"{name} {'x'.join(map(str, array.shape)) or '1'} of {array.dtype}"
        for name, array in found.items()
    ]
    return {"numbers": (len(values), *map(float, measured)), "words": (", ".join(shapes),)}


def _arrays(parts: list[tuple[str, Any]]) -> Iterator[tuple[str, NDArray[Any]]]:
    """The fields that are numbers."""
    for name, part in parts:
        array = np.asarray(part.detach().cpu()) if isinstance(part, Tensor) else part
        if isinstance(array, (float, int, np.generic)):
            array = np.asarray(array)
        if isinstance(array, np.ndarray) and array.dtype.kind in "fiub" and array.size:
            yield name, array
