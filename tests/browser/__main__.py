"""Drives a browser through the web page of real projects, while they really train.

    uv run --group browser python -m tests.browser                     everything, some 20 minutes
    uv run --group browser python -m tests.browser --only queue,sweep  these stories, of one task
    uv run --group browser python -m tests.browser --pictures FOLDER   where the screenshots go
    uv run --group browser python -m tests.browser --only docs         docs/ui-*.png, anew

It needs Chromium (`apt-get install chromium`). Each line is something that was seen to be so; the
first thing that is not ends it, with pictures of what was open, ``failed-*.png``. Pictures are
taken of each page, as wide as a desk and a phone, light and dark, and axe-core looks at them:
nothing of it may be serious. The last line: checks, pages that axe looked at, pictures, seconds.
"""

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
# Before Copier is imported, which hands them on. Hooks: the files alone are wanted.
os.environ.update(SMOKE="skip", SMOKE_PYTHON="none", WANDB_MODE="offline", CUDA_VISIBLE_DEVICES="")

PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
NEEDED = {"playwright": "playwright", "axe_playwright_python": "axe-playwright-python"}


def main() -> int:
    """1 if something is not as it should be, 2 if what it needs is not there."""
    if missing := what_is_missing():
        print(missing, file=sys.stderr)
        return 2
    from browser.tell import BY_NAME, OF_ONE, FailedStory, tell_all  # what it imports is there

    asked = parse(list(OF_ONE), BY_NAME)
    pictures = asked.pictures or Path(tempfile.mkdtemp(prefix="browser-pictures-"))
    pictures.mkdir(parents=True, exist_ok=True)
    print(f"pictures: {pictures}", flush=True)
    began = time.monotonic()
    try:
        told = tell_all(PROGRAM, pictures, asked.tasks, asked.only)
    except FailedStory as error:
        print(f"FAILED: {error}", file=sys.stderr)
        return 1
    print(f"{told}, {time.monotonic() - began:.0f} s")
    return 0


def what_is_missing() -> str:
    """One line: what, and how to get it; empty when all is there."""
    if not PROGRAM:
        return "there is no Chromium; get it with: apt-get install chromium"
    packages = [package for module, package in NEEDED.items() if find_spec(module) is None]
    if packages:
        return f"{' and '.join(packages)}: not installed; get it with: uv sync --group browser"
    return ""


def parse(stories: list[str], by_name: set[str]) -> argparse.Namespace:
    """Read what was typed."""
    from projects import TASKS

    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--pictures", type=Path, help="a folder; else a new one, whose name is said"
    )
    parser.add_argument(
        "--tasks",
        type=several(TASKS),
        default=["custom", "image_classification"],
        help="the first has the stories that are told once",
    )
    parser.add_argument(
        "--only",
        type=several(["whole", *stories]),
        default=["whole", *(story for story in stories if story not in by_name)],
        help=f"of whole, {', '.join(stories)}",
    )
    return parser.parse_args()


def several(known: list[str]) -> Callable[[str], list[str]]:
    """What reads names that are known, with commas between."""

    def read(text: str) -> list[str]:
        names = text.split(",")
        if unknown := [name for name in names if name not in known]:
            raise argparse.ArgumentTypeError(f"{unknown[0]}: choose of {', '.join(known)}")
        return names

    return read


if __name__ == "__main__":
    sys.exit(main())
