"""How long an update takes a person: typed, of an edited project, by one release."""

import resource
import shutil
import statistics
import tempfile
import time
from pathlib import Path

from projects import DEFAULT_TASK, Project

from updates.edits import EDITS
from updates.matrix import Bench, Cell
from updates.releases import TAGS

LIMIT = 5.0  # seconds, on two cores that nobody else uses


def time_updates(bench: Bench, times: int = 5) -> bool:
    """Print each time and the median; whether it is short enough."""
    seconds: list[float] = []
    with tempfile.TemporaryDirectory(prefix="updates-") as name:
        folder = Path(name)
        project = bench.project(Cell(DEFAULT_TASK, EDITS["all ordinary together"], "jump"), folder)
        for number in range(times):
            copy = Project(folder / f"copy-{number}")
            shutil.copytree(project.path, copy.path, symlinks=True)
            wall, processor = timed(copy)
            print(f"update {number + 1}: {wall:5.1f} s, of which at work {processor:4.1f} s")
            seconds.append(wall)
    median = statistics.median(seconds)
    print(f"updates: a median of {median:.1f} s, at most {LIMIT:.0f} s")
    return median < LIMIT


def timed(project: Project) -> tuple[float, float]:
    """Type an update; seconds by the clock, and of the processors."""
    used, started = children(), time.monotonic()
    words = ("update", "--trust", "--defaults", "--quiet", "--vcs-ref", TAGS[1])
    done = project.copier(*words, SMOKE="skip", SMOKE_PYTHON="none")
    assert done.returncode == 0, done.stdout + done.stderr
    return time.monotonic() - started, children() - used


def children() -> float:
    """Seconds that processors have worked for our children."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
