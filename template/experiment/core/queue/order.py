"""The order of the jobs, and the last number that one of them got: ``runs/.queue/queue.json``.

Template's file: updates replace it. It is rewritten with every change of any job, so that whoever
waits for changes looks at one file.
"""

import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from ..files import write_json

FILE = "queue.json"


@dataclass(frozen=True)
class Order:
    """What the file holds.

    Attributes:
        last: The last number that was given: none is given twice, also after its job is removed.
        ids: The jobs in their order; one that is missing stands at the end, by its number.
    """

    last: int = 0
    ids: list[str] = field(default_factory=list)

    def key(self, id: str) -> tuple[int, int]:
        """Sorts jobs by their order."""
        return self.ids.index(id) if id in self.ids else len(self.ids), int(id)

    def with_last(self, id: str) -> "Order":
        """The same with a job behind all others."""
        ids = [*(each for each in self.ids if each != id), id]
        return replace(self, last=max(self.last, int(id)), ids=ids)

    def without(self, id: str) -> "Order":
        """The same without a job."""
        ids = [each for each in self.ids if each != id]
        return replace(self, last=max(self.last, int(id)), ids=ids)


def read_order(folder: Path) -> Order:
    """The order as it is now; the jobs' numbers count where the file is not there."""
    try:
        content = json.loads((folder / FILE).read_text(encoding="utf-8"))
        return Order(int(content["last"]), [str(id) for id in content["ids"]])
    except (OSError, ValueError, TypeError, KeyError):
        return Order()


def write_order(folder: Path, order: Order) -> None:
    """Write it down, whole or not at all; whoever calls holds the queue's lock."""
    write_json(folder / FILE, asdict(order), flush=True)


def last_change(folder: Path) -> int:
    """What is another number after every change of the queue."""
    try:
        return (folder / FILE).stat().st_mtime_ns
    except OSError:
        return 0
