"""The project's environment: made by uv, else by venv and pip, and brought up to date the same way.

``SMOKE_PYTHON`` names an interpreter to use instead, or says ``none``.
"""

import os
import re
import shutil
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

from report import Stage, quoted, say

LATER = ("uv sync", "uv run python main.py smoke")
# Variables that point a child at another environment, or at the repository of a caller: a hook of
# git's own, `git rebase --exec`.
FOREIGN = re.compile(
    r"PYTHONPATH|PYTHONHOME|VIRTUAL_ENV|GIT_(DIR|\w*WORK_TREE|INDEX_FILE|PREFIX|COMMON_DIR|NAMESPACE"
    r"|\w*OBJECT_DIRECTOR(Y|IES)|(GRAFT|SHALLOW)_FILE|NO_REPLACE_OBJECTS|REPLACE_REF_BASE|CONFIG"
    r"|EXTERNAL_DIFF|DIFF_OPTS|\w+_PATHSPECS|(AUTHOR|COMMITTER)_DATE|QUARANTINE_PATH)"
)
HAS_TORCH = (
    "import sys; from importlib.util import find_spec as find;"
    "sys.exit(not (find('torch') and find('pytorch_lightning')))"
)


def folder(project: Path) -> Path:
    """Say where the project's environment lies, as uv does."""
    return project / os.environ.get("UV_PROJECT_ENVIRONMENT", ".venv")


def mark(project: Path) -> Path:
    """Name the file by which a hook knows an environment that it made itself."""
    return folder(project) / ".made-by-copier-lightning"


def interpreter(environment: Path) -> Path:
    """Name the interpreter of an environment."""
    return environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def find_uv() -> str | None:
    """Find uv: on the path, or the one that runs Copier (it tells its children in ``UV``)."""
    return shutil.which("uv") or os.environ.get("UV")


def run_command(*words: str) -> str:
    """Spell a Python command as one can type it here in the project."""
    if (named := os.environ.get("SMOKE_PYTHON", "none")) not in ("", "none"):
        return quoted([named, *words])
    if shutil.which("uv"):
        return quoted(["uv", "run", "python", *words])
    return quoted([str(interpreter(Path(".venv"))), *words])


def child_variables() -> dict[str, str]:
    """Copy the variables without those that point a child at another environment or repository."""
    return {name: text for name, text in os.environ.items() if not FOREIGN.fullmatch(name)}


def requirements(project: Path) -> list[str]:
    """Read what pip has to install; the project itself is not a package here."""
    import tomllib

    settings = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))
    return settings["project"]["dependencies"] + settings["dependency-groups"]["dev"]


def commands(project: Path) -> list[list[str]]:
    """List what makes the environment, or brings it up to date, with the tool that is here."""
    python = str(interpreter(folder(project)))
    if uv := find_uv():
        return [[uv, "sync", "--inexact"]]  # inexact: what was added by hand stays
    if not find_spec("tomllib"):  # Copier runs on a Python before 3.11, too old for a project
        return []
    create = [sys.executable, "-m", "venv", str(folder(project))]
    install = [python, "-m", "pip", "install", *requirements(project)]
    return [install] if Path(python).exists() else [create, install]


def bring_up(project: Path) -> Stage:
    """Make the environment or bring it up to date; a download may take the time it takes."""
    if os.environ.get("SMOKE_PYTHON"):
        return Stage("environment", f"left alone: SMOKE_PYTHON={os.environ['SMOKE_PYTHON']}")
    if folder(project).exists() and not mark(project).exists():
        fact = f"{folder(project).name} is your own and left as it is; to bring it up:"
        return Stage("environment", fact, later=("uv sync --inexact",))
    started = time.monotonic()
    steps = commands(project)
    done = bool(steps)
    for command in steps:
        say(f"\n$ {quoted(command)}")
        done = done and run(command, project)
    seconds = time.monotonic() - started
    if folder(project).exists():
        mark(project).write_text("Made by a hook of copier-lightning, which may update it.\n")
    if not done:
        fact = "could not be made (see above); with a network, and in this folder:"
        later = LATER if find_uv() or not steps else tuple(map(quoted, steps))
        return Stage("environment", fact, False, seconds, later)
    tool = "uv" if find_uv() else "pip"
    return Stage("environment", f"{folder(project).name} is up, by {tool}", True, seconds)


def run(command: list[str], project: Path) -> bool:
    """Run a command before the person's eyes; a program that is missing counts as failed."""
    try:
        return subprocess.run(command, cwd=project, env=child_variables()).returncode == 0
    except OSError as error:
        say(str(error))
        return False


def find_python(project: Path) -> str | None:
    """Find the interpreter that has torch and Lightning: the one named, ours, or one in use."""
    named = os.path.expanduser(os.environ.get("SMOKE_PYTHON", ""))
    if named == "none":
        return None
    in_use = [os.environ.get("VIRTUAL_ENV"), os.environ.get("CONDA_PREFIX")]
    places = [folder(project), *(Path(place) for place in in_use if place)]
    candidates = [named] if named else [str(interpreter(place)) for place in places]
    return next((python for python in candidates if run_quietly([python, "-c", HAS_TORCH])), None)


def run_quietly(command: list[str]) -> bool:
    """Say whether a command succeeds."""
    try:
        quiet = subprocess.run(command, env=child_variables(), capture_output=True)
        return quiet.returncode == 0
    except OSError:
        return False
