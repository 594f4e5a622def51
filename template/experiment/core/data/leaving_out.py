"""Leave out of the data what ``data.exclude`` lists: before limit, indices, folds and splits.

Template's file: updates replace it. Core's readers do so before they read all; of a dataset of
yours, with ``record(index)``, the DataModule does.
"""

import difflib
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import numpy as np

from ..config.data import BaseDataConfig
from ..errors import UserError
from ..files import project_path, shown
from ..runs.exclude_list import UNREADABLE, Entry, ExcludeList, as_written, file_of, read_list
from ..runs.run import Run
from .datasets import is_stream
from .listed import Listed, listed

NEAR = 3  # ids that are offered for one that is not found
MOST_COMPARED = 20_000  # ids: of more, the first


class Exclusions:
    """What a list names, and which of it was found.

    Args:
        found: The list; None: nothing is asked for.
        root: The folder of the data, with which no id begins.
    """

    def __init__(self, found: ExcludeList | None, root: Path) -> None:
        self.found, self.root = found, root
        self.left = dict.fromkeys(found.entries if found else ())  # that were not found yet
        self.total = 0  # examples that there were
        self._others: dict[Entry, list[str]] = defaultdict(list)  # digests of examples so called
        self._ids: list[str] = []
        self._without_ids: list[str] = []  # splits
        self._streams: list[str] = []

    def leave_out(self, parts: dict[str, Any], counts: bool = True) -> None:
        """Leave out what is listed.

        Args:
            parts: What a reader returned, or datasets, by split; changed in place.
            counts: Whether these are examples that were not counted before.

        Raises:
            UserError: A line means two examples, or nothing is left of a split.
        """
        if self.found is None:
            return
        looked = {split: listed(part) for split, part in parts.items()}
        self._without_ids += [split for split, found in looked.items() if found is None]
        self._streams += [split for split, part in parts.items() if is_stream(part)]
        known = {split: found for split, found in looked.items() if found is not None}
        ids = {split: ids_below(self.root, found.ids) for split, found in known.items()}
        self.total += counts * sum(map(len, ids.values()))
        out = self._found(known, ids)
        for split, places in out.items():
            keep = np.ones(len(ids[split]), dtype=bool)
            keep[places] = False
            if not keep.any():
                raise UserError(
                    f"data.exclude: {shown(self.found.file)} lists all {len(keep):,} examples of "
                    f"{split}; take lines out of it, so that some are left"
                )
            parts[split] = known[split].among(np.flatnonzero(keep))

    def leave_out_rest(self, parts: dict[str, Any]) -> None:
        """The same of what no reader has found: in datasets that are not core's own."""
        if self.left or not self.total:
            self.leave_out(parts, counts=not self.total)

    def check(self) -> None:
        """See that all was found.

        Raises:
            UserError: An example is not there, or its content is another.
        """
        if self.found is None or not self.left:
            return
        entry = next(iter(self.left))
        place, more = self.found.place(entry), self._and_more()
        if digests := self._others.get(entry):
            if not entry.digest:
                raise UserError(
                    f"{place}: {entry.id} has no digest of its content before it; write "
                    f"{digests[0]}  {entry.id}{more}"
                )
            raise UserError(
                f"{place}: {entry.id} {_changed(entry.digest, digests[0])}; look at it, and delete "
                f"the line or write {digests[0]} there{more}"
            )
        if self._streams:
            raise UserError(
                f"{place}: {entry.id} is not found, and {self._streams[0]} is a stream, whose "
                "examples have no ids; leave it out where data.py reads the stream"
            )
        if self._without_ids:
            raise UserError(
                f"{place}: {entry.id} is not found, and the dataset of "
                f"{self._without_ids[0]} has no record(index), by whose ids examples are left out; "
                "write it in data.py, as core/data/records.py says"
            )
        near = " or ".join(self._near(entry.id)) or "nothing that is called alike"
        raise UserError(f"{place}: {entry.id} is not in the data; there is {near}{more}")

    def lines(self, setting: str) -> list[str]:
        """What a start says of it; nothing where nothing is asked for."""
        if self.found is None:
            return []
        count = len(self.found.entries) - len(self.left)
        return [f"left out  {count:,} of {self.total:,} examples, by {setting}"]

    def _found(
        self, known: dict[str, Listed], ids: dict[str, list[str | None]]
    ) -> dict[str, list[int]]:
        """The places by split of what is listed and there."""
        wanted = {entry.id for entry in self.left}
        there: dict[str, list[tuple[str, str, int]]] = defaultdict(list)
        for split, names in ids.items():
            self._ids += [name for name in names if name is not None]
            places = [place for place, name in enumerate(names) if name in wanted]
            digests = known[split].digests(places) if places else []
            for place, digest in zip(places, digests, strict=True):
                there[str(names[place])].append((digest, split, place))
        out: dict[str, list[int]] = defaultdict(list)
        for entry in list(self.left):
            same = [one for one in there[entry.id] if one[0] == entry.digest]
            if len(same) > 1:
                raise UserError(
                    f"{self._place(entry)}: {entry.id} is what {len(same)} examples are "
                    f"called, in {' and '.join(dict.fromkeys(split for _, split, _ in same))}, "
                    "with one content; delete the line, or give the examples names of their own"
                )
            for _, split, place in same:
                out[split].append(place)
                del self.left[entry]
            self._others[entry] += [digest for digest, _, _ in there[entry.id] if not same]
        return out

    def _place(self, entry: Entry) -> str:
        return self.found.place(entry) if self.found else ""

    def _and_more(self) -> str:
        more = len(self.left) - 1
        return f" (and {more:,} more such lines)" if more else ""

    def _near(self, name: str) -> list[str]:
        own = os.path.basename(name)
        so_called = [one for one in self._ids if os.path.basename(one) == own]
        some = so_called[:NEAR] or self._ids[:MOST_COMPARED]
        return difflib.get_close_matches(name, some, n=NEAR, cutoff=0.0 if so_called else 0.6)


_CURRENT: ContextVar[Exclusions | None] = ContextVar("exclusions", default=None)


@contextmanager
def in_use(exclusions: Exclusions) -> Iterator[None]:
    """Have readers go by this list: the DataModule's, which sees in the end what was found."""
    token = _CURRENT.set(exclusions)
    try:
        yield
    finally:
        _CURRENT.reset(token)


def leave_out(parts: dict[str, Any], config: BaseDataConfig) -> None:
    """Leave out of what a reader found what ``data.exclude`` lists, before more of it is read.

    Args:
        parts: By split; changed in place.
        config: The section ``data``.

    Raises:
        UserError: Nothing is left of a split; outside of a DataModule, too, that an example is not
            there or is another.
    """
    current = _CURRENT.get()
    exclusions = current or exclusions_of(config, project_path(config.root), None)
    exclusions.leave_out(parts)
    if current is None:
        exclusions.check()


def exclusions_of(config: BaseDataConfig, root: Path, run: Run | None) -> Exclusions:
    """What ``data.exclude`` lists.

    Args:
        config: The section ``data``.
        root: Its folder.
        run: May keep a copy of the list.

    Raises:
        UserError: There is no such file, or it is no text.
    """
    if not config.exclude:
        return Exclusions(None, root)
    return Exclusions(read_list(file_of(config.exclude, run.folder if run else None)), root)


def ids_below(root: Path, ids: Iterable[str | None]) -> list[str | None]:
    """Ids as a list has them: of a path, what comes after the data's folder."""
    folder = root.parent if root.is_file() else root
    begins = [os.path.join(name, "") for name in (shown(folder), os.path.abspath(folder))]
    return [None if one is None else as_written(_without(begins, one)) for one in ids]


def _without(begins: list[str], name: str) -> str:
    begin = next((begin for begin in begins if name.startswith(begin)), "")
    return name[len(begin) :].replace(os.sep, "/")


def _changed(before: str, now: str) -> str:
    """What became of an example's content since it was listed."""
    if now == UNREADABLE:
        return "cannot be read any more, and could when it was listed"
    if before == UNREADABLE:
        return "can be read now, and could not when it was listed"
    return f"has another content than the one that was listed ({now}, not {before})"
