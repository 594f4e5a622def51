"""The page of data: what lies where trainings may read, and more of it by upload.

Template's file: updates replace it.
"""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from ..files import project_path
from .site import back_to, site_of

UPLOAD = "/upload"
MOST = 200  # entries of a folder


async def data(request: Request) -> Response:
    """The page."""
    site = site_of(request)
    roots = {root: _entries(project_path(root)) for root in site.ui.data_roots}
    return site.page(request, "data.html", roots=roots, limit=site.ui.max_upload, upload=UPLOAD)


async def upload(request: Request) -> Response:
    return back_to("/data")


def _entries(root: Path) -> list[dict[str, object]]:
    return []
