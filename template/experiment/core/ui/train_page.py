"""The page that a training is chosen and started on.

Template's file: updates replace it. What is set is checked by the code of the command line, twice:
here, for a sentence beside the field, and by the very command that the page shows, which is carried
out word for word. Nothing from a browser reaches a shell.
"""

import json
import secrets
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from ..config.cli import arguments_of, make_parser
from ..config.load import load_settings
from ..errors import UserError
from ..files import shown
from ..queue.job import UNDONE
from ..queue.queue import CPU
from ..queue.start import ensure_dispatcher
from ..runs.run_folders import is_name, named_folder
from .errands import RUNNING, Errand, carry_out
from .form.data_roots import data_paths
from .form.form import Section, sections, shown_again
from .form.form_check import check, load_preset
from .form.form_fields import RefusedField
from .form.form_post import from_post, given_settings
from .form.presets import command_words, pasted, preset_file, presets
from .site import INSPECTION, Site, back_to, field_of, site_of

LEAST_FREE = 500_000_000  # bytes; a checkpoint's own size is checked when training begins
NAME, DEVICE = "name", "device"
OWN = {"csrf", "do", "preset", "drawn", NAME, DEVICE}  # fields that are no settings


@dataclass
class Chosen:
    """What the form was filled with.

    Attributes:
        preset: The name of a file of ``configs/``.
        name: Of the run; empty for the next number.
        device: Of the queue.
        form: The fields.
        words: What differs from the preset, as it is typed.
    """

    preset: str
    name: str
    device: str
    form: list[Section]
    words: list[str]


def train(request: Request) -> Response:
    """The form: of a preset, of an earlier run, or with settings that another page gives."""
    site, asked = site_of(request), request.query_params
    run, given = asked.get("from", ""), asked.getlist("set")
    try:
        preset = asked.get("preset") or (_preset_of(site, run) if run else presets()[0])
        form, words = _form(site, preset, run, given)
    except UserError as error:
        return _cannot(request, error)
    chosen = Chosen(preset, asked.get("name", ""), asked.get("device", ""), form, words)
    return _page(request, chosen)


async def start(request: Request) -> Response:
    """Check what was set and, unless that was all, start it."""
    site = site_of(request)
    preset = field_of(request, "preset")
    posted = {key: values[-1] for key, values in request.state.form.items() if key not in OWN}
    try:
        form, _ = _form(site, preset, "", [])
    except UserError as error:
        return _cannot(request, error)
    chosen = Chosen(preset, field_of(request, "name"), field_of(request, "device"), form, [])
    try:
        chosen.words = from_post(posted, form)
        settings = check(chosen.words, preset_file(preset), site.config_type(), site.ui)
        _check_name(site, chosen.name)
        if field_of(request, "do") == "start":
            _check_place(site, chosen.device)
            drawn = field_of(request, "drawn")
            return _start(site, chosen, data_paths(settings.config), drawn)
    except RefusedField as error:
        chosen.form = shown_again(form, posted)
        return _page(request, chosen, 400, error.key, str(error))
    except UserError as error:
        chosen.form = shown_again(form, posted)
        return _page(request, chosen, 400, None, str(error))
    chosen.form = shown_again(form, posted)
    return _page(request, chosen, said=["Nothing is wrong with it.", *settings.remarks])


def errand(request: Request) -> Response:
    """The page of a check that is under way: it leads on when that is over."""
    site = site_of(request)
    found = site.errands.get(request.path_params["id"])
    if found is None:
        raise HTTPException(404, "That is over, or was never begun.")
    if found.state != RUNNING and found.code == 0:
        return back_to(found.leads_to)
    template = "errand_live.html" if request.url.path.startswith("/live/") else "errand.html"
    return site.page(request, template, errand=found)


def _form(site: Site, preset: str, run: str, given: list[str]) -> tuple[list[Section], list[str]]:
    """The fields with the preset's values and, over them, an earlier run's or given ones.

    Raises:
        UserError: The preset, or what is given over it, is refused.
    """
    config_type, file = site.config_type(), preset_file(preset)
    before: Any = load_preset(file, config_type).config
    now = before
    if run:
        now = load_preset(site.row(run).folder / "config.yaml", config_type).config
    if given:
        words = ["config", "--config", str(file), *given_settings(given, config_type)]
        now = load_settings(config_type, arguments_of(make_parser(None), words)).config
    form = sections(config_type, before, now, site.ui)
    return form, from_post({}, form)


def _preset_of(site: Site, run: str) -> str:
    """The preset that a run is nearest to, of those that it can be made from with this form.

    Raises:
        UserError: It can be made from none.
    """
    apart: dict[str, int] = {}
    refused: UserError | None = None
    for preset in presets():
        try:
            apart[preset] = len(_form(site, preset, run, [])[1])
        except UserError as error:  # it sets code that the run does not have, or the reverse
            refused = refused or error
    if refused and not apart:
        raise refused
    return min(apart, key=lambda preset: apart[preset])


def _page(
    request: Request,
    chosen: Chosen,
    status: int = 200,
    wrong: str | None = None,
    problem: str = "",
    said: Sequence[str] = (),
) -> Response:
    site = site_of(request)
    jobs = [job for job in site.queue.jobs() if job.state in UNDONE]
    named = chosen.name if is_name(chosen.name) else None
    waiting = {d: sum(job.device == d for job in jobs) for d in site.queue.devices()}
    return site.page(
        request,
        "train.html",
        status,
        chosen=chosen,
        drawn=secrets.token_urlsafe(9),
        presets=presets(),
        devices=waiting,
        wrong=wrong,
        problem=problem,
        checked=said,
        plain=[field for one in chosen.form for field in one.fields if field.plain],
        command=pasted([*command_words(chosen.preset, chosen.words, named), *site.output_words]),
    )


def _cannot(request: Request, error: UserError) -> Response:
    """The configuration itself is refused: there is no form."""
    title = "The configuration cannot be read"
    return site_of(request).page(request, "message.html", 400, title=title, text=str(error))


def _check_name(site: Site, name: str) -> None:
    """See that a new run can have the name; no name is the next number.

    Raises:
        RefusedField: It cannot.
    """
    if not name:
        return
    try:
        folder = named_folder(name, site.output)
    except UserError as error:
        raise RefusedField(str(error).removeprefix("--name "), NAME) from None
    if folder.exists():
        raise RefusedField(f"there is a run {name} already; choose another name", NAME)


def _check_place(site: Site, device: str) -> None:
    """See that there are the device and room on the disk.

    Raises:
        UserError: There are not.
    """
    if device not in site.queue.devices():
        raise RefusedField(f"there is no device {device}", DEVICE)
    site.output.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(site.output).free
    if free < LEAST_FREE:
        raise UserError(
            f"{shown(site.output)}: {free / 1e6:.0f} MB are free, too little: make room"
        )


def _start(site: Site, chosen: Chosen, paths: list[Path], drawn: str) -> Response:
    """A pre-flight, after which the training is queued; ``drawn`` is the form as it was shown."""
    queue = ["queue", "add", "--json", "--device", chosen.device]
    fit = command_words(chosen.preset, chosen.words, chosen.name)
    flight = Errand(
        title=f"Checking {chosen.name or 'the training'}",
        words=command_words(chosen.preset, chosen.words, command="smoke"),
        leads_to="/queue",
        variables={"CUDA_VISIBLE_DEVICES": "" if chosen.device == CPU else chosen.device},
        back=_form_again(chosen),
        asked=(drawn, *queue, *fit) if drawn else (),
        then=partial(_queue, site, [*queue, *fit, *site.output_words]),
    )
    if folder := site.uploaded.not_looked_at(paths):
        words = command_words(chosen.preset, chosen.words, command="inspect")
        flight = _inspected_first(site, flight, folder, words)
    return back_to(f"/errand/{site.errands.start(flight).id}")


def _inspected_first(site: Site, flight: Errand, folder: Path, words: list[str]) -> Errand:
    """Look at data that was uploaded before it is trained on."""

    async def fly(errand: Errand) -> None:
        site.uploaded.looked_at(folder)
        errand.leads_to = f"/errand/{site.errands.start(flight).id}"

    words = ["inspect", "data", *words[1:]]
    if site.output_words:
        words += ["--output", str(site.output / INSPECTION)]
    asked = ("first", *flight.asked) if flight.asked else ()
    title = f"Looking at {folder.name}"
    return Errand(title, words, "/data", flight.back, asked, then=fly)


def _form_again(chosen: Chosen) -> str:
    """The address of the form with what was set in it: not typed again if the check refuses it."""
    known = {"preset": chosen.preset, "name": chosen.name, "device": chosen.device}
    return f"/train?{urlencode([*known.items(), *(('set', word) for word in chosen.words)])}"


async def _queue(site: Site, words: list[str], errand: Errand) -> None:
    """Queue what the check had nothing against; a run that waits, or starts at once."""
    printed = await carry_out(words)
    errand.leads_to = f"/go/{json.loads(printed)['run']}"
    ensure_dispatcher(site.output)
