"""The tensors in whatever a module takes or gives.

Template's file: updates replace it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from torch import Tensor

DEEPEST = 6


def tensors_in(value: Any, depth: int = 0) -> Iterator[Tensor]:
    """Of containers, dataclasses and plain objects, such as torchvision's ``ImageList``."""
    if isinstance(value, Tensor):
        yield value
    elif depth < DEEPEST:
        for part in _parts(value):
            yield from tensors_in(part, depth + 1)


def _parts(value: Any) -> Iterator[Any]:
    inner: Any = getattr(value, "tensors", None)
    if isinstance(value, Mapping):
        yield from value.values()
    elif isinstance(value, list | tuple | set):
        yield from value
    elif is_dataclass(value) and not isinstance(value, type):
        yield from (getattr(value, field.name) for field in fields(value))
    elif isinstance(inner, Tensor):
        yield inner


def named_tensors(value: Any, name: str = "") -> Iterator[tuple[str, Tensor]]:
    """Each with its name: ``image`` of a NamedTuple or a dict, ``0`` of a list."""
    if isinstance(value, Tensor):
        yield name, value
        return
    keys = getattr(value, "_fields", None)
    if keys is not None:
        pairs = list(zip(keys, value, strict=True))
    elif isinstance(value, Mapping):
        pairs = list(value.items())
    elif isinstance(value, list | tuple):
        pairs = list(enumerate(value))
    elif is_dataclass(value) and not isinstance(value, type):
        pairs = [(field.name, getattr(value, field.name)) for field in fields(value)]
    else:
        return
    for key, part in pairs:
        yield from named_tensors(part, f"{name}.{key}" if name else str(key))
