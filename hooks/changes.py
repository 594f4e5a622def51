"""What the template's CHANGELOG.md says of the versions that an update crossed."""

import re
import textwrap
from pathlib import Path

from rendering import TEMPLATE
from repository import ANSWERS, answers_at, made_with

MOST = 8  # lines of what one will see; what one has to do is never cut
WIDTH = 96
NUMBER = re.compile(r"v?(\d+)\.(\d+)\.(\d+)(a|b|rc|\.dev)?")
Version = tuple[int, int, int, bool]


def what_changed(project: Path) -> list[str]:
    """List what a person will see and has to do, oldest version first."""
    file = TEMPLATE / "CHANGELOG.md"
    source, new = made_with((project / ANSWERS).read_text(encoding="utf-8"))
    _, old = made_with(answers_at(project))
    if old == new or not file.is_file():
        return []
    text = file.read_text(encoding="utf-8")
    crossed = [body for heading, body in sections(text, "## ") if is_crossed(heading, old, new)][
        ::-1
    ]
    seen = [line for body in crossed for line in points(body, "You will see")]
    to_do = [line for body in crossed for line in points(body, "You need to do")]
    rest = len(seen) - MOST
    shown = [textwrap.shorten(line, WIDTH, placeholder=" ...") for line in seen[:MOST]]
    more = [f"and {rest} more: CHANGELOG.md of {source}"] if rest > 0 else []
    return [*shown, *more, *(f"You need to do: {line}" for line in to_do)]


def sections(text: str, mark: str) -> list[tuple[str, str]]:
    """Split a page at its headings of one level."""
    parts = re.split(f"^{mark}", text, flags=re.MULTILINE)[1:]
    return [(part.partition("\n")[0], part.partition("\n")[2]) for part in parts]


def points(body: str, heading: str) -> list[str]:
    """Read what stands below a heading, each point or paragraph as one plain line."""
    found = [text for title, text in sections(body, "### ") if title.strip() == heading]
    listed = [
        point for text in found for point in re.split(r"^- |\n\s*\n", text, flags=re.MULTILINE)
    ]
    lines = (" ".join(point.split()) for point in listed)
    return [re.sub(r"\*\*|\[([^]]*)\]\([^)]*\)", r"\1", line) for line in lines if line]


def is_crossed(heading: str, old: str, new: str) -> bool:
    """Say whether a version is newer than the old one, and no newer than the new one."""
    this, before, after = map(number, (heading, old, new))
    if this is None or after is None:
        return False
    return (before is None or before < this) and this[:3] <= after[:3]


def number(text: str) -> Version | None:
    """Read a version; a pre-release comes before it. What has no number is older than all."""
    found = NUMBER.match(text)
    if not found:
        return None
    return int(found[1]), int(found[2]), int(found[3]), found[4] is None
