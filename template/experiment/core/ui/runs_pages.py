"""The pages of all runs: the table, and several side by side.

Template's file: updates replace it.
"""

from typing import Any

from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from ..commands.compare_runs import charts, sections
from ..errors import UserError
from ..runs.selection import chosen, ordered
from ..runs.table import RunRow
from .site import site_of

MOST = 1000  # rows of the table
COMPARED = 12


async def runs(request: Request) -> Response:
    """The table."""
    return await _answer(request, "runs.html")


async def live_runs(request: Request) -> Response:
    """The table alone, for a page that is open."""
    return await _answer(request, "runs_table.html")


async def _answer(request: Request, template: str) -> Response:
    rows = await site_of(request).rows()
    return await run_sync(_page, request, template, rows)  # of a thousand it takes a while


def _page(request: Request, template: str, rows: list[RunRow]) -> Response:
    return site_of(request).page(request, template, **_table(request, rows))


def _table(request: Request, rows: list[RunRow]) -> dict[str, Any]:
    site, asked = site_of(request), request.query_params
    where, sort = asked.get("where", "").strip(), asked.get("sort", "").strip()
    refused = ""
    try:
        rows = chosen(rows, where.split())
        rows = ordered(rows, sort) if sort else rows
    except UserError as error:
        refused = str(error)
    metrics = {row.metric for row in rows if row.metric}
    return {
        "rows": rows[:MOST],
        "settings": site.settings_of(rows[:MOST]),
        "metric": metrics.pop() if len(metrics) == 1 else None,
        "where": where,
        "sort": sort,
        "refused": refused,
        "ticked": set(asked.getlist("run")),
        "query": request.url.query,
    }


async def compare(request: Request) -> Response:
    """Runs side by side."""
    return await run_sync(_compare, request)


def _compare(request: Request) -> HTMLResponse:
    site = site_of(request)
    names = list(dict.fromkeys(request.query_params.getlist("run")))
    if not 2 <= len(names) <= COMPARED:
        text = f"Tick two runs or more, at most {COMPARED}."
        return site.page(request, "message.html", 400, title="Compare", text=text)
    rows = [site.row(name) for name in names]
    return site.page(
        request,
        "compare.html",
        names=names,
        sections=sections(rows),
        charts=charts(rows, site.curves),
        unread=site.unread(
            [row.folder / "metrics.jsonl" for row in rows]
        ),  # SVG whose texts are escaped where it is drawn
    )
