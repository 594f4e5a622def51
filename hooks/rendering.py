"""What the template makes of answers, at any of its versions, without asking Copier for each file.

Copier takes seconds for three hundred files. Nearly all of them hold no answer: these are taken out
of git as they are, and Copier renders the rest.
"""

import re
import subprocess
import sys
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from environment import child_variables
from repository import ANSWERS, git, paths

TEMPLATE = Path(__file__).resolve().parents[1]  # Copier's clone of the new version
SUFFIX = ".jinja"
AS_IT_IS = ("core.autocrlf=false", "core.eol=lf")  # what the person has set is for their own files


def render(
    version: str, answers: str, folder: Path, wanted: "Collection[str] | None" = None
) -> Path | None:
    """Make a project's files of a version with these answers, no hooks; None where it cannot be.

    Where no file that is wanted holds an answer, those that do are left out, and Copier with them.
    """
    whole, source, project = folder / "whole", folder / "source", folder / "project"
    if not check_out(version, whole):
        return None
    plain = whole / "template"
    files = [path for path in plain.rglob("*") if path.is_symlink() or path.is_file()]
    names = {path.relative_to(plain).as_posix(): path for path in files}
    conditional = guarded(whole)
    asked = [name for name in names if depends_on_answers(name, conditional)]
    if wanted is None or any(called(name) in wanted for name in asked):
        for part in ("copier.yml", "tasks", *(f"template/{name}" for name in asked)):
            move(whole / part, source / part)
        if not copier(source, answers, project):
            return None
    project.mkdir(exist_ok=True)
    for name in set(names) - set(asked):
        move(names[name], project / name)
    return project


def render_both(
    old: tuple[str, str],
    new: tuple[str, str],
    folder: Path,
    wanted: "Collection[str] | None" = None,
) -> list[Path | None]:
    """Render two versions, each with its answers, side by side."""
    whats = ((*old, folder / "old"), (*new, folder / "new"))
    with ThreadPoolExecutor(2) as pool:
        started = [pool.submit(render, *what, wanted) for what in whats]
    return [each.result() for each in started]


def check_out(version: str, folder: Path) -> bool:
    """Take a version of the template out of Copier's clone, which is left as it is."""
    folder.mkdir(parents=True)
    index = {"GIT_INDEX_FILE": str(folder.with_suffix(".index"))}
    settings = [word for setting in AS_IT_IS for word in ("-c", setting)]
    steps = (
        ["read-tree", f"{version}^{{tree}}"],
        ["checkout-index", "--all", f"--prefix={folder}/"],
    )
    done = [git(TEMPLATE, *settings, *step, **index).returncode == 0 for step in steps]
    return all(done) and (folder / "template").is_dir() and (folder / "copier.yml").is_file()


def guarded(whole: Path) -> tuple[str, ...]:
    """Read which paths come with an answer: those behind a condition in ``_exclude``."""
    text = (whole / "copier.yml").read_text(encoding="utf-8")
    return tuple(re.findall(r"%\} */([^{}\s\"]+?)/? *\{%", text.partition("\n_exclude:")[2]))


def depends_on_answers(name: str, conditional: tuple[str, ...]) -> bool:
    """Say whether a file's text, its name or its being there is a matter of answers."""
    if name.endswith(SUFFIX) or "{" in name:
        return True
    return any(name == path or name.startswith(f"{path}/") for path in conditional)


def move(source: Path, destination: Path) -> None:
    """Move a file or folder to where there may be no folder yet."""
    if source.exists() or source.is_symlink():
        destination.parent.mkdir(parents=True, exist_ok=True)
        source.rename(destination)


def copier(source: Path, answers: str, destination: Path) -> bool:
    """Let Copier render a template that is a plain folder."""
    answers_file = destination.with_name("answers.yml")
    answers_file.write_text(answers, encoding="utf-8")
    options = ["--quiet", "--defaults", "--trust", "--skip-tasks", "--data-file", str(answers_file)]
    command = [sys.executable, "-m", "copier", "copy", *options, str(source), str(destination)]
    return subprocess.run(command, capture_output=True, env=child_variables()).returncode == 0


def blobs(version: str) -> dict[str, str]:
    """List the files of a version, each with git's name for what is in it."""
    listed = paths(TEMPLATE, "ls-tree", "-r", "-z", "--full-tree", version, "template/")
    found = (line.partition("\t") for line in listed)
    return {name.removeprefix("template/"): facts.split()[2] for facts, _, name in found}


def names(version: str = "HEAD") -> set[str]:
    """List what the files of a version are called in a project, whatever the answers."""
    return {called(name) for name in blobs(version) or on_disk()}


def called(name: str) -> str:
    """Say what becomes of the name of a template's file."""
    return ANSWERS if "_copier_conf.answers_file" in name else name.removesuffix(SUFFIX)


def on_disk() -> list[str]:
    """List the files of a template that is no clone, but a plain folder."""
    here = TEMPLATE / "template"
    files = (path.relative_to(here) for path in here.rglob("*") if not path.is_dir())
    return [path.as_posix() for path in files if "__pycache__" not in path.parts]


def yours() -> list[str]:
    """Read from copier.yml which files are written once."""
    text = (TEMPLATE / "copier.yml").read_text(encoding="utf-8")
    listed = text.partition("\n_skip_if_exists:\n")[2].partition("\n_exclude:")[0]
    return re.findall(r"^ *- */(\S+)$", listed, re.MULTILINE)
