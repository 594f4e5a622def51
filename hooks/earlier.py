"""An earlier update that was killed half-way, and then committed as it lay."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

from proof import lost
from rendering import SUFFIX, blobs, render, yours
from repository import ANSWERS, answers_at, git, made_with, show_command
from sides import changed, committed, is_same, read, tree


@dataclass(frozen=True)
class Earlier:
    """The last update that was committed.

    Args:
        before: The commit below it.
        answers: The answers file there.
        changed: What the commit changed.
        after: The commit itself.
    """

    before: str
    answers: str
    changed: tuple[str, ...]
    after: str


def last_update(project: Path) -> "Earlier | None":
    """Find the commit in which the version was another for the last time."""
    after = git(project, "log", "-1", "--format=%H", "-G^_commit:", "--", ANSWERS).stdout.strip()
    answers = answers_at(project, f"{after}^") if after else ""
    if not answers or made_with(answers)[1] == made_with(answers_at(project, after))[1]:
        return None
    return Earlier(f"{after}^", answers, tuple(changed(project, f"{after}^", after)), after)


def half_done(project: Path, update: Earlier, template_then: Path) -> list[str]:
    """Name files from which the commit of the last update took lines of the person's.

    An update writes the template's plain files first and merges then. If it is killed in between,
    what is committed are plain files, and the answers say that all is done.

    Args:
        project: A project after one more update, not yet committed.
        update: The one before.
        template_then: What the template makes of the version that HEAD is at.
    """
    _, version = made_with(update.answers)
    was, became = tree(project, update.before), tree(project, update.after)
    suspects = {
        path: was[path]
        for path in update.changed
        if path in was
        and path in became
        and path not in (*yours(), ANSWERS)
        and is_same(read(template_then / path), became[path])
    }
    plain = blobs(version)
    for path in list(suspects):
        if plain.get(path) == suspects[path][1] and path + SUFFIX not in plain:
            del suspects[path]  # as the template had made it
    return taken(project, suspects, update, template_then) if suspects else []


def taken(
    project: Path, suspects: dict[str, tuple[str, str]], update: Earlier, template_then: Path
) -> list[str]:
    """Compare what was there before that commit with what the template had made by then."""
    with tempfile.TemporaryDirectory() as folder:
        version = made_with(update.answers)[1]
        base = render(version, update.answers, Path(folder, "base"), suspects)
        if base is None:
            return []
        files = committed(project, suspects)
        plain = {path: read(template_then / path) for path in suspects}
        found = {
            path: lost(file, read(base / path), plain[path], plain[path])
            for path, file in files.items()
        }
    shorter = f"{update.before[:8]}^"
    return [
        f"{path}: {why}; before: {show_command(path, shorter)}"
        for path, why in found.items()
        if why
    ]
