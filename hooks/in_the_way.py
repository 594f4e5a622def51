"""What stands where this version brings something, and that git could not bring back."""

import json
import os
import tempfile
from pathlib import Path, PurePosixPath

from rendering import names, render_both, yours
from repository import ANSWERS, answers_at, made_with, paths, some, status_of_copier
from sides import read


def in_the_way(project: Path, given: dict[str, object], by_default: bool) -> list[str]:
    """Name what an update would overwrite, write through, or stumble over."""
    kept = {*yours(), ANSWERS}
    tracked = set(paths(project, "ls-files", "-z", "."))
    brought = sorted(names() - kept)
    blocked = sorted({place for name in brought for place in misfits(project, name)})
    alone = [name for name in brought if name not in tracked and read(project / name)]
    found = [*blocked, *alone]
    if found:
        found = really(project, found, given, by_default)
    if not found:
        return []
    return [
        "this version writes where git has nothing of yours to bring back, or where something else "
        f"stands: {some(found)}; move it, or commit it with `git add --force`"
    ]


def misfits(project: Path, name: str) -> list[str]:
    """Name a link or file where a folder has to be, or a folder where a file has to."""
    above = [str(folder) for folder in PurePosixPath(name).parents][:-1]
    wrong = [
        folder
        for folder in above
        if os.path.islink(project / folder) or os.path.isfile(project / folder)
    ]
    folder_here = os.path.isdir(project / name) and not os.path.islink(project / name)
    return wrong or ([name] if folder_here else [])


def really(
    project: Path, found: list[str], given: dict[str, object], by_default: bool
) -> list[str]:
    """Keep what the answers really bring, and what the template has not written itself."""
    answers = answers_at(project)
    kept = [line for line in answers.splitlines() if line.partition(":")[0] not in given]
    said = [f"{name}: {json.dumps(value)}" for name, value in given.items()]
    with tempfile.TemporaryDirectory() as folder:
        now = ("HEAD", "\n".join([*kept, *said]))
        old, new = render_both((made_with(answers)[1], answers), now, Path(folder))
        if new is None:
            return found
        # Who is asked may still answer otherwise: then whatever the template has may be brought.
        brought = [name for name in found if not by_default or os.path.lexists(new / name)]
        sides = [side for side in (old, new) if side]
        templates = {name: [read(side / name) for side in sides] for name in brought}
        here = {name: read(project / name) for name in brought}
        return [name for name in brought if not here[name] or here[name] not in templates[name]]


def rejects(project: Path) -> list[str]:
    """Find what Copier would take for leftovers of its own, and delete: also beside the project."""
    listed = [os.fsdecode(line) for line in status_of_copier(project)]
    alone = [line[3:].strip('"') for line in listed if line.startswith(("?? ", "!! "))]
    found = [path for path in alone if path.endswith(".rej")]
    return [f"Copier would take for its own, and delete: {some(found)}; rename it"] if found else []
