"""Answers that an update changed, and that files of the person's can no longer follow."""

import difflib
import tempfile
from pathlib import Path

from rendering import render_both, yours
from repository import ANSWERS, answers_at

LINES = 3  # a file that would differ in more is another text


def without_effect(project: Path) -> list[str]:
    """Say, of each file that is the person's, what the new answers would have made of it.

    Both renderings are of the new version, so that they differ by nothing but the answers.
    """
    before = answers_at(project)
    now = (project / ANSWERS).read_text(encoding="utf-8")
    if not before or given(before) == given(now):
        return []
    with tempfile.TemporaryDirectory() as folder:
        old, new = render_both(("HEAD", before), ("HEAD", now), Path(folder))
        if not (old and new):
            return ["(what they would change could not be found out)"]
        found = (remark(name, project / name, old / name, new / name) for name in yours())
        return [line for line in found if line]


def given(answers: str) -> list[str]:
    """The lines of an answers file but those that say where it comes from."""
    return [line for line in answers.splitlines() if not line.startswith(("_", "#"))]


def remark(name: str, file: Path, old: Path, new: Path) -> str:
    """What a file lacks of what the new answers would have made of it; empty if nothing."""
    if not file.is_file():
        return ""
    old_lines, new_lines, lines = map(read_lines, (old, new, file))
    changes = [line for line in difflib.ndiff(old_lines, new_lines) if line[:2] in ("- ", "+ ")]
    gone = [said(line[2:]) for line in changes if line[0] == "-"]
    come = [said(line[2:]) for line in changes if line[0] == "+"]
    there = {said(line) for line in lines}
    stale = [line for line in gone if line in there]
    missing = [line for line in come if line not in there]
    if not stale and not missing:
        return ""  # the person has written it already, or nothing of it is an answer's
    if len(changes) > 2 * LINES:
        return f"{name}: another text, of {len(new_lines)} lines"
    wanted = " and ".join(f"`{line}`" for line in missing) or "without it"
    instead = f", yours has {' and '.join(f'`{line}`' for line in stale)}" if stale else ""
    return f"{name}: {wanted}{instead}"


def said(line: str) -> str:
    """Take a line without its place and its comment."""
    return line.partition("  # ")[0].strip()


def read_lines(file: Path) -> list[str]:
    """Read a text; none where there is no file."""
    return file.read_text(encoding="utf-8", errors="replace").splitlines() if file.exists() else []
