"""What is made of texts once and then shared by every run: files in ``data.cache``.

Template's file: updates replace it.

Each stands under a name that is a hash of what it is made from. What is there is whole: it is
written under another name, and renamed when it is finished. Of several processes that want the
same, one makes it and the others wait; after a kill, the next one starts it anew. All of it may be
deleted at any time.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from filelock import FileLock
from tqdm import tqdm

VERSION = 3  # of what a hash stands for: another one whenever a reader reads something otherwise


def digest_of(*parts: Any) -> str:
    """A name for what is made from these."""
    return hashlib.sha256(json.dumps([VERSION, *parts]).encode()).hexdigest()[:20]


def progress_of(what: str, num_bytes: int | None = None) -> "tqdm[Any]":
    """A bar that counts bytes, at a terminal and of what takes longer than two seconds."""
    return tqdm(
        total=num_bytes, desc=what, unit="B", unit_scale=True, leave=False, delay=2, disable=None
    )


def make_once(path: Path, make: Callable[[Path], None]) -> None:
    """Let one process make a file or folder under another name, and rename it when it is whole."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.unfinished")
    with FileLock(path.with_name(f".{path.name}.lock")):
        if path.exists():
            return
        if unfinished.is_dir():  # of a process that was killed
            shutil.rmtree(unfinished)
        make(unfinished)
        os.replace(unfinished, path)
