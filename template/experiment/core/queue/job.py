"""A job: one training of the queue, as ``runs/.queue/<id>/job.json`` has it.

Template's file: updates replace it.
"""

import json
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

import psutil

from ..files import write_json
from ..runs.frozen_job import JOB
from ..runs.processes import Identity, marked

JOB_FILE, CONSOLE = "job.json", "console.log"

WAITING, RUNNING, ENDED, FAILED = "waiting", "running", "ended", "failed"
STOPPED = "stopped"  # by hand, and never started again unless asked
LOST = "lost"  # its processes are gone, and nobody wanted that: it goes on before all others
UNDONE = {WAITING, RUNNING, LOST}  # something is to be done for these
HARD, GENTLE = "hard", "gentle"


@dataclass
class Job:
    """One training, from when it is queued until it is over.

    Attributes:
        id: A number that no other job of this queue ever gets.
        words: What was typed, or would be, after main.py.
        run: The name of its run or sweep, decided when it was queued.
        device: ``cpu``, or a GPU as CUDA_VISIBLE_DEVICES names it.
        command: ``fit`` or ``sweep``.
        options: What of the words is no setting: the settings are frozen in base.yaml.
        python: The program that it was queued with, which trains.
        folder: Where it was typed, at which relative paths among the words start.
        created: When, in seconds of the clock; ``started`` and ``ended`` likewise.
        state: One of the words above.
        reason: Why it is in this state, where that is to be said.
        process: The first of its processes; None until that has begun.
        starts: How often it was started; each start knows its own number.
        lost: How often in a row it was lost without having got on.
        code: The exit code; None while there is none, or when nobody was left to write it down.
        stopping: How it was asked to end: ``gentle`` or ``hard``.
        asked: When it got its SIGTERM.
        before: What its run had written when it was started: see ``settle.py``.
        resumes: Whether its run has a checkpoint of its own by now, to go on from.
        place: Of a waiting one, 1 for the next on its device; not kept in its file.
    """

    id: str
    words: list[str]
    run: str
    device: str
    command: str
    options: list[str]
    python: str
    folder: str
    created: float
    state: str = WAITING
    reason: str | None = None
    process: Identity | None = None
    starts: int = 0
    lost: int = 0
    code: int | None = None
    started: float | None = None
    ended: float | None = None
    stopping: str | None = None
    asked: float | None = None
    before: dict[str, int] = field(default_factory=dict)
    resumes: bool = False
    place: int | None = None

    @property
    def is_elsewhere(self) -> bool:
        """Whether another machine runs it, whose processes cannot be seen from here."""
        return self.state == RUNNING and self.process is not None and not self.process.is_here

    def save(self, folder: Path) -> None:
        """Write it down whole or not at all, so that it outlives a power cut."""
        content = {name: value for name, value in asdict(self).items() if name != "place"}
        write_json(folder / JOB_FILE, content, flush=True)


def read_job(folder: Path) -> Job:
    """The job of a folder; one that cannot be read is shown as failed, and can be removed."""
    try:
        content = json.loads((folder / JOB_FILE).read_text(encoding="utf-8"))
        known = {name: content[name] for name in content.keys() & {f.name for f in fields(Job)}}
        process = known.pop("process")
        return Job(**known, process=Identity(**process) if process else None)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        reason = f"{JOB_FILE} cannot be read ({type(error).__name__}); queue rm {folder.name}"
        return Job(folder.name, [], "?", "?", "?", [], "", "", 0.0, FAILED, reason)


def processes(folder: Path) -> list[psutil.Process]:
    """The living processes of a job, the eldest first, in whatever session."""
    return marked(JOB, str(folder.resolve()))
