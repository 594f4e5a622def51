"""Settings and attributes of git with which a merge drops lines, or stops half-way."""

from pathlib import Path

from repository import git, paths, some

# Of a file with one of these, git stores something else than what stands on the disk.
CONVERTING = ("filter", "working-tree-encoding", "ident")


def settings(project: Path, written: set[str]) -> list[str]:
    """Say which of them stand in the way, and what to type."""
    return [
        *unseen_rejects(project),
        *whitespace(project),
        *line_ends(project),
        *attributes(project, written),
    ]


def unseen_rejects(project: Path) -> list[str]:
    """Copier asks ``git status`` for the pieces that it could not apply, and merges only those."""
    value = git(project, "config", "status.showUntrackedFiles").stdout.strip()
    if value.lower() not in ("no", "false", "off", "0"):
        return []
    return [
        f"with status.showUntrackedFiles={value} neither you nor Copier sees a conflict; "
        "here in the repository: `git config status.showUntrackedFiles normal`"
    ]


def whitespace(project: Path) -> list[str]:
    """``git apply`` refuses a blank at a line's end, or takes it away, if it is told to."""
    value = git(project, "config", "apply.whitespace").stdout.strip()
    if value in ("", "nowarn", "warn"):
        return []
    return [
        f"with apply.whitespace={value} git drops or changes lines of yours that end in blanks; "
        "here in the repository: `git config apply.whitespace nowarn`"
    ]


def line_ends(project: Path) -> list[str]:
    """``git add`` refuses line ends that it must convert and could not bring back."""
    words = ("config", "--type=bool")
    converts = git(project, *words, "core.autocrlf").stdout.strip() == "true"
    strict = git(project, *words, "core.safecrlf").stdout.strip() == "true"
    if not (converts and strict):
        return []
    return [
        "core.safecrlf=true with core.autocrlf=true stops at the template's line ends; for this "
        "once: `git config --global core.safecrlf warn`"
    ]


def attributes(project: Path, written: set[str]) -> list[str]:
    """Find files that git does not compare as they are."""
    here = [path for path in paths(project, "ls-files", "-z", ".") if path in written]
    words = git(project, "check-attr", "-z", *CONVERTING, "diff", "--", *here).stdout.split("\0")
    facts = list(zip(words[::3], words[1::3], words[2::3]))  # noqa: B905
    found = {
        (path, f"{name}={value}" if value != "unset" else f"-{name}")
        for path, name, value in facts
        if (value == "unset" if name == "diff" else value not in ("unspecified", "unset"))
    }
    if not found:
        return []
    return [
        "git's attributes hide lines of files that an update merges; take out of .gitattributes: "
        f"{some(sorted(f'{path} ({fact})' for path, fact in found))}"
    ]
