"""A module's configuration and facts, of what a checkpoint holds of them.

Template's file: updates replace it.
"""

from dataclasses import fields, is_dataclass
from typing import Any, get_type_hints

import torch

from ..config.field_types import from_plain
from ..console import say
from ..errors import UserError


def saved_arguments(module_type: type, path: Any) -> dict[str, Any]:
    """The arguments of ``__init__`` that are dataclasses, as they were saved.

    What the dataclasses have gained since has its default, what they have lost is said and dropped.

    Raises:
        UserError: A value is of another type now.
    """
    checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    saved = checkpoint.get("hyper_parameters", {})
    hints = get_type_hints(vars(module_type).get("__init__", module_type.__init__))
    found: dict[str, Any] = {}
    for name, values in saved.items():
        wanted = hints.get(name)
        if isinstance(wanted, type) and is_dataclass(wanted) and isinstance(values, dict):
            try:
                found[name] = from_plain(wanted, _known(wanted, values, f"{name}."))
            except (TypeError, ValueError) as error:
                raise UserError(f"{path}: {wanted.__name__} has changed since: {error}") from None
    return found


def _known(wanted: type, values: dict[str, Any], prefix: str) -> dict[str, Any]:
    """The values of fields that there still are."""
    hints = get_type_hints(wanted)
    kept = {}
    for name, value in values.items():
        if name not in hints or name not in {field.name for field in fields(wanted)}:
            say(f"{prefix}{name}={value!r:.40} of the checkpoint is no setting any more: left out")
            continue
        section = hints[name]
        nested = isinstance(section, type) and is_dataclass(section) and isinstance(value, dict)
        kept[name] = _known(section, value, f"{prefix}{name}.") if nested else value
    return kept
