"""Run by Copier, once, after the merge of an update: what needs the person, else a proof."""

import sys
from pathlib import Path

from answers import without_effect
from environment import bring_up
from report import Stage, say, say_table
from repository import conflicted, dropped, undo_command, version
from smoke import exit_code, smoke


def main() -> int:
    """Say what the person has to look at; if there is nothing, try the merged code."""
    project = Path.cwd()
    say_answers(without_effect(project))
    conflicts, losses = conflicted(project), dropped(project)
    if conflicts or losses:
        say_losses(project, conflicts, losses)
        return exit_code([Stage("update", "needs you", False)])

    stages = [bring_up(project), smoke(project)]
    say_table(stages)
    say("Next:")
    say("  git diff HEAD")
    say(f"  git add . && git commit -m 'Update to {version(project)}'")
    say(f"Or undo it: {undo_command(project)}")
    return exit_code(stages)


def say_answers(remarks: list[str]) -> None:
    """List what new answers cannot change, since an update never touches what is yours."""
    if remarks:
        say("\nYour answers are others now, and these files are yours. What to edit in them:")
    for line in remarks:
        say(f"  {line}")


def say_losses(project: Path, conflicts: list[str], losses: list[str]) -> None:
    """List what the update could not merge, and the ways out."""
    say("\nThe update needs you before anything is tried:")
    for path in conflicts:
        say(f"  {path}: you and the template changed the same lines; look for <<<<<<<")
    for path in losses:
        say(f"  {path}: dropped by the template, with your edits; yours: git show 'HEAD:./{path}'")
    say("\nThen: git add . && uv sync --inexact && uv run python main.py smoke")
    say(f"Or undo the update: {undo_command(project)}")


if __name__ == "__main__":
    sys.exit(main())
