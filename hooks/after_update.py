"""Run by Copier, once, after the merge of an update: what needs the person, else a proof."""

import sys
import tempfile
from pathlib import Path

from answers import without_effect
from changes import what_changed
from earlier import half_done, last_update
from environment import bring_up
from proof import Merge, conflicted, here, losses, unreached, worth_a_look
from rendering import render_both, yours
from report import Stage, say, say_table
from repository import ANSWERS, UNDO, answers_at, made_with, on_a_branch, some, version
from smoke import exit_code, smoke


def main() -> int:
    """Say what the person has to look at; if there is nothing, try the merged code."""
    project = Path.cwd()
    say_list("What changed for you:", what_changed(project))
    heading = "Your answers are others now, and these files are yours. What to edit in them:"
    say_list(heading, without_effect(project))
    needed = conflicts(project)
    needed.update({path: why for path, why in proven(project).items() if path not in needed})
    if needed:
        say_needed(needed, on_a_branch(project))
        return exit_code([Stage("update", "needs you", False)])

    stages = [bring_up(project), smoke(project)]
    say_table(stages)
    say("Next:")
    say("  git diff HEAD")
    if not on_a_branch(project):
        say("  git switch -c NAME   (no branch is checked out: git would lose what you commit)")
    say(f"  git add . && git commit -m 'Update to {version(project)}'")
    say(f"Or undo it: {UNDO}")
    return exit_code(stages)


def conflicts(project: Path) -> dict[str, str]:
    """Say of each file with a conflict what to look for."""
    why = "you and the template changed the same lines; look for <<<<<<<"
    beside = "what could not be merged lies in it, beside its file"
    return {path: beside if path.endswith(".rej") else why for path in conflicted(project)}


def proven(project: Path) -> dict[str, str]:
    """Compare what is here with what both sides had; say what is worth a look."""
    before, now = answers_at(project), (project / ANSWERS).read_text(encoding="utf-8")
    _, old_version = made_with(before)
    earlier = last_update(project)
    looked_at = {*here(project), *(earlier.changed if earlier else ())} - {ANSWERS, *yours()}
    with tempfile.TemporaryDirectory() as folder:
        old, new = render_both((old_version, before), ("HEAD", now), Path(folder), looked_at)
        if not (old and new):
            why = f"{old_version} cannot be rendered any more, so that nothing here is proven"
            return {ANSWERS: f"{why}; read `git diff HEAD`"}
        merge = Merge(project, old, new, frozenset(yours()))
        say_worth_a_look(merge)
        heading = "The update before this one was committed half-done, and took lines of yours:"
        say_list(heading, half_done(project, earlier, old) if earlier else [])
        return losses(merge)


def say_worth_a_look(merge: Merge) -> None:
    """Name, a line each, what an update reached although it was edited, or did not reach."""
    lines = []
    if edited := worth_a_look(merge):
        lines.append(f"yours and the template's edits met, both are there: {some(edited)}")
    if not (merge.project / "experiment/core").is_dir():
        lines.append("there is no experiment/core/ here, so that updates arrive nowhere: give the "
                     "folder experiment/ its name back")  # fmt: skip
    elif absent := unreached(merge):
        lines.append(f"not where updates bring them, so that none arrives: {some(absent)}")
    say_list("Have a look:", lines)


def say_list(heading: str, lines: list[str]) -> None:
    """Print a heading and what stands below it, if there is anything."""
    if lines:
        say(f"\n{heading}")
    for line in lines:
        say(f"  {line}")


def say_needed(reasons: dict[str, str], on_branch: bool) -> None:
    """List what the update could not merge, and the ways out."""
    say("\nThe update needs you before anything is tried:")
    for path, why in sorted(reasons.items()):
        say(f"  {path}: {why}")
    branch = "" if on_branch else "git switch -c NAME && "  # git would lose what is committed
    say(f"\nThen: git add . && {branch}uv sync --inexact && uv run python main.py smoke")
    say(f"Or undo the update: {UNDO}")


if __name__ == "__main__":
    sys.exit(main())
