"""Small masks for the tests of their readers, and what they look at."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

Read = Callable[..., dict[str, Any]]


def mask(*values: int, dtype: Any = np.uint8) -> Any:
    """A mask of 6 x 8 with these values in columns."""
    return np.resize(np.array(values, dtype), (6, 8))


def classes(images: Any, index: int = 0) -> list[list[int]]:
    """The class numbers of a mask as the readers open it."""
    return np.asarray(images.open_mask(index)).tolist()


def said(images: dict[str, Any]) -> str:
    return "\n".join(line for found in images.values() for line in found.notes.lines())


def stems(images: dict[str, Any]) -> dict[str, list[str]]:
    return {split: [Path(name).stem for name in found.names] for split, found in images.items()}
