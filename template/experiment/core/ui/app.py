"""The routes of the page. ``Guard`` stands around all of them: who may is asked before any.

Template's file: updates replace it.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.routing import Route

from ..errors import UserError, in_a_line
from ..inspect.line_chart import STYLE as CHART_STYLE
from ..inspect.report.page_style import STYLE as PAGE_STYLE
from . import actions, data_page, queue_page, run_page, runs_pages, sweeps_page, train_page
from .access.serving import file_response, safe_file
from .site import Site, site_of

STATIC = Path(__file__).with_name("static")
KEPT = {"Cache-Control": "private, max-age=300"}


def make_app(site: Site) -> Starlette:
    """The app, unguarded. What only reads files is no coroutine: Starlette runs it in threads."""
    get, post = ["GET"], ["POST"]
    name = "{name:path}"
    routes = [
        Route("/", _home, methods=get),
        Route("/style.css", _style, methods=get),
        Route("/live.js", _script, methods=get),
        Route("/train", train_page.train, methods=get),
        Route("/train", train_page.start, methods=post),
        Route("/errand/{id}", train_page.errand, methods=get),
        Route("/live/errand/{id}", train_page.errand, methods=get),
        Route("/runs", runs_pages.runs, methods=get),
        Route("/live/runs", runs_pages.live_runs, methods=get),
        Route("/compare", runs_pages.compare, methods=get),
        Route(f"/run/{name}", run_page.run, methods=get),
        Route(f"/live/run/{name}", run_page.live_run, methods=get),
        Route(f"/live/act/{name}", run_page.live_actions, methods=get),
        Route(f"/go/{name}", run_page.go, methods=get),
        Route("/act", actions.act, methods=post),
        Route("/file/{path:path}", _file, methods=get),
        Route("/queue", queue_page.queue, methods=get),
        Route("/queue", queue_page.change, methods=post),
        Route("/live/queue", queue_page.live_queue, methods=get),
        Route("/sweeps", sweeps_page.sweeps, methods=get),
        Route("/sweeps", sweeps_page.start, methods=post),
        Route("/live/sweeps", sweeps_page.live_sweeps, methods=get),
        Route("/data", data_page.data, methods=get),
        Route(data_page.UPLOAD, data_page.upload, methods=post),
    ]
    handlers = {HTTPException: _http_error, UserError: _user_error, Exception: _fault}
    app = Starlette(routes=routes, exception_handlers=handlers, lifespan=_lifespan)  # pyright: ignore[reportArgumentType]
    app.state.site = site
    return app


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    app.state.site.uploads.clear()
    yield
    await app.state.site.errands.end_all()


async def _home(request: Request) -> Response:
    return RedirectResponse("/runs" if await site_of(request).rows() else "/train", 303)


def _style(request: Request) -> Response:
    style = PAGE_STYLE + CHART_STYLE + (STATIC / "style.css").read_text(encoding="utf-8")
    return Response(style, media_type="text/css", headers=KEPT)


def _script(request: Request) -> Response:
    return FileResponse(STATIC / "live.js", media_type="text/javascript", headers=KEPT)


def _file(request: Request) -> Response:
    """A file of a run, or of an inspection: nothing else of the folder of the runs is shown."""
    site, path = site_of(request), request.path_params["path"]
    if path.endswith("/"):  # as the page of a sweep leads to its trials
        return RedirectResponse(f"/run/{site.row(path.removesuffix('/')).name}", 303)
    return file_response(safe_file(site.output, path))


async def _http_error(request: Request, error: HTTPException) -> Response:
    titles = {404: "Not found", 405: "Not so"}
    text = error.detail if error.status_code != 404 or "no such" in error.detail else ""
    return site_of(request).page(
        request,
        "message.html",
        error.status_code,
        title=titles.get(error.status_code, "Refused"),
        text=text or "There is nothing under this address.",
    )


async def _user_error(request: Request, error: UserError) -> Response:
    return site_of(request).page(
        request, "message.html", 400, title="That cannot be done", text=str(error)
    )


async def _fault(request: Request, error: Exception) -> Response:
    """What nobody thought of; the server writes where it happened, and goes on."""
    return site_of(request).page(
        request,
        "message.html",
        500,
        title="This page has a fault",
        text=f"{in_a_line(error)}. The server's terminal says where. Trainings go on.",
    )
