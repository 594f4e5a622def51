"""Values of a sweep file, each of the right kind or refused in one sentence.

Template's file: updates replace it.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import yaml

from ..config.schema import in_yaml
from ..config.yaml_reader import Located
from ..errors import UserError
from ..spelling import did_you_mean, nearest


def refuse_unknown(parts: dict[str, Located], known: Iterable[str], what: str) -> None:
    """Refuse the first name that is none of ``known``."""
    known = list(known)
    for name, given in parts.items():
        if name not in known:
            meant = did_you_mean(nearest(name, known)) or f"; there are {', '.join(known)}"
            raise UserError(f"{given.place}: {name} is not {what}{meant}")


def section(given: Located, name: str) -> dict[str, Located]:
    """What stands below a name."""
    if not isinstance(given.value, dict):
        raise UserError(f"{given.place}: {name} must hold lines of 'key: value'")
    return given.value


def scalar(given: Located, name: str) -> Any:
    """A single value that is not null."""
    if given.value is None or isinstance(given.value, dict | list):
        raise UserError(f"{given.place}: {name} is {in_yaml(given.plain())}; it must be one value")
    return given.value


def number(given: Located, name: str) -> float | int:
    """A number, whole or not."""
    refuse_text_of_older_yaml(given)
    if isinstance(given.value, bool) or not isinstance(given.value, int | float):
        shown = in_yaml(given.plain())
        raise UserError(f"{given.place}: {name} is {shown}; it must be a number")
    return given.value


def whole_number(given: Located, name: str, least: int | None = None) -> int:
    """A whole number."""
    value = number(given, name)
    if not isinstance(value, int):
        raise UserError(f"{given.place}: {name} is {value}; it must be a whole number")
    if least is not None and value < least:
        raise UserError(f"{given.place}: {name} is {value}; it must be at least {least}")
    return value


def refuse_text_of_older_yaml(given: Located) -> None:
    """Refuse ``1e-3``: a number to everybody but PyYAML, with which W&B reads the file."""
    if isinstance(given.value, dict | list):
        parts = given.value.values() if isinstance(given.value, dict) else given.value
        for part in parts:
            refuse_text_of_older_yaml(part)
    elif isinstance(given.value, float) and isinstance(yaml.safe_load(given.text or "0"), str):
        plain = format(Decimal(repr(given.value)), "f")
        raise UserError(
            f"{given.place}: {given.text} is text to W&B, whose YAML wants a point and a sign in "
            f"it: write {plain}"
        )
