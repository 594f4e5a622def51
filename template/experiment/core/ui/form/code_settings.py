"""Which settings run code: what is imported or handed to a shell. The page shows them only.

Template's file: updates replace it. A field says it of itself: core/config/meaning.py.
"""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any, get_args, get_type_hints

from ...config.dump import plain
from ...config.field_types import members
from ...config.meaning import harmless_values, runs_code
from .form_fields import RefusedField
from .form_texts import choices_of

NOTHING: tuple[Any, ...] = (None, "", {}, [])


def has_code(owner: type, name: str, wanted: Any) -> bool:
    """Whether the field's value may be code, or hold a section with such a field.

    One of a closed list of values is the list's author's, whatever it does.
    """
    return (runs_code(owner, name) and not choices_of(wanted)) or any(
        has_code(inner, field.name, get_type_hints(inner)[field.name])
        for inner in _dataclasses_in(wanted)
        for field in fields(inner)
    )


def refuse_code(before: Any, now: Any) -> None:
    """See that a configuration runs no code that the preset does not.

    Raises:
        RefusedField: It does.
    """
    known = dict(_code_of(before))
    for key, value in _code_of(now):
        if value not in NOTHING and value != known.get(key):
            raise RefusedField(
                f"{key} runs code, which is not set from here: set it in the preset's file, or "
                "allow it with ui.allow_code: true",
                key,
            )


def fields_within(value: Any, key: str = "") -> Iterator[tuple[str, Any, str]]:
    """Every field of a configuration, those of sections in lists too: key, section, name."""
    if is_dataclass(value):
        for field in fields(value):
            inside = f"{key}.{field.name}" if key else field.name
            yield inside, value, field.name
            yield from fields_within(getattr(value, field.name), inside)
    elif isinstance(value, dict | list | tuple):
        parts = value.items() if isinstance(value, dict) else enumerate(value)
        for name, part in parts:
            yield from fields_within(part, f"{key}[{name}]")


def _code_of(config: Any) -> Iterator[tuple[str, Any]]:
    for key, section, name in fields_within(config):
        owner, value = type(section), getattr(section, name)
        is_open = runs_code(owner, name) and not choices_of(get_type_hints(owner)[name])
        if is_open and value not in harmless_values(owner, name):
            yield key, plain(value)


def _dataclasses_in(wanted: Any) -> Iterator[type]:
    """Those that a list, a mapping or a union of a type holds."""
    for part in members(wanted):
        if isinstance(part, type) and is_dataclass(part):
            yield part
        for argument in get_args(part):
            yield from _dataclasses_in(argument)
