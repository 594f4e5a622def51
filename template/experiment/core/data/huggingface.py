"""A Hugging Face data set, by its name on the hub or a folder.

Template's file: updates replace it. To read a data set of another shape, write a reader in data.py.
"""

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from ..errors import UserError, first_line
from ..files import shown, typed_path
from ..spelling import did_you_mean, nearest
from .folders import files_below
from .notes import Notes
from .split_names import SPLITS, Stated, as_setting, named_splits, stated_splits

# What `save_to_disk` writes at the top of a folder: of several splits, of one.
SAVED = ("dataset_dict.json", "state.json")
# Where `load_dataset` keeps what it downloaded: NAME/SUBSET/VERSION/HASH/dataset_info.json.
CACHED = "*/*/*/dataset_info.json"
POINTER = b"version https://git-lfs.github.com/spec/"
CONVERTED = ".datasets"  # in data.root: what a folder's files became for datasets to read


def splits_of(
    name: str,
    root: Path,
    subset: str | None = None,
    stated: Stated = None,
    notes: Notes | None = None,
) -> dict[str, Any]:
    """From our names of splits to the data set's own; downloaded if it is not there yet.

    Args:
        name: As on huggingface.co, or a folder: one made by ``save_to_disk``, or of whatever
            ``load_dataset`` opens, such as Parquet files, or images in folders.
        root: Where downloads are kept, and where a folder may lie.
        subset: Of a data set that has several, which one.
        stated: ``data.splits``.
        notes: Where splits go that are none of ours.

    Raises:
        UserError: The package datasets is missing, or there is no such data set.
    """
    try:
        datasets: Any = import_module("datasets")  # an extra: may be missing
    except ImportError:
        raise UserError(
            "data.source: huggingface needs the package datasets: uv sync --extra huggingface"
        ) from None
    folder = _own_folder(name, root)
    try:
        if folder is None:
            found = datasets.load_dataset(name, subset, cache_dir=str(root))
        elif _is_saved(folder):
            found = datasets.load_from_disk(str(folder))
        else:
            found = datasets.load_dataset(str(folder), subset, cache_dir=str(root / CONVERTED))
    except Exception as error:  # the hub's client has dozens of types for "not found", "no network"
        raise _out_of_reach(name, folder, error) from None
    if not isinstance(found, dict):
        found = {str(getattr(found, "split", None) or "train"): found}
        stated = stated if stated is not None else dict.fromkeys(["train"], next(iter(found)))
    return _chosen(found, name, stated, notes or Notes())


def _own_folder(name: str, root: Path) -> Path | None:
    """The folder that is meant; None if there is none but what was downloaded from the hub."""
    for folder in (typed_path(name), root / name):
        if folder.is_dir() and (_is_saved(folder) or not any(folder.glob(CACHED))):
            return folder
    return None


def _is_saved(folder: Path) -> bool:
    return any((folder / file).is_file() for file in SAVED)


def _chosen(found: Mapping[str, Any], name: str, stated: Stated, notes: Notes) -> dict[str, Any]:
    """The splits that are ours, by our names."""
    if stated:
        named = stated_splits(stated, found.__contains__, list(found))
    elif stated is None:
        named = named_splits(found, name)
    elif len(found) == 1:
        named = {"train": next(iter(found))}
    else:
        first = as_setting({"train": next(iter(found))})
        raise UserError(
            f"data.splits: {{}} says that there are no splits, and {name} has {', '.join(found)}: "
            f"say which to train on, as data.splits='{first}'"
        )
    if "train" not in named:
        first = as_setting({"train": next(iter(found))})
        raise UserError(
            f"data.dataset: {name} has no split train, only {', '.join(found)}: say which to train "
            f"on, as data.splits='{first}'"
        )
    for word in found:
        if word not in named.values():
            notes.add("splits are for nothing here: passed over", word)
    return {split: found[named[split]] for split in SPLITS if split in named}


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
    reason = first_line(error)
    if folder is not None and (pointer := _pointer_below(folder)):
        return UserError(
            f"data.dataset: {shown(pointer)} is a Git LFS pointer, not the file: git lfs pull in "
            f"{shown(folder)} gets it"
        )
    if folder is not None:
        return UserError(
            f"data.dataset: {shown(folder)} cannot be opened ({reason}): expected a folder made by "
            "save_to_disk, or files that load_dataset reads, such as Parquet or images in folders"
        )
    return UserError(
        f"data.dataset: {name} is no folder, and cannot be had from huggingface.co ({reason}): "
        "check the name and the network, or name a folder that load_dataset or load_from_disk opens"
    )


def _pointer_below(folder: Path) -> Path | None:
    """The first file that git left in place of a large one, where git lfs was not at hand."""
    for path in files_below(folder):
        with open(path, "rb") as file:
            if file.read(len(POINTER)) == POINTER:
                return path
    return None
