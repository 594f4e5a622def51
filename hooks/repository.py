"""The project's git repository: its first commit, and what an update did to the person's edits."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from environment import child_variables
from report import Stage

ANSWERS = ".copier-answers.yml"
# What a person may have set for their own eyes, and that would change an answer.
SETTINGS = ("color.ui=false", "color.grep=false", "grep.fullName=false", "submodule.recurse=false",
            "core.fsmonitor=false")  # fmt: skip
NOBODY = ("-c", "user.name=copier-lightning", "-c", "user.email=copier-lightning@localhost")
MARKERS = "^(<<<<<<< before updating|>>>>>>> after updating)"


def git(project: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run git in the project, whatever repository the caller itself is at work in."""
    settings = [word for setting in SETTINGS for word in ("-c", setting)]
    done = subprocess.run(
        ["git", *settings, *words], cwd=project, env=child_variables(), capture_output=True
    )
    # Names as the system has them, and line ends as they are.
    said, complaint = os.fsdecode(done.stdout), done.stderr.decode("utf-8", "replace")
    return subprocess.CompletedProcess(done.args, done.returncode, said, complaint)


def paths(project: Path, *words: str) -> list[str]:
    """Run a git command that lists paths, each relative to the project."""
    return sorted({path for path in git(project, *words).stdout.split("\0") if path})


def top(project: Path) -> Path | None:
    """Find the repository that the project is in; one that ignores it does not count."""
    found = git(project, "rev-parse", "--show-toplevel")
    if found.returncode or git(project, "check-ignore", "--quiet", ".").returncode == 0:
        return None
    return Path(found.stdout.removesuffix("\n"))


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


def version(project: Path) -> str:
    """Name the template's version that the project is at, for a commit's subject."""
    _, commit = made_with((project / ANSWERS).read_text(encoding="utf-8"))
    return f"copier-lightning {commit}".strip()


def rendered_but_ignored(project: Path) -> list[str]:
    """List the template's files that git ignores here, by whosever lines: no commit has them."""
    source = Path(__file__).resolve().parents[1] / "template"
    files = (path.relative_to(source).as_posix() for path in source.rglob("*") if path.is_file())
    names = (file.removesuffix(".jinja") for file in files if "__pycache__" not in file)
    there = sorted(name for name in names if (project / name).exists())
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
        lacks = f"; git ignores {_some(ignored)}" if ignored else ""
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
        fact = f"{subject!r} lacks what git ignores: {_some(ignored)}"
        which_line = f"git check-ignore -v {ignored[0]}"  # of which file; then commit once more
        return Stage("commit", fact, False, seconds, (which_line,))
    return Stage("commit", f"{subject!r}, tree clean", True, seconds)


def _some(files: list[str]) -> str:
    """Name a few files."""
    return ", ".join(files[:3]) + (f" and {len(files) - 3} more" if len(files) > 3 else "")


def conflicted(project: Path) -> list[str]:
    """List the files in which the person and the template changed the same lines."""
    unmerged = paths(project, "diff", "--name-only", "--relative", "--diff-filter=U", "-z")
    marked = paths(project, "grep", "--untracked", "-l", "-z", "-I", "-E", MARKERS)
    rejected = paths(project, "ls-files", "--others", "-z", "*.rej")
    return sorted({*unmerged, *marked, *rejected})


def dropped(project: Path) -> list[str]:
    """List the files that the update removed although the person had edited them."""
    removed = paths(project, "diff", "--name-only", "--relative", "--diff-filter=D", "-z", "HEAD")
    if not removed:
        return []
    with tempfile.TemporaryDirectory() as folder:
        rendered = Path(folder, "project")
        render_old(project, rendered)
        return [path for path in removed if is_edited(project, path, rendered / path)]


def is_edited(project: Path, path: str, rendered: Path) -> bool:
    """Compare the person's last commit of a file with what the template had made of it."""
    if not rendered.is_file():
        return True  # not the template's, or its old version is out of reach: let the person look
    committed = git(project, "rev-parse", f"HEAD:./{path}").stdout
    return committed != git(project, "hash-object", "--no-filters", str(rendered)).stdout


def render_old(project: Path, destination: Path) -> None:
    """Render what the person had started from: the old version with the old answers, no hooks."""
    answers = git(project, "show", f"HEAD:./{ANSWERS}").stdout
    source, commit = made_with(answers)
    answers_file = destination.with_name("answers.yml")
    answers_file.write_text(answers, encoding="utf-8")
    options = ["--quiet", "--defaults", "--trust", "--skip-tasks", "--vcs-ref", commit]
    command = [sys.executable, "-m", "copier", "copy", *options, "--data-file", str(answers_file)]
    words = [*command, source, str(destination)]
    subprocess.run(words, capture_output=True, env=child_variables())


def undo_command(project: Path) -> str:
    """Spell what takes an update back, touching nothing outside of the project."""
    if top(project) == project.resolve():
        return "git reset --hard && git clean -fd"
    return "git restore --source=HEAD --staged --worktree . && git clean -fd ."
