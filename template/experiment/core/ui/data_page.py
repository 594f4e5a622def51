"""The page of data: what lies where trainings may read, and more of it by upload.

Template's file: updates replace it.
"""

import os
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from ..files import project_path
from .site import back_to, site_of

UPLOAD = "/upload"
MOST = 200  # entries of a folder that are listed
PAGE = "inspect-data/index.html"


async def data(request: Request) -> Response:
    """The page."""
    site = site_of(request)
    return site.page(
        request,
        "data.html",
        roots={root: _folders(project_path(root)) for root in site.ui.data_roots},
        limit=site.ui.max_upload,
        action=f"{UPLOAD}?csrf={request.state.csrf}",
        inspected=(site.output / PAGE).is_file(),
        inspection=PAGE,
        problem="",
    )


async def upload(request: Request) -> Response:
    """Take an archive into the first of the folders."""
    site = site_of(request)
    try:
        unpacked = await site.uploads.receive(request)
    except HTTPException as error:
        raise HTTPException(error.status_code, f"{error.detail} Nothing of it was kept.") from None
    site.uploaded.add(unpacked.folder)
    kept = f"{unpacked.files:,} files are in {unpacked.folder.name}"
    left = f"; {unpacked.passed_over:,} hidden ones were left out" if unpacked.passed_over else ""
    return back_to("/data", said=f"{kept}{left}. It is looked at before it is first trained on.")


def _folders(root: Path) -> list[tuple[str, str]]:
    """What lies in a folder, as it is set in a configuration, and its name."""
    try:
        names = sorted(entry.name for entry in os.scandir(root) if not entry.name.startswith("."))
    except OSError:
        return []
    return [(os.path.join(root, name), name) for name in names[:MOST]]
