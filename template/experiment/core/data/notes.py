"""What a reader says of what it read: from where, and what it passed over, dropped or worked out.

Template's file: updates replace it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

ALIKE = "classes have names that differ in capitals or blanks alone: told apart all the same"


@dataclass
class Notes:
    """What was read, counted by kind; a start says it, a line a kind.

    Args:
        place: The folder, file or data set that the examples are from.
        counts: How many of each kind, such as "links lead nowhere: passed over".
        first: The first of each kind.
    """

    place: str = ""
    counts: dict[str, int] = field(default_factory=dict)
    first: dict[str, str] = field(default_factory=dict)

    def add(self, kind: str, name: str, count: int = 1) -> None:
        """Count something; ``kind`` says what it is and what became of it, whatever the number."""
        self.counts[kind] = self.counts.get(kind, 0) + count
        self.first.setdefault(kind, name)

    def update(self, other: "Notes") -> None:
        """Take over what another one has counted."""
        for kind, count in other.counts.items():
            self.add(kind, other.first[kind], count)

    def add_alike(self, class_names: Iterable[str]) -> None:
        """Count classes that may be meant as one: ``Cat`` and ``cat``, but not ``A`` and ``a``."""
        first: dict[str, str] = {}
        for name in class_names:
            other = first.setdefault("".join(name.casefold().split()), name)
            if other != name and len(name) > 1:
                self.add(ALIKE, f"{other} and {name}")

    def lines(self) -> list[str]:
        """Each kind, with its number and the first of it."""
        return [f"{kind} ({self._counted(kind)}{self.first[kind]})" for kind in self.counts]

    def _counted(self, kind: str) -> str:
        count = self.counts[kind]
        return "1: " if count == 1 else f"{count:,}, the first: "
