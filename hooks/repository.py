"""The project's git repository, asked so that nobody's settings change an answer."""

import os
import re
import subprocess
from pathlib import Path

from environment import child_variables
from report import quoted

ANSWERS = ".copier-answers.yml"
# What a person may have set for their own eyes, and that would change an answer.
SETTINGS = ("color.ui=false", "color.grep=false", "grep.fullName=false", "submodule.recurse=false",
            "core.fsmonitor=false", "log.showSignature=false")  # fmt: skip
# Takes an update back, whatever happened: this folder only, and nothing that git ignores.
UNDO = "git restore --source=HEAD --staged --worktree . && git clean -fd ."


def git(project: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run git in the project, whatever repository the caller itself is at work in."""
    done = git_bytes(project, *words, variables=variables)
    # Names as the system has them, and line ends as they are.
    said, complaint = os.fsdecode(done.stdout), done.stderr.decode("utf-8", "replace")
    return subprocess.CompletedProcess(done.args, done.returncode, said, complaint)


def git_bytes(
    project: Path, *words: str, given: bytes = b"", variables: dict[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Run git for what need not be text."""
    settings = [word for setting in SETTINGS for word in ("-c", setting)]
    return subprocess.run(
        # Without optional locks git refreshes nothing by the way: to ask is not to write.
        ["git", "--no-optional-locks", *settings, *words],
        cwd=project,
        env={**child_variables(), **(variables or {})},
        capture_output=True,
        input=given,
    )


def paths(project: Path, *words: str) -> list[str]:
    """Run a git command that lists paths, each relative to the project."""
    return sorted({path for path in git(project, *words).stdout.split("\0") if path})


def status_of_copier(project: Path) -> list[bytes]:
    """Ask in the very words of Copier, with the person's settings: what it will see."""
    words = ["git", "--no-optional-locks", "status", "--ignored", "--porcelain"]
    place = top(project) or project
    done = subprocess.run(words, cwd=place, env=child_variables(), capture_output=True)
    return done.stdout.splitlines()


def top(project: Path) -> Path | None:
    """Find the repository that the project is in; one that ignores it does not count."""
    found = git(project, "rev-parse", "--show-toplevel")
    if found.returncode or git(project, "check-ignore", "--quiet", ".").returncode == 0:
        return None
    return Path(found.stdout.removesuffix("\n"))


def on_a_branch(project: Path) -> bool:
    """Whether a branch goes along with the next commit, and will lead back to it."""
    return git(project, "symbolic-ref", "--quiet", "HEAD").returncode == 0


def refusal(project: Path) -> str:
    """Say why git has no answer where there is a repository: it belongs to somebody else, say."""
    found = git(project, "rev-parse", "--show-toplevel")
    places = (project, *project.resolve().parents)
    if found.returncode == 0 or not any((place / ".git").exists() for place in places):
        return ""
    return (found.stderr.strip().splitlines() or ["git does not answer"])[0]


def made_with(answers: str) -> tuple[str, str]:
    """Read source and version of the template from the text of an answers file."""
    found = dict(re.findall(r"^(_src_path|_commit): *['\"]?(.*?)['\"]? *$", answers, re.MULTILINE))
    return found.get("_src_path", ""), found.get("_commit", "")


def answers_at(project: Path, commit: str = "HEAD") -> str:
    """Read the answers file of a commit; empty where there was none."""
    return git(project, "show", f"{commit}:./{ANSWERS}").stdout


def version(project: Path) -> str:
    """Name the template's version that the project is at, for a commit's subject."""
    _, commit = made_with((project / ANSWERS).read_text(encoding="utf-8"))
    return f"copier-lightning {commit}".strip()


def some(names: list[str], most: int = 3) -> str:
    """Name a few of many."""
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} more" if rest > 0 else "")


def show_command(path: str, commit: str = "HEAD") -> str:
    """Spell what prints a file as a commit has it."""
    place = f"{commit}:./{path}"
    return "git show " + (quoted([place]) if "'" in place else f"'{place}'")
