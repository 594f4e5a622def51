"""Whether two batches, or two outputs, are the same.

Template's file: updates replace it.
"""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

import numpy as np
import torch


def equal(one: Any, other: Any) -> bool:
    """Whether two batches or outputs hold the same to the last bit; NaN is like NaN."""
    if isinstance(one, Enum) or type(one) is not type(other):
        return type(one) is type(other) and one == other
    if isinstance(one, torch.Tensor):
        if one.is_sparse or one.is_nested:
            one, other = one.to_dense(), other.to_dense()
        if one.shape != other.shape or one.dtype != other.dtype:
            return False
        return bool(((one == other) | ((one != one) & (other != other))).all())
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and np.array_equal(one, other, one.dtype.kind in "fc")
    if isinstance(one, Mapping):
        return one.keys() == other.keys() and all(equal(one[k], other[k]) for k in one)
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(equal, one, other))
    if is_dataclass(one):
        names = [field.name for field in fields(one)]
        return all(equal(getattr(one, name), getattr(other, name)) for name in names)
    if type(one).__eq__ is object.__eq__ and hasattr(one, "__dict__"):
        return equal(vars(one), vars(other))
    return one is other or bool(one == other) or bool(one != one and other != other)
