"""What a reader says of what it read: from where, and what it passed over, dropped or worked out.

Template's file: updates replace it.
"""

from dataclasses import dataclass, field


@dataclass
class Notes:
    """What was read, counted by kind; a start says it, a line a kind.

    Args:
        place: The folder, file or data set that the examples are from.
        counts: How many of each kind, such as "files are no images: passed over".
        first: The first of each kind.
    """

    place: str = ""
    counts: dict[str, int] = field(default_factory=dict)
    first: dict[str, str] = field(default_factory=dict)

    def add(self, kind: str, name: str, count: int = 1) -> None:
        """Count something; ``kind`` goes on after its number: "3 links lead nowhere: left out"."""
        self.counts[kind] = self.counts.get(kind, 0) + count
        self.first.setdefault(kind, name)

    def update(self, other: "Notes") -> None:
        """Take over what another one has counted."""
        for kind, count in other.counts.items():
            self.add(kind, other.first[kind], count)

    def lines(self) -> list[str]:
        """Each kind, with its number and the first of it."""
        return [f"{count:,} {kind} ({self.first[kind]})" for kind, count in self.counts.items()]
