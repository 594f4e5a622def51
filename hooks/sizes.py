"""What Copier hands to ``git apply``: a word for each ignored file, and the whole repository."""

import os
from collections import Counter
from pathlib import Path

from repository import git, some, status_of_copier, top

PATCH_LIMIT = 2**30 - 2**24  # bytes; git apply takes 1 GiB, and a patch has headings
POINTER = 8  # bytes: what the system counts for each word beside its letters
WINDOWS_LIMIT = 32_767  # characters of a command


def command_line(project: Path) -> list[str]:
    """Copier excludes each ignored file by a word of its own, and a command has an end."""
    ignored = [line[3:] for line in status_of_copier(project) if line.startswith(b"!! ")]
    if sum(len(path) + len("--exclude=") + 1 + POINTER for path in ignored) <= room():
        return []
    folders = Counter(os.path.dirname(os.fsdecode(path).strip('"')) for path in ignored)
    folder, most = folders.most_common(1)[0]
    return [
        f"git lists {len(ignored)} ignored files one by one, more than Copier can hand on, "
        f"{most} of them in {folder or '.'}/, beside files that are committed; "
        "move them into a folder in which nothing is committed, or commit nothing beside them"
    ]


def room() -> int:
    """Compute how long the words of a command may be, beside its variables."""
    if not hasattr(os, "sysconf"):
        return WINDOWS_LIMIT
    variables = sum(len(os.fsencode(f"{k}={v}")) + 1 + POINTER for k, v in os.environ.items())
    first_words = 2**14  # the program, its options, and what is the person's from the beginning
    return os.sysconf("SC_ARG_MAX") - variables - first_words


def patch(project: Path) -> list[str]:
    """Copier's patch has all text of the repository in it that the template did not write."""
    place = top(project) or project
    listed = git(place, "ls-tree", "-r", "-l", "-z", "HEAD").stdout.split("\0")
    sizes = {entry.partition("\t")[2]: _size(entry) for entry in listed if entry}
    if sum(sizes.values()) <= PATCH_LIMIT:
        return []
    text = {path: sizes[path] + lines for path, lines in texts(place).items() if path in sizes}
    total = sum(text.values())
    if total <= PATCH_LIMIT:
        return []
    largest = sorted(text, key=lambda path: -text[path])
    return [
        f"{total / 2**30:.1f} GiB of text are committed in {place}, and git merges 1 GiB at most: "
        f"{some(largest)}; take data out of git: `git rm -r --cached FOLDER`, and /FOLDER/ into "
        ".gitignore"
    ]


def _size(entry: str) -> int:
    words = entry.partition("\t")[0].split()
    return int(words[3]) if words[3].isdigit() else 0


def texts(place: Path) -> dict[str, int]:
    """List what git takes for text, with the number of lines."""
    empty = git(place, "hash-object", "-t", "tree", "--stdin").stdout.strip()
    found = git(place, "diff-tree", "-r", "--numstat", "-z", empty, "HEAD").stdout.split("\0")
    facts = [entry.split("\t", 2) for entry in found if entry]
    return {path: int(lines) for lines, _, path in facts if lines != "-"}
