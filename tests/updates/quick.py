"""Copier, watched and quicker: its programs are recorded, and what it makes twice is made once.

Copier renders a template three times an update. Here a rendering is a function of version, answers
and exclusions, kept in a folder (and harness/quick_copier.py holds). Merging is all Copier's own.
What a person types is tried in tests/test_update.py and by ``--time``.
"""

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from copier import _main as copier_main

IN_PASSING = ("old_copy.", "new_copy.")  # of the folders that Copier makes while it updates
WATCHED = ((copier_main, "subprocess"), (copier_main.Worker, "_render_template"))


@dataclass
class Program:
    """A program that a template asked for.

    Args:
        stage: ``task``, or ``before`` or ``after`` of a migration.
        words: Its command.
        said: What it printed.
    """

    stage: str
    words: list[str]
    said: str


class Watch:
    """Stands where Copier's main module expects ``subprocess``, and keeps a record."""

    def __init__(self) -> None:
        self.programs: list[Program] = []

    def run(self, words: Any, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run a program as ``subprocess.run`` does, and remember it."""
        done = subprocess.run(words, capture_output=True, text=True, errors="replace", **options)
        stage = options["env"].get("STAGE", "")
        self.programs.append(Program(stage, list(map(str, words)), done.stdout + done.stderr))
        return done


def watch_copier(cache: Path) -> Watch:
    """Let Copier run as a watched, quicker one in this process, until ``WATCHED`` is put back.

    Args:
        cache: Where renderings are kept, for all processes of a matrix.
    """
    watch = Watch()
    main: Any = copier_main
    main.subprocess = watch
    main.Worker._render_template = _kept(main.Worker._render_template, cache)
    return watch


def _kept(render: Callable[[Any], None], cache: Path) -> Callable[[Any], None]:
    """``Worker._render_template``, which fetches what was rendered before in passing."""

    def render_or_fetch(self: Any) -> None:
        folder = Path(self.dst_path)
        if not any(name in str(folder) for name in IN_PASSING):
            return render(self)
        kept = cache / _key(self)
        if not kept.exists():
            render(self)
            fresh = Path(f"{kept}.{os.getpid()}")
            shutil.copytree(folder, fresh, symlinks=True)
            with suppress(OSError):  # another process was faster
                fresh.rename(kept)
        elif not folder.exists() or not any(folder.iterdir()):
            shutil.copytree(kept, folder, symlinks=True, dirs_exist_ok=True)
        return None

    return render_or_fetch


def _key(worker: Any) -> str:
    """Name a rendering by all that it depends on."""
    answers = dict(worker._answers_to_remember())
    depends = [worker.template.commit_hash, answers, list(worker.exclude), worker.data]
    return hashlib.sha256(json.dumps(depends, default=str, sort_keys=True).encode()).hexdigest()
