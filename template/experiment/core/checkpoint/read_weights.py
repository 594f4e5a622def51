"""Files of weights, as people publish them, become names with tensors; none of their code runs.

Template's file: updates replace it. What a file is, and which files a path stands for:
weights_file.py. How the names of others become the module's: weight_names.py.
"""

import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from torch import Tensor

from ..errors import UserError
from .weights_file import LEGACY, NPZ, SAFETENSORS, SAVE_AGAIN, TORCH, form_of

Weights = dict[str, Tensor]
# What people call the weights among the other things of a checkpoint.
USUAL = {
    "model", "state_dict", "model_state_dict", "model_state", "module", "net", "network", "weights",
    "params", "parameters", "ema", "model_ema", "ema_model", "state_dict_ema", "ema_state_dict",
    "params_ema", "teacher", "student", "encoder", "backbone", "generator", "discriminator",
}  # fmt: skip
# A checkpoint of Lightning's says so; its weights have one place.
LIGHTNING = "pytorch-lightning_version"
REFUSED = re.compile(r"GLOBAL ([\w.]+) was not an allowed global")  # in what torch says
DEPTH = 3  # mappings in mappings that are looked through


def read_weights(files: list[Path], name: str, key: str | None = None) -> Weights:
    """The tensors of a file, or of all its shards, by name.

    Args:
        files: The file, or the shards.
        name: What they are called in messages.
        key: Which of several sets of weights is meant, or how the names of the wanted ones begin.

    Raises:
        UserError: There are none, or several sets; a file cannot be read without running it.
    """
    contents = [_read(file, name) for file in files]
    if len(contents) == 1:
        return _one_set(contents[0], name, key)
    shards = [_one_set(content, name, None) for content in contents]
    return _one_set({k: value for shard in shards for k, value in shard.items()}, name, key)


# --- formats -------------------------------------------------------------------------------------


def _read(file: Path, name: str) -> Any:
    form = form_of(file)
    if form == SAFETENSORS:
        return _read_safetensors(file, name)
    return _read_npz(file, name) if form == NPZ else _load(file, name, form)


def _read_safetensors(file: Path, name: str) -> Weights:
    from safetensors import SafetensorError  # pyright: ignore[reportMissingImports]
    from safetensors.torch import load_file  # pyright: ignore[reportMissingImports]

    try:
        return load_file(file)
    except (SafetensorError, OSError, ValueError) as error:
        raise UserError(f"{name} is damaged ({error}): copy or download it again") from None


def _read_npz(file: Path, name: str) -> Weights:
    import numpy as np

    try:
        with np.load(file, allow_pickle=False) as arrays:
            return {key: torch.from_numpy(arrays[key]) for key in arrays.files}
    except (ValueError, TypeError, OSError) as error:
        raise UserError(f"{name}: an array cannot be read as numbers: {error}") from None


def _load(file: Path, name: str, form: str) -> Any:
    """What torch.save wrote; classes that are not torch's become empty shells."""
    shells: dict[str, type] = {}
    if form == TORCH:
        unsafe = torch.serialization.get_unsafe_globals_in_checkpoint(str(file))
        shells = {each: _shell(each) for each in unsafe}
    while True:
        try:
            return _load_with(shells, file)
        except UnpicklingError as error:
            refused = REFUSED.search(str(error))
            if form == TORCH or refused is None or refused[1] in shells:
                raise _unreadable(name, form, refused[0] if refused else "") from None
            shells[refused[1]] = _shell(refused[1])  # an old file tells its names one by one
        except (RuntimeError, EOFError, OSError, LookupError, TypeError, ValueError) as error:
            reason = (str(error).strip().splitlines() or [""])[0][:160]
            raise _unreadable(name, form, reason or type(error).__name__) from None


def _load_with(shells: dict[str, type], file: Path) -> Any:
    known: Any = [(shell, each) for each, shell in shells.items()]
    with torch.serialization.safe_globals(known), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of pickles that torch did not write
        return torch.load(file, map_location="cpu", weights_only=True)


def _unreadable(name: str, form: str, reason: str) -> UserError:
    if form == LEGACY and (not reason or "magic number" in reason):
        return UserError(
            f"{name} is a pickle of something else than torch.save; in the program that it is of: "
            f"{SAVE_AGAIN}"
        )
    return UserError(
        f"{name} cannot be read without running code of it ({reason or 'its pickle is unusual'}); "
        f"in the program that it is of: {SAVE_AGAIN}"
    )


class Shell:
    """In the place of an object whose class is not torch's, such as options of a command line."""

    def __init__(self, *_: Any, **__: Any) -> None: ...

    def __setstate__(self, state: Any) -> None: ...


def _shell(name: str) -> type:
    """An empty class in the place of a name that torch does not take: nothing of it can run."""
    return type(name.rpartition(".")[2], (Shell,), {})


# --- which of a file's contents ------------------------------------------------------------------


def _one_set(content: Any, name: str, key: str | None) -> Weights:
    """The one set of weights in what a file holds, or the one that is meant."""
    sets = _sets_of(content)
    meant = {k: found for k, found in sets.items() if f"{k}.".startswith(f"{key}.")}
    if not meant:
        meant = _most_likely(content, sets)
        if key is not None and meant:
            meant = {k: part for k, found in meant.items() if (part := _headed(key, found))}
            if not meant:
                raise UserError(f"{name} has no {key}; it has {', '.join(_heads(sets)[:8])}")
    if len(meant) == 1:
        return next(iter(meant.values()))
    if not meant:
        raise _no_weights(content, name)
    raise UserError(
        f"{name} has several sets of weights, {', '.join(meant)}: say which, such as "
        f"{name}:{next(iter(meant))}"
    )


def _most_likely(content: Any, sets: dict[str, Weights]) -> dict[str, Weights]:
    """What is taken where nobody says: Lightning's own place, the file itself, usual words."""
    if isinstance(content, Mapping) and LIGHTNING in content:
        return {k: found for k, found in sets.items() if k == "state_dict"}
    if "" in sets:
        return sets
    return {k: found for k, found in sets.items() if USUAL.intersection(k.split("."))} or sets


def _heads(sets: dict[str, Weights]) -> list[str]:
    """The words that can be named: of the sets, and those that the names in a single one begin."""
    if len(sets) > 1:
        return list(sets)
    return list(dict.fromkeys(k.partition(".")[0] for found in sets.values() for k in found))


def _no_weights(content: Any, name: str) -> UserError:
    parts = content.values() if isinstance(content, Mapping) else [content]
    if shell := next((part for part in parts if isinstance(part, Shell)), None):
        return UserError(
            f"{name} holds a whole object, a {type(shell).__name__}, whose code would have to run "
            f"to read it; in the program that it is of: {SAVE_AGAIN}"
        )
    holds = ", ".join(map(str, content)) if isinstance(content, Mapping) else ""
    what = holds[:160] or f"a {type(content).__name__}"
    return UserError(f"{name} has no weights by name: it holds {what}")


def _sets_of(content: Any) -> dict[str, Weights]:
    """Each mapping from names to tensors in a mapping, by its dotted place in it."""
    found: dict[str, Weights] = {}

    def look(value: Any, place: tuple[str, ...]) -> None:
        if not isinstance(value, Mapping) or not all(isinstance(name, str) for name in value):
            return  # an optimizer's state goes by numbers
        tensors = {k: v for k, v in value.items() if isinstance(v, Tensor)}
        inner = [k for k, v in value.items() if isinstance(v, Mapping)]
        if any(tensor.dim() for tensor in tensors.values()) and not (inner and not _names(tensors)):
            found[".".join(place)] = tensors
        elif len(place) < DEPTH:
            for name in inner:
                look(value[name], (*place, name))

    look(content, ())
    return found


def _names(tensors: Mapping[str, Tensor]) -> bool:
    """Whether these look like a network's: names of parts, not single tensors beside others."""
    return any("." in name for name in tensors)


def _headed(key: str, weights: Weights) -> Weights:
    return {k.removeprefix(f"{key}."): v for k, v in weights.items() if k.startswith(f"{key}.")}
