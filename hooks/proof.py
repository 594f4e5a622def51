"""The proof after a merge: nothing that the person wrote is gone, nothing they removed is back."""

from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

from repository import ANSWERS, git, paths, show_command
from sides import EXECUTABLE, LINK, File, changed, committed, is_same, read, tree


@dataclass
class Merge:
    """A project after an update, and what the template makes of it before and after.

    Args:
        project: Where the update took place.
        old: The old version with the old answers.
        new: The new version with the new ones.
        yours: Files that are the person's from the beginning, and that no update changes.
    """

    project: Path
    old: Path
    new: Path
    yours: frozenset[str]

    def __post_init__(self) -> None:
        self.head = tree(self.project)
        self.has_bits = git(self.project, "config", "core.fileMode").stdout.strip() != "false"
        touched = set(changed(self.project)) - {ANSWERS}
        self.touched = {path: self.head[path] for path in sorted(touched & self.head.keys())}
        self.edited = {
            path: entry
            for path, entry in self.touched.items()
            if path in self.yours or not is_same(read(self.old / path), entry)
        }

    def base(self, path: str) -> File | None:
        """What the template had made of a file; of the person's own it had made nothing."""
        return None if path in self.yours else read(self.old / path)

    def now(self, path: str, mine: File) -> File | None:
        """What stands there; a disk without executable bits has the person's."""
        file = read(self.project / path)
        if file is None or self.has_bits or LINK in (file.kind, mine.kind):
            return file
        return replace(file, kind=mine.kind)


def losses(merge: Merge) -> dict[str, str]:
    """Say of each file what of the person's is not in it any more."""
    mine = committed(merge.project, merge.edited)
    found = {
        path: lost(file, merge.base(path), merge.now(path, file), read(merge.new / path))
        for path, file in mine.items()
    }
    named = {path: f"{why}; yours: {show_command(path)}" for path, why in found.items() if why}
    return {**named, **come_back(merge)}


def here(project: Path) -> list[str]:
    """List what differs from the last commit, be it new."""
    return [*changed(project), *untracked(project)]


def untracked(project: Path) -> list[str]:
    """List the files that no commit has, and that git does not ignore."""
    return paths(project, "ls-files", "--others", "--exclude-standard", "-z")


def come_back(merge: Merge) -> dict[str, str]:
    """Name files that the person had removed, and that are here again."""
    new = untracked(merge.project)
    removed = [path for path in new if read(merge.old / path) and path not in merge.head]
    return dict.fromkeys(removed, "you had removed it, and it is back; remove it again")


def lost(mine: File, old: File | None, now: File | None, new: File | None) -> str:
    """Say what a merge lost of a file that the person had edited; empty where it is all there."""
    if now is None:
        own = list((counted(mine) - counted(old)).elements())
        which = f" ({number(len(own))}, first {shown(own[0])})" if own and mine.is_text else ""
        return f"dropped by the template, with your edits{which}"
    if not (mine.is_text and now.is_text):
        kept = mine.data == now.data and (mine.kind == LINK) == (now.kind == LINK)
        return "" if kept else "yours is replaced by the template's, since it is no text"
    missing = list((wanted(mine, old, new) - counted(now)).elements())
    if missing:
        return f"{number(len(missing))} of yours gone, first {shown(missing[0])}"
    back = [] if now.markers > mine.markers else returned(mine, old, now, new)
    if back:
        return f"{number(len(back))} that you had removed back, first {shown(back[0])}"
    if mine.kind != now.kind and (old is None or old.kind != mine.kind):
        return "is executable again" if now.kind == EXECUTABLE else "is not executable any more"
    return ""


def wanted(mine: File, old: File | None, new: File | None) -> "Counter[bytes]":
    """Count the lines of the person's that must be there, beside those of the new version.

    A line that both sides added may have become one.
    """
    had, comes = counted(mine), counted(new)
    return Counter(
        {
            line: min(had[line], comes[line] + surplus)
            for line, surplus in (had - counted(old)).items()
        }
    )


def returned(mine: File, old: File | None, now: File, new: File | None) -> list[bytes]:
    """List the lines that the person had removed, and that no new version brings anew."""
    had, was, there, comes = map(counted, (mine, old, now, new))
    allowed = {line: had[line] + max(0, comes[line] - was[line]) for line in was - had}
    return [line for line, most in allowed.items() if there[line] > most]


def counted(file: File | None) -> "Counter[bytes]":
    """Count the lines of a file."""
    return Counter(file.lines if file else [])


def number(lines: int) -> str:
    """Say how many."""
    return "1 line" if lines == 1 else f"{lines} lines"


def shown(line: bytes) -> str:
    """Quote the beginning of a line."""
    text = line.decode("utf-8", "backslashreplace").strip()
    return f"`{text[:57]}...`" if len(text) > 60 else f"`{text}`"


def conflicted(project: Path) -> list[str]:
    """List the files in which the person and the template changed the same lines."""
    head = tree(project)
    unmerged = paths(project, "diff", "--name-only", "--relative", "--diff-filter=U", "-z")
    touched = {path: head[path] for path in changed(project) if path in head}
    before = committed(project, touched)
    now = {path: read(project / path) for path in touched}
    marked = [path for path, file in now.items() if file and file.markers > before[path].markers]
    others = paths(project, "ls-files", "--others", "-z", "*.rej")
    rejected = [path for path in others if path.removesuffix(".rej") in head]
    return sorted({*unmerged, *marked, *rejected})


def worth_a_look(merge: Merge) -> list[str]:
    """Name what both the person and the template changed of the template's own files."""
    now = {path: read(merge.project / path) for path in merge.edited}
    return [
        path
        for path, file in now.items()
        if file
        and not file.markers
        and not file.is_shared
        and path not in merge.yours
        and read(merge.old / path)
    ]


def unreached(merge: Merge) -> list[str]:
    """Name files of the template's that are not where updates bring them."""
    made = (path.relative_to(merge.new) for path in merge.new.rglob("*") if path.is_file())
    names = sorted({path.as_posix() for path in made} - merge.yours - {ANSWERS})
    return [name for name in names if read(merge.old / name) and not read(merge.project / name)]
