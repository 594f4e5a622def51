"""The pages of all runs: the table, and several side by side.

Template's file: updates replace it.
"""

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from ..commands.compare_runs import charts, sections
from ..errors import UserError
from ..runs.selection import chosen, ordered
from .site import site_of

MOST = 1000  # rows of the table
COMPARED = 12


def runs(request: Request) -> Response:
    """The table."""
    return site_of(request).page(request, "runs.html", **_table(request))


def live_runs(request: Request) -> Response:
    """The table alone, for a page that is open."""
    return site_of(request).page(request, "runs_table.html", **_table(request))


def _table(request: Request) -> dict[str, object]:
    site, asked = site_of(request), request.query_params
    where, sort = asked.get("where", "").strip(), asked.get("sort", "").strip()
    rows, refused = site.rows(), ""
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


def compare(request: Request) -> HTMLResponse:
    """Runs side by side."""
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
        charts=charts(rows),  # SVG whose texts are escaped where it is drawn
    )
