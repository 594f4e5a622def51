"""The repository that a folder is in: the one place that runs git.

Template's file: updates replace it. Free of torch.

Whatever repository the caller is at work in (a hook, ``git rebase --exec``), and whatever a person
has set of git for their own eyes, what is recorded is the same.
"""

import os
import re
import subprocess
from pathlib import Path

SECONDS = 10  # a disk far away, or a repository as large as Linux

# Of git's variables these say who and where a person is; all others are a caller's, of its own
# repository: GIT_DIR, GIT_INDEX_FILE, GIT_EXTERNAL_DIFF, ...
KEPT = re.compile(r"GIT_(CONFIG_.*|CEILING_DIRECTORIES|DISCOVERY_ACROSS_FILESYSTEM|EXEC_PATH)")
SETTINGS = {
    "color.ui": "false",
    "core.fsmonitor": "false",  # a watcher that has died says that nothing has changed
    "core.quotePath": "false",
    "diff.autoRefreshIndex": "true",
    "diff.ignoreSubmodules": "none",
    "diff.orderFile": os.devnull,
    "diff.relative": "false",
    "diff.suppressBlankEmpty": "false",
    "status.relativePaths": "true",
    "submodule.recurse": "false",
}
# A patch as `git apply` reads it, with no program of the person's in between.
PATCH = (
    "--patch",
    "--no-color",
    "--no-ext-diff",
    "--no-textconv",
    "--unified=3",
    "--inter-hunk-context=0",
    "--diff-algorithm=default",
    "--find-renames",
    "--ignore-submodules=all",
)
LINK = re.compile(r"160000 commit ([0-9a-f]+)\t(.*)", re.DOTALL)  # a line of ls-tree: a submodule


class GitError(Exception):
    """Git has no answer; the message is its reason."""


def run_git(folder: Path, *words: str) -> bytes:
    """What git prints of the repository that a folder is in.

    Raises:
        GitError: It is not there, takes too long, or refuses.
    """
    settings = [word for name, text in SETTINGS.items() for word in ("-c", f"{name}={text}")]
    # No lock for a look: the researcher may commit at the same moment.
    command = ["git", "--no-optional-locks", "--no-pager", *settings, *words]
    try:
        done = subprocess.run(
            command, cwd=folder, env=_variables(), capture_output=True, timeout=SECONDS
        )
    except subprocess.TimeoutExpired:
        raise GitError(f"no answer in {SECONDS} s") from None
    except OSError:
        raise GitError("git is not here") from None
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise GitError((said or [f"exit code {done.returncode}"])[0].removeprefix("fatal: "))
    return done.stdout


def listed_files(folder: Path) -> list[str]:
    """What git tracks or does not ignore below a folder; of a submodule or a link only its name.

    Raises:
        GitError: The folder is in no repository.
    """
    words = ("ls-files", "-z", "--cached", "--others", "--exclude-standard")
    names = os.fsdecode(run_git(folder, *words)).split("\0")
    return sorted({name.rstrip("/") for name in names if name})


def patch(folder: Path, commit: str = "HEAD", inside: str = "") -> bytes:
    """The changes of tracked files below a folder, those in its submodules included.

    Args:
        folder: The project, or a submodule in it.
        commit: Since when.
        inside: Where the repository lies in the project's, ending in a slash.

    Raises:
        GitError: There is no such commit.
    """
    prefixes = (f"--src-prefix=a/{inside}", f"--dst-prefix=b/{inside}")
    changes = run_git(folder, "diff", *PATCH, *prefixes, commit, "--", ".")
    top = folder / os.fsdecode(run_git(folder, "rev-parse", "--show-cdup")).strip()
    listing = run_git(folder, "ls-tree", "-r", "-z", "--full-name", commit)
    for line in os.fsdecode(listing).split("\0"):
        link = LINK.fullmatch(line)
        if link and (top / link[2] / ".git").exists():
            changes += patch(top / link[2], link[1], f"{inside}{link[2]}/")
    return changes


def is_in_repository(folder: Path) -> bool:
    """Whether there is one to ask, seen without git."""
    return any((place / ".git").exists() for place in (folder, *folder.resolve().parents))


def _variables() -> dict[str, str]:
    """The variables of this process without a caller's repository, and in English."""
    kept = {
        name: text
        for name, text in os.environ.items()
        if not name.startswith("GIT_") or KEPT.fullmatch(name)
    }
    return {**kept, "LC_ALL": "C", "LANGUAGE": "C", "GIT_TERMINAL_PROMPT": "0"}
