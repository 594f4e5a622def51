"""Samples and batches, of whatever they consist: by the rules of torch's ``default_collate``.

Template's file: updates replace it. To make a batch otherwise, override ``DataModule.collate`` in
data.py.

A sample may be a NamedTuple, a tuple or a dict of tensors, arrays, numbers and texts, or one of
these. In a batch each tensor has one axis more, the first; numbers have become a tensor, texts a
list.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torch import Tensor
from torch.utils.data._utils.collate import collate, default_collate_fn_map
from torchvision import tv_tensors

from ..errors import UserError, first_line


def like(tensor: Tensor, field: Tensor) -> Tensor:
    """``tensor`` as an image if ``field`` is one, as boxes with the same canvas, and so on.

    ``tv_tensors.wrap`` does it, too, but refuses boxes with an axis for the batch.
    """
    if not isinstance(field, tv_tensors.TVTensor):
        return tensor
    result = tensor.as_subclass(type(field))
    vars(result).update(vars(field))
    return result


def stack(samples: Sequence[Any]) -> Any:
    """Samples as one batch.

    Raises:
        UserError: They differ in shape, or hold what cannot be stacked.
    """
    try:
        if isinstance(samples[0], Mapping) and any(s.keys() != samples[0].keys() for s in samples):
            raise KeyError("keys")  # collate would leave out what the first one does not have
        return collate(list(samples), collate_fn_map=_COLLATE)
    except (TypeError, RuntimeError, KeyError) as error:
        reason = _difference(samples) or first_line(error)
        raise UserError(
            f"data.py: samples do not make a batch: {reason}; give them one form, in transforms() "
            "say, or override collate()"
        ) from error


def unstack(batch: Any) -> list[Any]:
    """The samples of a batch: of a list, as of a tensor, each entry is of one sample."""
    if isinstance(batch, Tensor):
        return [like(row, batch) for row in batch.as_subclass(Tensor).unbind()]
    if isinstance(batch, (tuple, Mapping)):
        columns = [unstack(field) for field in fields_of(batch)]
        return [with_fields(batch, row) for row in zip(*columns, strict=True)]
    return list(batch)


def fields_of(batch: Any) -> list[Any]:
    """What a sample or batch consists of, in order."""
    if isinstance(batch, Mapping):
        return list(batch.values())
    return list(batch) if isinstance(batch, (tuple, list)) else [batch]


def with_fields(batch: Any, fields: Sequence[Any]) -> Any:
    """The same kind of sample or batch, of other fields."""
    if isinstance(batch, Mapping):
        return dict(zip(batch, fields, strict=True))
    if isinstance(batch, tuple) and hasattr(batch, "_fields"):
        return type(batch)(*fields)
    if isinstance(batch, (tuple, list)):
        return type(batch)(fields)
    return fields[0]


def plain(batch: Any) -> Any:
    """Past the transforms a tensor need not know that it is an image, and is faster without."""
    if isinstance(batch, tv_tensors.TVTensor):
        return batch.as_subclass(Tensor)
    if isinstance(batch, (tuple, list, Mapping)):
        return with_fields(batch, [plain(field) for field in fields_of(batch)])
    return batch


def _stack_images(fields: Sequence[Tensor], *, collate_fn_map: Any = None) -> Tensor:
    stacked = _COLLATE[Tensor]([field.as_subclass(Tensor) for field in fields])
    return like(stacked, fields[0])


# The first that fits counts: an image is a tensor, too.
_COLLATE: dict[Any, Callable[..., Any]] = {
    tv_tensors.TVTensor: _stack_images,
    **default_collate_fn_map,
}


def _difference(samples: Sequence[Any], name: str = "a sample") -> str:
    """In which field they differ, and how; empty where it is something else."""
    first = samples[0]
    if any(type(sample) is not type(first) for sample in samples):
        kinds = sorted({type(sample).__name__ for sample in samples})
        return f"{name} is {' or '.join(kinds)}"
    if isinstance(first, Tensor) or hasattr(first, "shape"):
        shapes = sorted({tuple(sample.shape) for sample in samples})
        return f"{name} has shapes such as {shapes[0]} and {shapes[-1]}" if shapes[1:] else ""
    if isinstance(first, Mapping):
        missing = {str(key) for sample in samples for key in sample.keys() ^ first.keys()}
        if missing:
            return f"{name} has not always {', '.join(sorted(missing)[:3])}"
    if isinstance(first, (tuple, list, Mapping)):
        lengths = sorted({len(sample) for sample in samples})
        if lengths[1:]:
            return f"{name} has {lengths[0]} or {lengths[-1]} entries"
        keys = list(first) if isinstance(first, Mapping) else getattr(first, "_fields", None)
        columns = zip(*(fields_of(sample) for sample in samples), strict=True)
        for number, column in enumerate(columns):
            if found := _difference(column, f"field {keys[number] if keys else number}"):
                return found
        return ""
    known = (int, float, str, bytes, bool)
    return "" if isinstance(first, known) else f"{name} is a {type(first).__name__}"
