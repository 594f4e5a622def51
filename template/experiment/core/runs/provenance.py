"""What a run was started with and on: the commit, the changes since, versions and the machine.

Template's file: updates replace it. Free of torch, and quick: every start of a run calls it.

``runs/<name>/`` gets ``record.json``, ``environment.txt`` and, where something is not committed,
``git.diff``. A later start that finds anything changed keeps the old ones as ``record-1.json``, ...
"""

import json
import os
import platform
import re
import shlex
import socket
import sys
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psutil

from ..console import say
from .frozen_job import frozen_git
from .git import GitError, is_in_repository, patch, run_git

LARGEST_DIFF = 10_000_000  # bytes; beyond that, it is data


def write_provenance(project: Path, folder: Path) -> None:
    """Write down where a run comes from, if it was not yet, or is another than before.

    Args:
        project: The folder of main.py.
        folder: The run's.
    """
    commit, diff = frozen_git() or git_state(project)
    files = {
        "environment.txt": "".join(f"{line}\n" for line in installed()),
        "git.diff": diff,
        "record.json": json.dumps({"git": commit, **describe_machine()}, indent=2) + "\n",
    }
    before = {name: _read(folder / name) for name in files}
    if {**before, "record.json": None} != {**files, "record.json": None} or _differs(
        before["record.json"], files["record.json"]
    ):
        _put_aside(folder, [name for name in files if before[name]])
        for name, content in files.items():
            if content:
                # Whatever its encoding and line ends: a patch is of bytes.
                (folder / name).write_bytes(content.encode("utf-8", "surrogateescape"))


def recorded_commit(folder: Path) -> str | None:
    """The commit that a run was started from, if that is known."""
    try:
        return (json.loads(_read(folder / "record.json")).get("git") or {}).get("commit")
    except ValueError:
        return None


def git_state(project: Path) -> tuple[dict[str, Any] | None, str]:
    """The commit, and the changes since as a patch; None where there is no repository.

    A repository that does not answer is none, and that is said.
    """
    lacks, commit, diff = "commit and changes are", None, ""
    try:
        words = ("--porcelain=v2", "--branch", "--untracked-files=no", "--ignore-submodules=none")
        status = _text(run_git(project, "status", *words))
        head = dict(re.findall(r"^# branch\.(oid|head) (.*)$", status, re.M))
        dirty = any(not line.startswith("#") for line in status.splitlines())
        commit = {"commit": head.get("oid"), "branch": head.get("head"), "dirty": dirty}
        lacks = "changes are"
        if dirty and head.get("oid") != "(initial)":  # else there is nothing to compare with
            diff = _text(patch(project))
    except GitError as error:
        if is_in_repository(project):
            say(f"git: {error}; {lacks} not recorded (the code is: code/)")
    if len(diff) > LARGEST_DIFF:
        diff = diff[:LARGEST_DIFF] + "\n(the rest is left out)\n"
    return commit, diff


def installed() -> list[str]:
    """Each installed package with its version, as ``pip freeze`` writes it."""
    # From the folders' names: to have importlib.metadata read 130 files takes 60 ms.
    folders = (folder for path in sys.path for folder in Path(path or ".").glob("*.dist-info"))
    return sorted({folder.stem.replace("-", "==", 1) for folder in folders}, key=str.lower)


def describe_machine() -> dict[str, Any]:
    """What was typed, on what it runs, and the versions that matter most."""
    return {
        "command": shlex.join([Path(sys.executable).name, *sys.argv]),
        "versions": {
            "python": platform.python_version(),
            **{name: _version(name) for name in ("torch", "pytorch-lightning", "wandb")},
            "cuda": _cuda_version(),
        },
        "machine": {
            "host": socket.gethostname(),
            "system": platform.platform(),
            "cpus": os.cpu_count(),
            "memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
            "gpus": _gpus(),
        },
    }


def _differs(before: str, now: str) -> bool:
    """Whether more than what was typed is another: `--epochs 20` alone needs no new record."""
    if not before:
        return True
    try:
        old, new = json.loads(before), json.loads(now)
    except ValueError:
        return True
    return {**old, "command": None} != {**new, "command": None}


def _put_aside(folder: Path, names: list[str]) -> None:
    number = 1 + sum(1 for _ in folder.glob("record-*.json"))
    for name in names:
        file = folder / name
        file.replace(file.with_stem(f"{file.stem}-{number}"))


def _read(file: Path) -> str:
    try:
        return _text(file.read_bytes())
    except OSError:
        return ""


def _text(output: bytes) -> str:
    return output.decode("utf-8", "surrogateescape")


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _cuda_version() -> str | None:
    """The version of CUDA that torch was built with, without importing torch."""
    torch = find_spec("torch")
    if torch is None or torch.origin is None:
        return None
    text = _read(Path(torch.origin).with_name("version.py"))
    found = re.search(r"^cuda\b[^=]*= *['\"]([\d.]+)", text, re.M)
    return found[1] if found else None


def _gpus() -> list[str]:
    """The names of NVIDIA's GPUs, as their driver on Linux tells them."""
    files = sorted(Path("/proc/driver/nvidia/gpus").glob("*/information"))
    found = (re.search(r"^Model:\s*(.*)$", _read(file), re.M) for file in files)
    return [match[1].strip() for match in found if match]
