"""Run by Copier, once, before an update touches anything: refuses what git could not bring back.

It writes nothing. Whatever it lets through is taken back by the one command that it prints.
"""

import json
import sys
from pathlib import Path

from commit import draft
from git_settings import settings
from given import misread
from hidden import hidden
from in_the_way import in_the_way, rejects
from rendering import TEMPLATE, names, yours
from report import say
from repository import UNDO, answers_at, git, made_with
from sizes import command_line, patch


def main(given: str = "{}", by_default: str = "True") -> int:
    """Say why the update cannot begin, if it cannot."""
    project = Path.cwd()
    _, old = made_with(answers_at(project))
    written = (names() | names(old)) - set(yours())
    answers = json.loads(given)
    reasons = [
        *uncommitted_template(),
        *misread(answers),
        *hidden(project, written),
        *in_the_way(project, answers, by_default == "True"),
        *rejects(project),
        *settings(project, written),
        *command_line(project),
        *patch(project),
    ]
    for reason in reasons:
        print(f"The update cannot begin: {reason}.", file=sys.stderr)
    if not reasons:
        say(f"Should this be interrupted, undo it and do not commit: {UNDO}")
    return int(bool(reasons))


def uncommitted_template() -> list[str]:
    """A version that Copier made up of uncommitted changes is one that no update finds again."""
    if not draft():
        return []
    clone = git(TEMPLATE, "config", "remote.origin.url").stdout.strip()
    return [f"the template in {clone} has changes that are not committed; commit them there"]


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
