"""The names that others gave to weights become the module's: what stands before them is exchanged.

Template's file: updates replace it. ``module.`` of DataParallel, ``model.`` of a LightningModule,
``backbone.`` of a larger network: whatever it is, the pair of beginnings counts, of the file's
names and of the module's, that lets the most weights fit by name and shape.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from ..errors import UserError

if TYPE_CHECKING:
    from torch import Tensor

# Words that wrappers put in, wherever in a name: torch.compile, FSDP, activation checkpointing.
WRAPPERS = ("_orig_mod.", "_fsdp_wrapped_module.", "_checkpoint_wrapped_module.")
# What people call a whole network, or the part of one that is taken elsewhere.
USUAL = {
    "module", "model", "net", "network", "backbone", "encoder", "student", "teacher", "ema",
    "ema_model", "model_ema", "online", "target", "trunk", "base_model",
}  # fmt: skip
DEPTH = 3  # words that may stand before the names, on either side

Change = tuple[str, str]  # the beginning in the file, and the one in the module


def named_as(
    present: "Mapping[str, Tensor]", weights: "Mapping[str, Tensor]", name: str
) -> "tuple[dict[str, Tensor], str]":
    """The weights by the module's names, and in words what was done to theirs; empty for nothing.

    Raises:
        UserError: Several parts of the file fit equally well.
    """
    weights = {_unwrapped(key): value for key, value in weights.items()}
    old, new = _best_change(present, weights, name)
    if not old and not new:
        return dict(weights), ""
    renamed = {
        f"{new}{key.removeprefix(old)}": value
        for key, value in weights.items()
        if key.startswith(old)
    }
    others = {key: value for key, value in weights.items() if not key.startswith(old)}
    said = f"{old}* there is {new}* here" if new else f"without {old} before their names"
    return {**others, **renamed}, said


def fits(there: "Tensor", here: "Tensor") -> bool:
    """Whether a tensor can take another's place: of one shape, and a number of the same kind."""
    return (
        there.shape == here.shape
        and there.is_floating_point() == here.is_floating_point()
        and there.is_complex() == here.is_complex()
    )


def _best_change(
    present: "Mapping[str, Tensor]", weights: "Mapping[str, Tensor]", name: str
) -> Change:
    votes = Counter(_votes(present, weights))
    allowed = {
        change: count
        for change, count in votes.items()
        if _is_meant(change, count, present, weights)
    }
    if not allowed:
        return "", ""
    most = max(allowed.values())
    if allowed.get(("", "")) == most:
        return "", ""
    best = [change for change, count in allowed.items() if count == most]
    shortest = min(len(old.split(".")) + len(new.split(".")) for old, new in best)
    best = [
        (old, new) for old, new in best if len(old.split(".")) + len(new.split(".")) == shortest
    ]
    beginnings = list(dict.fromkeys(old for old, _ in best))
    if len(beginnings) > 1:
        names = ", ".join(old.rstrip(".") or "(nothing)" for old in beginnings[:8])
        raise UserError(
            f"{name} has several parts that fit this model equally well, whose names begin with "
            f"{names}: say which, such as {name}:{beginnings[0].rstrip('.')}"
        )
    return best[0]  # of two equal parts of the module the first


def _votes(present: "Mapping[str, Tensor]", weights: "Mapping[str, Tensor]") -> Iterator[Change]:
    """For each weight that would fit a name here, the change of beginnings that it would take."""
    endings: dict[str, list[tuple[str, str]]] = {}
    for name in present:
        for beginning, ending in _cuts(name):
            endings.setdefault(ending, []).append((beginning, name))
    for name, value in weights.items():
        for old, ending in _cuts(name):
            for new, here in endings.get(ending, ()):
                if fits(value, present[here]):
                    yield old, new


def _cuts(name: str) -> Iterator[tuple[str, str]]:
    """A name as a beginning of no to three words, and the rest."""
    words = name.split(".")
    for count in range(min(DEPTH, len(words) - 1) + 1):
        yield "".join(f"{word}." for word in words[:count]), ".".join(words[count:])


def _is_meant(
    change: Change, count: int, present: "Mapping[str, Tensor]", weights: "Mapping[str, Tensor]"
) -> bool:
    """Whether a change is of the whole network's names, and not of a layer's that looks alike."""
    old, new = change
    of_part = sum(key.startswith(old) for key in weights)
    is_whole = 2 * of_part >= len(weights) and 2 * count >= of_part
    if not (is_whole or _is_usual(old)):
        return False
    here = sum(key.startswith(new) for key in present)
    return _is_usual(new) or 2 * here >= len(present) or 2 * count >= len(weights)


def _is_usual(beginning: str) -> bool:
    return all(word in USUAL for word in beginning.split(".") if word)


def _unwrapped(name: str) -> str:
    for word in WRAPPERS:
        name = name.replace(word, "")
    return name
