"""The page of one run: how far it is, its curves, what it says, and what can be done with it.

Template's file: updates replace it. All of it is read from the run's files: it is the same whoever
started the run, and whether or not this server lived then.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from ..commands.compare_runs import charts
from ..loggers.wandb_host import wandb_base_url
from ..queue.job import CONSOLE, RUNNING, WAITING, Job
from ..runs.curves import Points
from ..runs.table import RunRow
from .access.headers import content_policy
from .access.wandb_address import wandb_address, wandb_origin
from .actions import possible
from .site import INSPECTION, Site, back_to, site_of

LOG_LINES, LOG_BYTES = 60, 32_768
PICTURES = ("samples/*.png", "confusion*.png")
PAGES = (INSPECTION, "inspect-model/index.html")
# Of a whole frame only: forms and links of our own page, no other window, nothing above it.
SANDBOX = "sandbox allow-scripts allow-same-origin allow-forms allow-downloads"


def run(request: Request) -> Response:
    """The page."""
    answer = _answer(request, "run.html")
    answer.headers["Content-Security-Policy"] = f"{SANDBOX}; {content_policy()}"
    return answer


def live_run(request: Request) -> Response:
    """The part of it that changes."""
    return _answer(request, "run_live.html")


def live_actions(request: Request) -> Response:
    """Its buttons, apart: they change seldom, and a pointer or the focus may be on one."""
    site, name = site_of(request), request.path_params["name"]
    _, row, job = _found(site, name)
    return site.page(request, "run_actions.html", name=name, row=row, actions=possible(row, job))


def go(request: Request) -> Response:
    """After a start: on to the logger's page, as soon as there is one."""
    site, name = site_of(request), request.path_params["name"]
    job, folder = site.job_of(name), site.run_folder(name)
    if job is not None and job.state == WAITING:
        text = f"It waits for {job.device}, as number {job.place} in the queue."
        return back_to(f"/run/{name}", said=text)
    if (folder / "config.yaml").is_file():
        row = site.row(name)
        record = row.summary.get("wandb") or {}
        if address := _wandb(row):
            return RedirectResponse(address, 303)
        if record.get("mode") not in {None, "online"} or not row.is_alive or row.step:
            return back_to(f"/run/{name}")
    return site.page(request, "going.html", name=name)


def _answer(request: Request, template: str) -> Response:
    site, name = site_of(request), request.path_params["name"]
    folder, row, job = _found(site, name)
    known = _known(row, folder, site.curves) if row is not None else {}
    return site.page(
        request,
        template,
        name=name,
        row=row,
        job=job,
        log=_log(site, folder, job),
        actions=possible(row, job),
        unread=site.unread([folder / "metrics.jsonl"]),
        **{"charts": [], "wandb": "", "pictures": [], "pages": [], "downloads": [], **known},
    )


def _found(site: Site, name: str) -> tuple[Path, RunRow | None, Job | None]:
    """Its folder, the run and its job: one of the two there is."""
    folder, job = site.run_folder(name), site.job_of(name)
    row = site.row(name) if (folder / "config.yaml").is_file() else None
    if row is None and job is None:
        raise HTTPException(404, "There is no such run.")
    return folder, row, job


def _known(
    row: RunRow, folder: Path, curves: Callable[[Path], dict[str, Points]]
) -> dict[str, Any]:
    pictures = [max(found, key=_drawn) for it in PICTURES if (found := list(folder.glob(it)))]
    return {
        "charts": charts([row], curves),
        "wandb": _wandb(row),
        "pictures": [_picture(file, folder) for file in pictures],
        "pages": [page for page in PAGES if (folder / page).is_file()],
        "downloads": _downloads(row, folder),
    }


def _picture(file: Path, folder: Path) -> tuple[str, int]:
    """Its path, and a number that is another one once it was drawn again."""
    return file.relative_to(folder).as_posix(), _drawn(file)


def _downloads(row: RunRow, folder: Path) -> list[tuple[str, str]]:
    """Files worth taking away: path and what it is."""
    best = (row.summary.get("best") or {}).get("checkpoint")
    found = [(str(best), "the best checkpoint")] if best and (folder / str(best)).is_file() else []
    if (folder / "checkpoints/last.ckpt").is_file():
        found.append(("checkpoints/last.ckpt", "the newest checkpoint"))
    found += [(f"export/{file.name}", "exported") for file in sorted(folder.glob("export/*.*"))]
    found += [
        (name, what)
        for name, what in (("config.yaml", "its configuration"), ("metrics.jsonl", "all metrics"))
        if (folder / name).is_file()
    ]
    return found


def _wandb(row: RunRow) -> str:
    """The address of its page on W&B, if it is one of the configured host."""
    record = row.summary.get("wandb") or {}
    url = record.get("url") if record.get("mode") == "online" else None
    return wandb_address(str(url), wandb_origin(wandb_base_url())) or "" if url else ""


def _log(site: Site, folder: Path, job: Job | None) -> str:
    """The last lines: of the run, or of its job while there is no run."""
    files = [folder / "train.log"]
    if job is not None:
        console = site.queue.folder_of(job) / CONSOLE
        files = [console] if job.state == RUNNING else [*files, console]
    return next((text for text in map(_tail, files) if text), "")


def _tail(file: Path) -> str:
    try:
        with open(file, "rb") as opened:
            opened.seek(max(0, opened.seek(0, 2) - LOG_BYTES))
            text = opened.read().decode("utf-8", "replace")
    except OSError:
        return ""
    # A bar that is drawn over and over: its last state.
    lines = [line.rsplit("\r", 1)[-1] for line in text.splitlines()]
    return "\n".join(lines[-LOG_LINES:])


def _drawn(file: Path) -> int:
    """When it was written; 0 where it is gone by now."""
    try:
        return file.stat().st_mtime_ns
    except OSError:
        return 0
