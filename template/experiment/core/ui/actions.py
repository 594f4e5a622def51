"""What can be done with a run from its page: stop, go on, save, sample, export.

Template's file: updates replace it. A run that the queue started is the queue's to stop; one that
was started by hand is asked by the signal that Ctrl-C's sender would use, and by its lock we know
that its process is the one that is meant.
"""

import os
import signal
import socket
from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from ..errors import UserError
from ..queue.job import FAILED, RUNNING, STOPPED, UNDONE, Job
from ..queue.start import ensure_dispatcher
from ..runs.disk_errors import unwritable
from ..runs.requests import SAMPLE, SAVE, ask
from ..runs.status import FINISHED
from ..runs.table import RunRow
from .errands import Errand, carry_out
from .site import Site, back_to, field_of, site_of


@dataclass(frozen=True)
class Action:
    """A button.

    Attributes:
        do: What the form says.
        label: What stands on it.
        what: What it does.
        quiet: Whether it is not what one usually wants.
    """

    do: str
    label: str
    what: str
    quiet: bool = False


STOP = Action("stop", "Stop", "saves where it is, and ends; it can go on from there")
KILL = Action("kill", "Kill", "ends it now; it goes on from its last checkpoint", quiet=True)
GO_ON = Action("go-on", "Go on", "from where it was saved, in the queue")
SAVE_NOW = Action("save", "Save now", "write a checkpoint, and go on")
SAMPLE_NOW = Action("sample", "Sample now", "draw what it predicts for a few samples, and go on")
EXPORT = Action("export", "Export", "its best network, for use without this project", quiet=True)
REMOVE = Action("remove", "Out of the queue", "it is not trained")


def possible(row: RunRow | None, job: Job | None) -> list[Action]:
    """The buttons that do something for a run as it is now."""
    found: list[Action] = []
    if job is not None and job.state in UNDONE and (row is None or not row.is_alive):
        is_done = row is not None and row.status == FINISHED  # its process is about to end
        found += [STOP, REMOVE] if job.state != RUNNING else [KILL] if is_done else [STOP, KILL]
    if row is not None and row.is_alive:
        found += [STOP, SAVE_NOW, SAMPLE_NOW, KILL]
    is_over = row is None or not row.is_alive
    can_go_on = job is not None and job.state in {STOPPED, FAILED}
    by_hand = job is None and row is not None and row.status != FINISHED
    if is_over and (can_go_on or by_hand):
        found.append(GO_ON)
    if row is not None and row.best is not None:
        found.append(EXPORT)
    return found


async def act(request: Request) -> Response:
    """Carry out what a button says."""
    site, name, do = site_of(request), field_of(request, "run"), field_of(request, "do")
    job = site.job_of(name)
    has_begun = (site.run_folder(name) / "config.yaml").is_file()
    if not has_begun and job is None:
        raise HTTPException(404, "There is no such run.")
    row = site.row(name) if has_begun else None
    try:
        if do not in {action.do for action in possible(row, job)}:
            return back_to(f"/run/{name}", said="That cannot be done now.")
        return await _do(site, do, name, row, job)
    except UserError as error:
        return back_to(f"/run/{name}", said=str(error))


async def _do(site: Site, do: str, name: str, row: RunRow | None, job: Job | None) -> Response:
    said = ""
    if do in {"stop", "kill"}:
        said = _stop(site, row, job, hard=do == "kill")
    elif do == "remove" and job is not None:
        site.queue.remove(job.id)
        return back_to("/queue", said=f"{name} is out of the queue.")
    elif do == "go-on":
        said = await _go_on(site, name, job)
    elif do in {"save", "sample"}:
        folder = site.run_folder(name)
        try:
            ask(folder, SAVE if do == "save" else SAMPLE)
        except OSError as error:
            raise unwritable(folder, error) from None
        what = "save" if do == "save" else "draw samples"
        said = f"It is asked to {what}, which it does after its next step."
    elif do == "export":
        words = ["export", "--name", name, "--format", "all", *site.output_words]
        page = f"/run/{name}"
        export = Errand(f"Exporting {name}", words, page, page, asked=tuple(words))
        errand = site.errands.start(export)
        return back_to(f"/errand/{errand.id}")
    return back_to(f"/run/{name}", said=said)


def _stop(site: Site, row: RunRow | None, job: Job | None, hard: bool) -> str:
    if job is not None and job.state in UNDONE:
        site.queue.stop(job.id, hard)
        ensure_dispatcher(site.output)  # which sees to it
        return "It is asked to end." if not hard else "It is ended."
    if row is None or not row.is_alive:
        raise UserError("it does not run any more")
    process = row.summary.get("process") or {}
    if process.get("host") != socket.gethostname():
        raise UserError(f"it runs on {process.get('host')}: stop it there")
    try:
        os.kill(int(process["pid"]), signal.SIGKILL if hard else signal.SIGTERM)
    except (ProcessLookupError, PermissionError, KeyError) as error:
        raise UserError(f"its process cannot be asked: {error}") from None
    return "It is asked to end." if not hard else "It is ended."


async def _go_on(site: Site, name: str, job: Job | None) -> str:
    if job is not None:
        site.queue.go_on(job.id)
        ensure_dispatcher(site.output)
        return "It waits in the queue, and goes on from where it was saved."
    file = site.run_folder(name) / "config.yaml"
    words = ["queue", "add", "--json", "fit", "--config", str(file), f"--name={name}"]
    await carry_out([*words, *site.output_words])
    return "It waits in the queue, and goes on from where it was saved."
