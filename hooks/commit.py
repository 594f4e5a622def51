"""The first commit of a project, and what it cannot have."""

import shutil
import time
from pathlib import Path

from rendering import TEMPLATE, names
from report import Stage
from repository import git, refusal, some, top, version

NOBODY = ("-c", "user.name=copier-lightning", "-c", "user.email=copier-lightning@localhost")
DRAFT = "Copier automated commit for draft changes"


def rendered_but_ignored(project: Path) -> list[str]:
    """List the template's files that git ignores here, by whosever lines: no commit has them."""
    there = sorted(name for name in names() if (project / name).exists())
    # Without -z, which git takes with --stdin alone; no name of ours is quoted.
    return git(project, "check-ignore", *there).stdout.splitlines()


def first_commit(project: Path) -> Stage:
    """Make a repository whose tree is clean, unless there is one: then it is the person's."""
    subject = f"Start from {version(project)}"
    by_hand = f"git add . && git commit -m '{subject}'"
    if not shutil.which("git"):
        fact = "no git here, and an update needs it; once there is:"
        return Stage("commit", fact, later=(f"git init && {by_hand}",))
    if reason := refusal(project):
        return Stage("commit", f"{reason}; by hand:", False, later=(by_hand,))
    if place := top(project):
        ignored = rendered_but_ignored(project)
        lacks = f"; git ignores {some(ignored)}" if ignored else ""
        fact = f"yours to make, in {place}{lacks}:"
        return Stage("commit", fact, False if ignored else None, later=(by_hand,))

    started = time.monotonic()
    branch = [] if git(project, "config", "init.defaultBranch").stdout else ["-b", "main"]
    author = [] if git(project, "config", "user.email").stdout else NOBODY
    steps = [
        ["init", "--quiet", *branch],
        ["add", "--all"],
        [*author, "commit", "--quiet", "--no-verify", "--no-gpg-sign", "-m", subject],
    ]
    for step in steps:
        if (done := git(project, *step)).returncode:
            reason = (done.stderr.strip().splitlines() or ["git failed"])[-1]
            return Stage("commit", f"{reason}; by hand:", False, later=(by_hand,))
    seconds = time.monotonic() - started
    if ignored := rendered_but_ignored(project):
        fact = f"{subject!r} lacks what git ignores: {some(ignored)}"
        which_line = f"git check-ignore -v {ignored[0]}"  # of which file; then commit once more
        return Stage("commit", fact, False, seconds, (which_line,))
    return Stage("commit", f"{subject!r}, tree clean", True, seconds)


def draft() -> bool:
    """Say whether Copier made up a commit of changes that the template's clone does not have."""
    if not shutil.which("git"):
        return False
    return git(TEMPLATE, "log", "-1", "--format=%s").stdout.strip() == DRAFT


def recorded() -> Stage | None:
    """Warn of a version that nobody will find again; None where all is well."""
    if not draft():
        return None
    clone = git(TEMPLATE, "config", "remote.origin.url").stdout.strip()
    fact = "its changes are not committed, so no update will find this version; instead:"
    steps = (f"commit them in {clone}", "make the project anew")
    return Stage("template", fact, False, later=steps)
