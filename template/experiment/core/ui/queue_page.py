"""The page of the queue: what runs on each device, and what waits for it, in which order.

Template's file: updates replace it.
"""

from starlette.requests import Request
from starlette.responses import Response

from ..errors import UserError
from ..queue.job import UNDONE, WAITING
from ..queue.start import dispatcher_of, ensure_dispatcher
from .site import back_to, field_of, site_of

OVER = 50  # jobs that are over, and shown


def queue(request: Request) -> Response:
    """The page."""
    return _answer(request, "queue.html")


def live_queue(request: Request) -> Response:
    """The tables alone."""
    return _answer(request, "queue_table.html")


def _answer(request: Request, template: str) -> Response:
    site = site_of(request)
    jobs = site.queue.jobs()
    undone = [job for job in jobs if job.state in UNDONE]
    order = sorted(undone, key=lambda job: (job.state == WAITING, job.place or 0))
    devices = dict.fromkeys([*site.queue.devices(), *(job.device for job in undone)])
    sign = dispatcher_of(site.output)
    return site.page(
        request,
        template,
        devices={device: [job for job in order if job.device == device] for device in devices},
        over=[job for job in jobs if job.state not in UNDONE][::-1][:OVER],
        dispatcher=sign,
        is_needed=bool(undone),
    )


def change(request: Request) -> Response:
    """Move a job, take it out, stop it, or let it go on."""
    site, id, do = site_of(request), field_of(request, "id"), field_of(request, "do")
    try:
        job = site.queue.job(id)
        if do in {"up", "down"}:
            site.queue.move(id, (job.place or 1) + (1 if do == "down" else -1))
        elif do == "first":
            site.queue.move(id, 1)
        elif do == "remove":
            site.queue.remove(id)
        elif do == "again":
            site.queue.go_on(id)
        elif do in {"stop", "kill"}:
            site.queue.stop(id, hard=do == "kill")
        elif do != "start":
            return back_to("/queue", said="That cannot be done with a job.")
        ensure_dispatcher(site.output)
    except UserError as error:
        return back_to("/queue", said=str(error))
    return back_to("/queue")
