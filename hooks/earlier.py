"""An earlier update that was killed half-way, and then committed as it lay."""

import tempfile
from pathlib import Path

from proof import lost
from rendering import SUFFIX, blobs, render, yours
from repository import ANSWERS, answers_at, git, made_with, show_command
from sides import changed, committed, is_same, read, tree


def half_done(project: Path, template_then: Path) -> list[str]:
    """Name files from which the commit of the last update took lines of the person's.

    An update writes the template's plain files first and merges then. If it is killed in between,
    what is committed are plain files, and the answers say that all is done.

    Args:
        project: A project after one more update, not yet committed.
        template_then: What the template makes of the version that HEAD is at.
    """
    after = git(project, "log", "-1", "--format=%H", "-G^_commit:", "--", ANSWERS).stdout.strip()
    before = f"{after}^"
    answers = answers_at(project, before) if after else ""
    _, version = made_with(answers)
    if not answers or version == made_with(answers_at(project, after))[1]:
        return []
    was, became = tree(project, before), tree(project, after)
    suspects = {
        path: was[path]
        for path in changed(project, before, after)
        if path in was
        and path in became
        and path not in (*yours(), ANSWERS)
        and is_same(read(template_then / path), became[path])
    }
    plain = blobs(version)
    for path in list(suspects):
        if plain.get(path) == suspects[path][1] and path + SUFFIX not in plain:
            del suspects[path]  # as the template had made it
    return taken(project, suspects, answers, template_then, before) if suspects else []


def taken(
    project: Path,
    suspects: dict[str, tuple[str, str]],
    answers: str,
    template_then: Path,
    before: str,
) -> list[str]:
    """Compare what was there before that commit with what the template had made by then."""
    with tempfile.TemporaryDirectory() as folder:
        base = render(made_with(answers)[1], answers, Path(folder, "base"))
        if base is None:
            return []
        files = committed(project, suspects)
        plain = {path: read(template_then / path) for path in suspects}
        found = {
            path: lost(file, read(base / path), plain[path], plain[path])
            for path, file in files.items()
        }
    shorter = f"{before[:8]}^"
    return [
        f"{path}: {why}; before: {show_command(path, shorter)}"
        for path, why in found.items()
        if why
    ]
