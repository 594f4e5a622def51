"""Work that git was told not to show: Copier takes the project for clean, and so would an undo."""

from pathlib import Path

from repository import git, paths, some, top


def hidden(project: Path, written: set[str]) -> list[str]:
    """Say what has to be committed, or shown to git, before an update may write."""
    return [*uncommitted(project), *unlooked(project, written), *unmerged(project)]


def uncommitted(project: Path) -> list[str]:
    """Look with open eyes, whatever ``status.showUntrackedFiles`` says."""
    look = ("-c", "status.showUntrackedFiles=all", "status", "--porcelain", "--no-renames", "-z")
    found = [entry[3:] for entry in git(project, *look, "--", ".").stdout.split("\0") if entry]
    if not found:
        return []
    why = "and git is set not to show that (status.showUntrackedFiles, core.fsmonitor)"
    return [f"not committed, {why}: {some(found)}; commit them, or put them into .gitignore"]


def unlooked(project: Path, written: set[str]) -> list[str]:
    """Find files that git keeps no eye on, if an update writes them or an undo would."""
    entries = git(project, "ls-files", "-v", "-z", ".").stdout.split("\0")
    marked = [(entry[0], entry[2:]) for entry in entries if entry]
    skipped = [path for mark, path in marked if mark in "Ss" and path in written]
    here = [path for path in skipped if (project / path).exists()]
    assumed = [path for mark, path in marked if mark == "h"]
    assumed = sorted(written.intersection(assumed) | edited(project, assumed))
    absent = sorted(set(skipped) - set(here))
    reasons = {
        "a sparse checkout lacks what the update writes; `git sparse-checkout disable`": absent,
        "git skips them; `git update-index --no-skip-worktree FILE`, and commit": here,
        "git assumes them unchanged; `git update-index --no-assume-unchanged FILE`, and commit": (
            assumed
        ),
    }
    return [f"{why}: {some(files)}" for why, files in reasons.items() if files]


def edited(project: Path, names: list[str]) -> set[str]:
    """Of these files, those that are not what git has of them."""
    here = [name for name in names if (project / name).is_file()]
    if not here:
        return set()
    made = git(project, "hash-object", "--", *here).stdout.split()
    listed = [entry.split() for entry in paths(project, "ls-files", "-s", "-z", "--", *here)]
    known = {entry[1] for entry in listed}
    return {name for name, blob in zip(here, made) if blob not in known}  # noqa: B905


def unmerged(project: Path) -> list[str]:
    """Find a merge that is not finished; in a larger repository it may be anywhere."""
    place = top(project) or project
    found = paths(place, "diff", "--name-only", "--diff-filter=U", "-z")
    return [f"a merge in {place} is not finished: {some(found)}; finish it"] if found else []
