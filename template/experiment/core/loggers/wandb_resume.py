"""What a run has logged and W&B has not: read back from files, sent again, never sent twice.

Template's file: updates replace it. Free of torch.

Offline, each start of a run writes a folder ``wandb/offline-run-*`` with a file ``.wandb`` in it: a
log in LevelDB's framing, blocks of 32 KiB with records of protobuf. A kill tears its last record,
and `wandb sync` refuses such a file, or sends it again at every call; so its end is cut off.
"""

import json
import os
import shutil
import struct
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..files import shown

STEP = "trainer/global_step"  # the name under which Lightning sends the optimizer's step to W&B
BLOCK = 32768
HEADER = struct.Struct("<IHB")  # checksum, length, kind
FILE_HEADER = 7
WHOLE, LAST = 1, 4  # of the kinds: a record in one piece, and a record's last piece


def mend_segment(folder: Path) -> bool:
    """Cut off the record that a kill has torn; False, and the folder gone, if nothing is left."""
    ends = [end for file in folder.glob("*.wandb") for end, _ in _records(file)]
    if not ends:
        shutil.rmtree(folder, ignore_errors=True)
        return False
    for file in folder.glob("*.wandb"):
        if file.stat().st_size > ends[-1]:
            os.truncate(file, ends[-1])
    return True


def last_step(folder: Path) -> int | None:
    """The optimizer step of the newest row in a W&B folder; None if there is no row."""
    return (_steps(folder) or [None])[-1]


def arrived_step(folders: list[Path], sent: list[int]) -> int | None:
    """The step of the newest row that the server has confirmed; None if there is none.

    Args:
        folders: Of the starts that were online, in their order.
        sent: The steps of the rows that this process has sent: the file may lack its last second.
    """
    for folder in reversed(folders):
        steps, rows = _steps(folder), _confirmed(folder)
        steps += sent[len(steps) :]
        sent = []
        if steps and rows:
            return steps[min(rows, len(steps)) - 1]
    return None


def _steps(folder: Path) -> list[int]:
    """The optimizer step of each row in a W&B folder."""
    from wandb.proto import wandb_internal_pb2

    steps: list[int] = []
    for file in folder.glob("*.wandb"):
        for _, content in _records(file):
            record: Any = wandb_internal_pb2.Record()  # pyright: ignore[reportAttributeAccessIssue]
            record.ParseFromString(content)
            row = {item.key or "/".join(item.nested_key): item for item in record.history.item}
            if row:
                known = int(float(row[STEP].value_json)) if STEP in row else None
                steps.append(known if known is not None else (steps or [0])[-1])
    return steps


def _confirmed(folder: Path) -> int:
    """How many rows of a start have arrived: W&B's process writes down each request."""
    first = end = sending = None
    for line in _lines(folder / "logs" / "debug-internal.log"):
        with suppress(ValueError):
            entry = json.loads(line)
            if entry.get("msg") == "filestream: sending request" and "history_offset" in entry:
                first = entry["history_offset"] if first is None else first
                sending = entry["history_offset"] + entry["history_lines"]
            elif entry.get("msg") == "filestream: request sent" and "200" in entry["status"]:
                end = sending or end
    return end - first if end is not None and first is not None else 0


def upload_error(folder: Path) -> str | None:
    """Why W&B has given up sending rows, such as a full quota: it says so in its log only."""
    for line in _lines(folder / "logs" / "debug-internal.log"):
        with suppress(ValueError):
            message = json.loads(line).get("msg", "")
            if "filestream: fatal error" in message:
                return message.removeprefix("filestream: fatal error: ").splitlines()[0][:200]
    return None


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []


def _records(file: Path) -> Iterator[tuple[int, bytes]]:
    """Each record that is whole: where it ends, and what it holds."""
    content, place, record = file.read_bytes(), FILE_HEADER, b""
    while place + HEADER.size <= len(content):
        left = BLOCK - place % BLOCK
        if left < HEADER.size:  # a header never spans two blocks
            place += left
            continue
        _, length, kind = HEADER.unpack_from(content, place)
        place += HEADER.size
        if kind == 0 or place + length > len(content):
            return
        record += content[place : place + length]
        place += length
        if kind in {WHOLE, LAST}:
            yield place, record
            record = b""


class History:
    """The rows of ``metrics.jsonl`` that an earlier start has logged, for W&B to catch up with.

    A start that goes on from a checkpoint logs again what came after it. On W&B, steps never go
    back: it gets what it has not got, from our record, and then only rows that are new.

    Args:
        metrics_file: Our own record, which a kill costs its last line at most.
    """

    def __init__(self, metrics_file: Path) -> None:
        self.metrics_file = metrics_file
        self.newest = -1  # step of the last row that W&B has
        self._names: set[str] = set()  # that it has at this step

    def missing(self, since: int | None) -> Iterator[tuple[int, dict[str, Any]]]:
        """The rows after a step, ascending; those that were logged twice once."""
        rows: dict[int, dict[str, Any]] = {}
        for step, row in self._logged():
            if since is None or step >= since:
                rows.setdefault(step, {}).update(row)
        if since is not None:
            self.newest = since
        for step in sorted(rows):
            self.newest, self._names = step, set(rows[step])
            yield step, rows[step]

    def is_news(self, metrics: dict[str, Any], step: int | None) -> bool:
        """Whether W&B has not got this row yet."""
        if step is None or step > self.newest:
            return True
        return step == self.newest and not self._names.issuperset(metrics)

    def _logged(self) -> Iterator[tuple[int, dict[str, Any]]]:
        if not self.metrics_file.exists():
            return
        with open(self.metrics_file, encoding="utf-8") as file:
            for line in file:
                with suppress(ValueError):  # a line that a kill tore
                    row = json.loads(line)
                    if (step := row.pop("step", None)) is not None:
                        yield step, row


def online_folders(folder: Path) -> list[Path]:
    """W&B's folders of the starts that were online, in their order."""
    return sorted(folder.glob("run-*"))


def sync_command(folder: Path, segments: list[str]) -> str:
    """What a person types to upload them, as one run."""
    present = [name for name in segments if (folder / name).is_dir()]
    if set(present) == {path.name for path in folder.glob("offline-run-*")}:
        present = ["offline-run-*"]
    return " ".join(["wandb sync", *(f"{shown(folder)}/{name}" for name in present)])
