"""A Hugging Face data set, by its name on the hub or the folder it was saved to.

Template's file: updates replace it. To read a data set of another shape, write a reader in data.py.
"""

from importlib import import_module
from pathlib import Path
from typing import Any

from ..errors import UserError
from ..files import shown, typed_path
from ..spelling import did_you_mean, nearest
from .split_names import Stated, named_splits, stated_splits


def splits_of(
    name: str, root: Path, subset: str | None = None, stated: Stated = None
) -> dict[str, Any]:
    """From our names of splits to the data set's own; downloaded if it is not there yet.

    Args:
        name: As on huggingface.co, or a folder made by ``save_to_disk``.
        root: Where downloads are kept, and where a folder may lie.
        subset: Of a data set that has several, which one.
        stated: ``data.splits``.

    Raises:
        UserError: The package datasets is missing, or there is no such data set.
    """
    try:
        datasets: Any = import_module("datasets")  # an extra: may be missing
    except ImportError:
        raise UserError(
            "data.source: huggingface needs the package datasets: uv sync --extra huggingface"
        ) from None
    folder = next((path for path in (typed_path(name), root / name) if path.is_dir()), None)
    try:
        if folder is not None:
            found = datasets.load_from_disk(str(folder))
        else:
            found = datasets.load_dataset(name, subset, cache_dir=str(root))
    except Exception as error:  # the hub's client has dozens of types for "not found", "no network"
        raise _out_of_reach(name, folder, error) from None
    if not isinstance(found, dict):
        return {"train": found}
    if stated:
        named = stated_splits(stated, found.__contains__, list(found))
    else:
        named = named_splits(found, name)
    if "train" not in named:
        raise UserError(f"data.dataset: {name} has no split train, only {', '.join(found)}")
    return {split: found[word] for split, word in named.items()}


def column_feature(data: Any, name: str, setting: str, column: str) -> Any:
    """What a column holds.

    Raises:
        UserError: There is no such column; ``setting`` is the key that names it.
    """
    columns = list(data.features)
    if column not in columns:
        hint = did_you_mean(nearest(column, columns))
        there = ", ".join(columns)
        raise UserError(f"data.{setting}: {name} has no column {column}, only {there}{hint}")
    return data.features[column]


def _out_of_reach(name: str, folder: Path | None, error: Exception) -> UserError:
    reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    if folder is not None:
        return UserError(
            f"data.dataset: {shown(folder)} was not made by save_to_disk, or is damaged ({reason})"
        )
    return UserError(
        f"data.dataset: {name} is no folder, and cannot be had from huggingface.co ({reason}): "
        "check the name and the network, or name a folder made by save_to_disk"
    )
