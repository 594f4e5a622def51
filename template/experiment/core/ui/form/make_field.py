"""One field of the form: what it is set with, what it is called, and what of it is offered.

Template's file: updates replace it.
"""

import re
import types
from dataclasses import MISSING, replace
from typing import Any, get_origin

from ...config.field_types import members
from ...config.meaning import harmless_values
from ...config.ui import UiConfig
from .code_settings import has_code
from .field_ranges import EVERY_NUMBER, Range
from .form_fields import BOOLEAN, SECTION_SWITCH, Field, Kind
from .form_texts import choices_of, is_optional, is_text, text_of

# Units that a comment may begin with, as in `# pixels; each side` or `# steps between two rows`.
UNITS = ("pixels", "bytes", "MiB", "GiB", "MB", "GB", "seconds", "minutes", "hours", "days", "Hz")
UNITS += ("optimizer steps", "steps", "epochs", "batches", "samples", "tokens", "windows", "frames")
UNITS += ("validations", "channels", "layers", "blocks", "machines", "percent", "dB", "ms")
BEGINS_WITH_UNIT = re.compile(rf"({'|'.join(UNITS)})(?![\w-])")
# Units that a name may end with, as in `stall_minutes`.
NAMED_UNITS = ("seconds", "minutes", "hours")
READ_ONLY = "runs code: set it in the preset's file, or allow it here with ui.allow_code: true"


def make_field(
    key: str, wanted: Any, values: list[Any], help_: str, limits: Range | None, ui: UiConfig
) -> Field:
    before, now = ("" if value is MISSING else text_of(value, wanted) for value in values)
    kind, limits = _kind(wanted), limits or EVERY_NUMBER
    whole = kind == "number" and int in members(wanted)
    return Field(
        key=key,
        label=_label(key),
        kind=kind,
        value=now,
        default=before,
        wanted=wanted,
        help=help_,
        choices=BOOLEAN if kind == "switch" else tuple(choices_of(wanted)),
        range=limits.of_whole_numbers() if whole else limits,
        whole=whole,
        optional=is_optional(wanted),
        unit=_unit(key, help_) if kind == "number" else "",
        plain=_is_plain(key, ui),
    )


def section_switch(key: str, help_: str, values: list[Any], wanted: Any, ui: UiConfig) -> Field:
    """The field that switches an optional section on and off."""
    on, off = SECTION_SWITCH
    before, now = (off if value in (None, MISSING) else on for value in values)
    return Field(
        key, _label(key), "switch", now, before, wanted, help_, SECTION_SWITCH,
        plain=_is_plain(key, ui),
    )  # fmt: skip


def guarded(field: Field, owner: type, name: str, ui: UiConfig) -> Field:
    """The field, which offers no code unless that is allowed."""
    if ui.allow_code or not has_code(owner, name, field.wanted) or field.kind == "choice":
        return field
    if harmless := harmless_values(owner, name):
        choices = dict.fromkeys((*harmless, field.default, field.value))
        return replace(field, kind="choice", choices=tuple(choices))
    return replace(field, read_only=True, why_read_only=READ_ONLY)


def _kind(wanted: Any) -> Kind:
    parts = set(members(wanted)) - {types.NoneType}
    if choices_of(wanted):
        return "choice"
    if parts == {bool}:
        return "switch"
    if parts in ({int}, {float}):
        return "number"
    is_list = len(parts) == 1 and get_origin(next(iter(parts))) in (list, tuple)
    return "list" if is_list and not is_text(wanted) else "text"


def _is_plain(key: str, ui: UiConfig) -> bool:
    return any(key == plain or key.startswith(f"{plain}.") for plain in ui.plain)


def _label(key: str) -> str:
    """The key without its section: ``early stopping: patience``."""
    return ": ".join(map(in_words, key.split(".")[1:] or [key]))


def in_words(name: str) -> str:
    return name.replace("_", " ").strip()


def _unit(key: str, help_: str) -> str:
    """What a number counts, where its comment begins with that or its name ends with it."""
    clause = help_.partition(":")[2] or help_  # vit: pixels; each side of a patch
    for text in (help_, clause):
        if found := BEGINS_WITH_UNIT.match(text.strip()):
            return found[1]
    return next((unit for unit in NAMED_UNITS if key.endswith(f"_{unit}")), "")
