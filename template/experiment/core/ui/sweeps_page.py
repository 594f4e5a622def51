"""The page of sweeps: start one of ``sweeps/``, and watch those that lie among the runs.

Template's file: updates replace it. A sweep's own page is its ``index.html``.
"""

import json
from collections import Counter
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from ..errors import UserError
from ..files import PROJECT
from ..queue.job import UNDONE
from ..queue.start import ensure_dispatcher
from ..runs.run_folders import check_name
from ..sweep.trials import SweepFolder
from .errands import carry_out
from .site import Site, back_to, field_of, site_of

FILES, DEFAULT = "sweeps", "sweep.yaml"
MOST_WORKERS = 64


def sweeps(request: Request) -> Response:
    """The page."""
    return _answer(request, "sweeps.html")


def live_sweeps(request: Request) -> Response:
    """The table alone."""
    return _answer(request, "sweeps_table.html")


async def start(request: Request) -> Response:
    """Queue a sweep of one of the files, after all that the command line checks."""
    site, file = site_of(request), field_of(request, "file")
    name, device = field_of(request, "name"), field_of(request, "device")
    workers = field_of(request, "workers") or "1"
    try:
        if workers not in map(str, range(1, MOST_WORKERS + 1)):
            raise UserError(
                f"workers is {workers[:20]}; it must be a number from 1 to {MOST_WORKERS}"
            )
        if file not in _files():
            raise UserError(f"{FILES}/ has no {file}")
        if device not in site.queue.devices():
            raise UserError(f"there is no device {device}")
        words = ["queue", "add", "--json", "--device", device, "sweep", f"{FILES}/{file}"]
        words += ["--workers", workers, *([f"--name={check_name(name)}"] if name else [])]
        printed = await carry_out([*words, *site.output_words])
        ensure_dispatcher(site.output)
    except UserError as error:
        return back_to("/sweeps", said=str(error))
    return back_to("/sweeps", said=f"{json.loads(printed)['run']} is in the queue.")


def _answer(request: Request, template: str) -> Response:
    site = site_of(request)
    return site.page(
        request, template, files=_files(), devices=site.queue.devices(), found=_found(site)
    )


def _files() -> list[str]:
    """Their names, the one that ``main.py sweep`` takes by itself first."""
    names = sorted(file.name for file in (PROJECT / FILES).glob("[!.]*.yaml") if file.is_file())
    return sorted(names, key=lambda name: name != DEFAULT)


def _found(site: Site) -> list[dict[str, object]]:
    """The sweeps among the runs, the newest first, and those that wait."""
    jobs = {job.run: job for job in site.queue.jobs() if job.command == "sweep"}
    files = sorted(site.output.glob("*/sweep.yaml"), key=_age, reverse=True)
    rows = [_row(site, file.parent) for file in files]
    known = {row["name"] for row in rows}
    waiting = [{"name": n, "states": {}, "page": ""} for n, job in jobs.items() if n not in known]
    return [{**row, "job": jobs.get(str(row["name"])), "undone": UNDONE} for row in waiting + rows]


def _row(site: Site, folder: Path) -> dict[str, object]:
    states = Counter(trial.state for trial in SweepFolder(folder).trials())
    has_page = (folder / "index.html").is_file()
    return {
        "name": folder.relative_to(site.output).as_posix(),
        "states": dict(states),
        "page": "index.html" if has_page else "",
    }


def _age(file: Path) -> float:
    try:
        return file.stat().st_mtime
    except OSError:
        return 0.0
