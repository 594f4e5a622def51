"""``main.py queue``: trainings in turn, one at a time on each device of this machine.

Template's file: updates replace it. What can be said stands in config/cli_queue.py; the work is
done in core/queue/.
"""

import json
import sys
import time
from argparse import Namespace
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..console import say, speak_into
from ..errors import UserError
from ..files import shown
from ..queue.dispatcher import LOG, serve
from ..queue.freeze import enqueue
from ..queue.job import ENDED, RUNNING, UNDONE, WAITING, Job
from ..queue.queue import Queue
from ..queue.start import dispatcher_of, ensure_dispatcher, has_work
from ..runs.run_folders import all_runs
from ..runs.status import is_locked
from ..runs.summary import read_summary
from ..tables import aligned
from .dispatch import Build

SHOWN = 20  # jobs that are over, in the table
COLUMNS = ("place", "id", "run", "device", "state", "since", "")


def run(arguments: Namespace, config_type: type, build: Build) -> int:
    """Show or change the queue, and see to it that somebody moves it."""
    queue = Queue(Path(arguments.output))
    action, *words = arguments.action or ["show"]
    if arguments.serve:
        return _serve(queue)
    if action == "add":
        with speak_into(sys.stderr) if arguments.json else nullcontext():
            job = enqueue(queue, words, arguments.job, config_type, arguments.device)
    elif action == "move":
        job = queue.move(words[0], _place(words[1]))
    elif action == "stop":
        job = queue.stop(words[0], arguments.hard)
    elif action == "again":
        job = queue.go_on(words[0])
    elif action == "rm":
        job = queue.remove(words[0])
    else:
        job = None
    if job is not None:  # it is so, whether or not a dispatcher starts
        _print_job(queue, job, action, arguments.json)
    if has_work(queue.output):
        ensure_dispatcher(queue.output)
    if job is None:
        print(json.dumps(_as_json(queue), indent=2)) if arguments.json else _show(queue)
    return 0


def _print_job(queue: Queue, job: Job, action: str, as_json: bool) -> None:
    if as_json:
        print(json.dumps(asdict(job), indent=2), flush=True)
    else:
        say(_in_a_line(queue, job, action))


def _serve(queue: Queue) -> int:
    if (sign := dispatcher_of(queue.output)) is not None:
        say(f"process {sign.process.pid} moves the queue; this one takes over once that ends")
    serve(queue.output, stays=True)
    return 0


def _place(text: str) -> int:
    if not text.isdecimal():
        raise UserError(f"command line: queue move ID PLACE: {text} is no place; 1 is the next")
    return int(text)


def _in_a_line(queue: Queue, job: Job, action: str) -> str:
    what = f"job {job.id}: {job.run} on {job.device}"
    if action == "rm":
        return f"{what} is out of the queue"
    if job.state == RUNNING and job.stopping:
        return f"{what} is asked to end"
    place = f", place {job.place}" if job.place and job.state == WAITING else ""
    return f"{what}, {job.state}{place}; what it prints: {shown(queue.folder_of(job))}/console.log"


def _as_json(queue: Queue) -> dict[str, Any]:
    sign = dispatcher_of(queue.output)
    return {
        "devices": queue.devices(),
        "dispatcher": sign and {**asdict(sign.process), "age": round(sign.age, 1)},
        "jobs": [asdict(job) for job in queue.jobs()],
    }


def _show(queue: Queue) -> None:
    jobs = queue.jobs()
    if not jobs:
        say("the queue is empty; main.py queue add fit ... puts a training into it")
        return
    over = [job for job in jobs if job.state not in UNDONE]
    hidden = over[:-SHOWN]
    rows = [COLUMNS, *(_row(job) for job in jobs if job not in hidden)]
    for line in aligned(rows):
        say(line)
    if hidden:
        say(f"and {len(hidden)} that are over; --json lists them all")
    for remark in _beside(queue, jobs):
        say(remark)
    if (sign := dispatcher_of(queue.output)) and sign.is_late:
        say(
            f"process {sign.process.pid}, which moves the queue, has not been able to for "
            f"{sign.age:.0f} s: see {shown(queue.folder / LOG)}"
        )


def _row(job: Job) -> tuple[str, ...]:
    state, reason = job.state, job.reason or ""
    if job.state == RUNNING and job.stopping:
        state = "stopping"
    if job.is_elsewhere and job.process:
        reason = f"on {job.process.host}"
    since = {WAITING: job.created, RUNNING: job.started}.get(job.state, job.ended)
    place = str(job.place) if job.place else ""
    return place, job.id, job.run, job.device, state, _ago(since), reason


def _ago(moment: float | None) -> str:
    """How long ago, in one unit."""
    if not moment:
        return ""
    seconds = max(0.0, time.time() - moment)
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def _beside(queue: Queue, jobs: list[Job]) -> list[str]:
    """Runs that were started by hand: the queue does not wait for them."""
    of_jobs = {job.run for job in jobs if job.state != ENDED}
    remarks = []
    for folder in all_runs(queue.output):
        name = folder.relative_to(queue.output).as_posix()
        if {name, name.partition("/")[0]} & of_jobs:
            continue
        if read_summary(folder).get("status") == "running" and is_locked(folder):
            remarks.append(f"{name} runs too, started by hand: the queue does not wait for it")
    return remarks
