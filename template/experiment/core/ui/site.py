"""What the pages are about: the project, its runs, its queue; and how a page is rendered.

Template's file: updates replace it.
"""

import importlib
import sys
import time
from argparse import Namespace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import anyio
from anyio.to_thread import run_sync
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse

from ..config.cli_options import DEFAULTS
from ..config.ui import UiConfig
from ..errors import UserError, in_a_line
from ..files import PROJECT, project_path
from ..queue.job import Job
from ..queue.queue import Queue
from ..runs.curves import Curves, Points
from ..runs.run_folders import is_name
from ..runs.selection import told_settings
from ..runs.table import RunRow, read_run, read_runs
from ..tables import duration, shown_value
from .errands import Errands
from .uploads.upload_limits import Limits
from .uploads.uploaded import Uploaded
from .uploads.uploads import Uploads

NOTICED = 0.2  # seconds; what is read in less is read anew for each page
KEPT_CURVES = 24  # runs
CURVES_SECONDS = 1.0  # of reading for one answer; a page asks again after two
INSPECTION = "inspect-data/index.html"  # in the folder of the runs
TEMPLATES = Path(__file__).with_name("templates")


class Site:
    """One project on one server.

    Args:
        arguments: What was typed: which files are the configuration, where the runs lie.
        config_type: The root dataclass of the configuration.
        ui: What the page may do.
    """

    def __init__(self, arguments: Namespace, config_type: type, ui: UiConfig) -> None:
        self.arguments, self.ui = arguments, ui
        self.output = Path(arguments.output).resolve()
        self.queue = Queue(self.output)
        self.errands = Errands()
        self.uploaded = Uploaded(self.output)
        self.uploads = Uploads(project_path(ui.data_roots[0]), Limits(ui.max_upload_bytes))
        self._config_type = config_type
        self._config_seen = _stamp(config_type)
        self._reading, self._fresh_until = anyio.Lock(), 0.0
        self._rows: list[RunRow] = []
        self._curves: dict[Path, Curves] = {}
        self.templates = Environment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self.templates.filters.update(duration=duration, value=shown_value)

    @property
    def output_words(self) -> list[str]:
        """What has a command work in the folder that is shown, where that is not the usual one."""
        usual = project_path(DEFAULTS["output"]).resolve()
        return [] if self.output == usual else ["--output", str(self.output)]

    @property
    def project(self) -> str:
        return PROJECT.resolve().name

    def config_type(self) -> type:
        """The configuration's class, read again after config.py was edited.

        Raises:
            UserError: It cannot be imported any more.
        """
        if (seen := _stamp(self._config_type)) != self._config_seen:
            module = sys.modules[self._config_type.__module__]
            try:
                self._config_type = getattr(importlib.reload(module), self._config_type.__name__)
            except (Exception, SystemExit) as error:
                raise UserError(f"{module.__name__}: {in_a_line(error)}") from None
            self._config_seen = seen
        return self._config_type

    async def rows(self) -> list[RunRow]:
        """All runs, the newest first.

        A thousand take seconds: they are read beside the server's own work, once for all pages that
        ask at the time, and at most a quarter of the time.
        """
        async with self._reading:
            if time.monotonic() >= self._fresh_until:
                begin = time.monotonic()
                self._rows = (await run_sync(read_runs, self.output))[::-1]
                end = time.monotonic()
                self._fresh_until = end + 3 * (end - begin) if end - begin > NOTICED else end
            return list(self._rows)

    def curves(self, file: Path) -> dict[str, Points]:
        """The points of a ``metrics.jsonl``, of which only what is new is read."""
        known = self._curves.pop(file, None) or Curves(file)
        self._curves[file] = known  # the newest last
        for old in list(self._curves)[:-KEPT_CURVES]:
            self._curves.pop(old, None)
        return known.read(CURVES_SECONDS)

    def unread(self, files: list[Path]) -> str:
        """How much of the curves is still to be read; empty if nothing is."""
        shares = [known.share for file in files if (known := self._curves.get(file))]
        least = min(shares, default=1.0)
        return f"{least:.0%} of metrics.jsonl is read so far" if least < 1 else ""

    def row(self, name: str) -> RunRow:
        """The run of a name that came from a browser.

        Raises:
            HTTPException: There is none.
        """
        folder = self.run_folder(name)
        if not (folder / "config.yaml").is_file():
            raise HTTPException(404, "There is no such run.")
        return read_run(folder, self.output)

    def run_folder(self, name: str) -> Path:
        """Where a run of that name lies or would lie: in the folder of the runs, nowhere else.

        Raises:
            HTTPException: No run has such a name.
        """
        folder = self.output / name
        inside = is_name(name) and folder.resolve().is_relative_to(self.output)
        if not inside:
            raise HTTPException(404, "There is no such run.")
        return folder

    def job_of(self, name: str) -> Job | None:
        """The newest job of a run; None where it was started by hand."""
        jobs = [job for job in self.queue.jobs() if job.run == name]
        return max(jobs, key=lambda job: int(job.id), default=None)

    def settings_of(self, rows: list[RunRow]) -> dict[str, dict[str, str]]:
        """Of each run the settings in which they differ, by short names."""
        return {row.name: settings for row, settings in zip(rows, told_settings(rows), strict=True)}

    def page(
        self, request: Request, template: str, status: int = 200, **values: Any
    ) -> HTMLResponse:
        """A page of our own; everything that is put into it is escaped."""
        text = self.templates.get_template(template).render(
            project=self.project,
            path=request.url.path,
            csrf=request.state.csrf,
            said=request.query_params.get("said", "")[:300],
            **values,
        )
        return HTMLResponse(text, status)


def back_to(path: str, **query: str) -> RedirectResponse:
    """Lead a browser to a page of ours after a form was sent."""
    return RedirectResponse(f"{path}?{urlencode(query)}" if query else path, 303)


def field_of(request: Request, name: str) -> str:
    """One value of the form that was sent; empty where there is none."""
    values = request.state.form.get(name, [])
    return values[0].strip() if len(values) == 1 else ""


def site_of(request: Request) -> Site:
    return request.app.state.site


def _stamp(config_type: type) -> int | None:
    file = sys.modules[config_type.__module__].__file__
    try:
        return Path(file).stat().st_mtime_ns if file else None
    except OSError:
        return None
