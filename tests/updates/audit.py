"""What an update did to a project, found out without the hook's help.

Three trees are compared with what is there afterwards: what the person had (``before``), what the
template had made of it (``base``) and what the template makes of it now (``fresh``). The lines of a
person are those that ``before`` has over ``base``, in their order; each must be there, to the byte.
"""

import difflib
import os
import stat
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from projects import YOURS, Project

ANSWERS = ".copier-answers.yml"
NEEDS = "The update needs you"
Lines = list[bytes]

# What may be found, one letter each in the matrix.
MEANINGS = {
    "X": "lines of the person's are lost, and nobody says so",
    "L": "lines of the person's are lost, and the hook names the file",
    "C": "a conflict, marked in the file and named by the hook",
    "K": "a conflict that the hook does not name",
    "r": "refused, and the project is as it was",
    "R": "what the person had removed is back",
    "N": "a change of the template's did not arrive",
    "M": "a mode, or the kind of a file, is another",
    "S": "a file that nobody made",
    "I": "an ignored file is another",
    "E": "Copier failed",
    "H": "hooks ran otherwise than once, after the update",
    "A": "an answer is another, or not there",
    "B": "main.py worked before and does not now",
}
ASKED = set("CLr")  # what a bold edit may lead to


@dataclass(frozen=True)
class Finding:
    """One thing that an update did and should not have done.

    Args:
        code: Which of ``MEANINGS``.
        path: Where.
        text: What.
        lines: Of the person's, that are lost.
    """

    code: str
    path: str
    text: str
    lines: int = 0


@dataclass(frozen=True)
class Entry:
    """A file as git would store it."""

    kind: str  # file, program, link or module
    data: bytes = b""

    @property
    def lines(self) -> Lines:
        """Without their ends, a carriage return included."""
        return self.data.split(b"\n")


Tree = dict[str, Entry]


def entry(path: Path) -> Entry:
    """Read a file, a link or a submodule."""
    if path.is_symlink():
        return Entry("link", os.fsencode(os.readlink(path)))
    if path.is_dir():
        return Entry("module")
    kind = "program" if path.stat().st_mode & stat.S_IXUSR else "file"
    return Entry(kind, path.read_bytes())


def rendered(folder: Path) -> Tree:
    """Read all files of a rendering."""
    paths = (path for path in folder.rglob("*") if path.is_symlink() or path.is_file())
    names = ((path.relative_to(folder).as_posix(), path) for path in paths)
    return {name: entry(path) for name, path in names if not name.startswith(".git/")}


def present(project: Project) -> Tree:
    """Read all that git tracks, or would add."""
    names = listed(project, "--cached", "--others", "--exclude-standard")
    return {name: entry(project / name) for name in names if os.path.lexists(project / name)}


def ignored(project: Project) -> dict[str, tuple[int, int]]:
    """Note size and time of all that git ignores."""
    names = listed(project, "--others", "--ignored", "--exclude-standard")
    paths = ((name, project / name) for name in names if "__pycache__" not in name)
    files = ((name, path.stat()) for name, path in paths if path.is_file())
    return {name: (status.st_size, status.st_mtime_ns) for name, status in files}


def listed(project: Project, *words: str) -> list[str]:
    """List names as git knows them, relative to the project."""
    return sorted({name for name in project.git("ls-files", "-z", *words).split("\0") if name})


def conflicted(project: Project) -> set[str]:
    """List the files that git calls unmerged."""
    rows = project.git("ls-files", "-z", "--unmerged").split("\0")
    return {row.partition("\t")[2] for row in rows if row}


def named(said: str) -> set[str]:
    """List the files that the hook names as in need of the person."""
    rows = takewhile(lambda row: row.startswith("  "), said.partition(NEEDS)[2].splitlines()[1:])
    return {row.strip().partition(": ")[0] for row in rows}


def added(old: Lines, new: Lines) -> Lines:
    """The lines that ``new`` has over ``old``, in their order; blank ones say nothing."""
    steps = difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    runs = (new[first:last] for step, _, _, first, last in steps if step in ("insert", "replace"))
    return [line for run in runs for line in run if line.strip()]


def missing(wanted: Lines, there: Lines) -> Lines:
    """The wanted lines that are not there, or not after the ones before them."""
    lost: Lines = []
    place = 0
    for line in wanted:
        try:
            place = there.index(line, place) + 1
        except ValueError:
            lost.append(line)
    return lost


@dataclass
class Audit:
    """Compares trees file by file.

    Args:
        before: What the person had committed.
        base: A fresh copy of the old version.
        fresh: A fresh copy of the new one.
        after: What is there after the update.
        conflicts: The files that git calls unmerged.
        named: The files that the hook names.
        yours: The files that an update must not touch.
    """

    before: Tree
    base: Tree
    fresh: Tree
    after: Tree
    conflicts: set[str]
    named: set[str]
    yours: tuple[str, ...] = YOURS

    def findings(self) -> list[Finding]:
        """Look at every file that anybody knows of."""
        names = sorted({*self.before, *self.base, *self.fresh, *self.after} - {ANSWERS})
        found = [finding for name in names for finding in self.look(name)]
        found += [
            Finding("K", name, "a conflict that the hook does not name")
            for name in sorted(self.conflicts - self.named)
        ]
        return found

    def look(self, name: str) -> Iterable[Finding]:
        """Choose by whose file it is."""
        if name in self.conflicts:
            yield Finding("C", name, "a conflict")
        before, base, fresh = self.before.get(name), self.base.get(name), self.fresh.get(name)
        if before is None:
            yield from self.look_at_absent(name)
        elif name in self.yours or (base is None and fresh is None):
            yield from self.look_at_own(name, before)
        elif before == base:
            yield from self.look_at_untouched(name)
        else:
            yield from self.look_at_edited(name, before, base or Entry("file"))

    def look_at_absent(self, name: str) -> Iterable[Finding]:
        """A file that the person never had, or has deleted."""
        base, fresh, after = self.base.get(name), self.fresh.get(name), self.after.get(name)
        if base is not None or name in self.yours:
            if after is not None:
                yield Finding("R", name, "the person had deleted it")
        elif fresh is None:
            yield Finding("S", name, "nobody made it")
        elif after != fresh:
            yield Finding("N", name, "a new file of the template's is not there, or another")

    def look_at_own(self, name: str, before: Entry) -> Iterable[Finding]:
        """A file that is nobody's but the person's: to the byte as it was."""
        after = self.after.get(name)
        if after is None or after.data != before.data:
            yield self.loss(name, before.lines, after)
        elif after.kind != before.kind:
            yield Finding("M", name, f"{before.kind} became {after.kind}")

    def look_at_untouched(self, name: str) -> Iterable[Finding]:
        """A file of the template's as it came: now as it would come today."""
        if self.after.get(name) != self.fresh.get(name):
            yield Finding("N", name, "not as in a fresh copy, though nobody had edited it")

    def look_at_edited(self, name: str, before: Entry, base: Entry) -> Iterable[Finding]:
        """A file that both have: all that the person wrote, and all that the template did."""
        after, fresh = self.after.get(name), self.fresh.get(name)
        mine = added(base.lines, before.lines)
        if after is None or missing(mine, after.lines):
            yield self.loss(name, mine, after)
        if after is None:
            return
        if before.kind != base.kind != after.kind != before.kind:
            yield Finding("M", name, f"{before.kind} became {after.kind}")
        if name in self.conflicts:
            return
        if back := list(returned(base.lines, before.lines, after.lines, fresh)):
            yield Finding("R", name, f"the person had removed {back[0]!r}")
        if fresh and (absent := missing(added(base.lines, fresh.lines), after.lines)):
            yield Finding("N", name, f"without the template's {absent[0]!r}")

    def loss(self, name: str, mine: Lines, after: Entry | None) -> Finding:
        """What of the person's is gone, and whether somebody says so."""
        lost = missing(mine, after.lines) if after else mine
        example = f", as {lost[0]!r}" if lost else ", and its bytes are others"
        code = "L" if name in self.named else "X"
        return Finding(code, name, f"{len(lost)} lines lost{example}", max(1, len(lost)))


def returned(base: Lines, before: Lines, after: Lines, fresh: Entry | None) -> Iterable[bytes]:
    """The lines that the person had removed and that are back, without a release's doing."""
    had, have = Counter(before), Counter(after)
    anew = Counter(added(base, fresh.lines)) if fresh else Counter[bytes]()
    for line in added(before, base):
        if have[line] > had[line] + anew[line]:
            yield line


def looked_at(tree: Tree, uniform: bool) -> Tree:
    """The tree, where git converts line ends by itself as git stores it."""
    if not uniform:
        return tree
    ends: Callable[[bytes], bytes] = lambda data: data.replace(b"\r\n", b"\n")  # noqa: E731
    return {name: Entry(each.kind, ends(each.data)) for name, each in tree.items()}
