"""The page of data: what lies where trainings may read, and more of it by upload.

Template's file: updates replace it.
"""

import os

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from ..config.schema import known_keys
from ..files import project_path
from .form.form_texts import choices_of
from .site import INSPECTION, back_to, site_of

UPLOAD = "/upload"
KEPT_NOTHING = "Nothing was kept."  # some refusals say it themselves
MOST = 200  # entries of a folder that are listed
SOURCE, FOLDER = "data.source", "folder"


def data(request: Request) -> Response:
    """The page."""
    site = site_of(request)
    return site.page(
        request,
        "data.html",
        roots={root: _folders(root) for root in site.ui.data_roots},
        source=_source(site.config_type()),
        limit=site.ui.max_upload,
        action=f"{UPLOAD}?csrf={request.state.csrf}",
        inspected=(site.output / INSPECTION).is_file(),
        inspection=INSPECTION,
        problem="",
    )


async def upload(request: Request) -> Response:
    """Take an archive into the first of the folders."""
    site = site_of(request)
    try:
        unpacked = await site.uploads.receive(request)
    except HTTPException as error:
        detail = error.detail.removesuffix(f" {KEPT_NOTHING}")
        raise HTTPException(error.status_code, f"{detail} {KEPT_NOTHING}") from None
    site.uploaded.add(unpacked.folder)
    kept = f"{unpacked.files:,} files are in {unpacked.folder.name}"
    left = f"; {unpacked.passed_over:,} hidden ones were left out" if unpacked.passed_over else ""
    return back_to("/data", said=f"{kept}{left}. It is looked at before it is first trained on.")


def _source(config_type: type) -> str:
    """What makes a training read a folder; it would train on the demo with the folder ignored."""
    wanted = known_keys(config_type).get(SOURCE)
    return f"{SOURCE}={FOLDER}" if wanted and FOLDER in choices_of(wanted) else ""


def _folders(root: str) -> list[tuple[str, str]]:
    """What lies in a folder, as it is set in a configuration, and its name."""
    try:
        found = [entry.name for entry in os.scandir(project_path(root))]
    except OSError:
        return []
    names = sorted(name for name in found if not name.startswith("."))
    return [(os.path.join(root, name), name) for name in names[:MOST]]
