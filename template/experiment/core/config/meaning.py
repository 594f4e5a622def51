"""What a field of a configuration means beside its type, for whoever sets it from afar.

Template's file: updates replace it. The web page reads these: what runs code it shows only, what
names a path it keeps within ``ui.data_roots``. A field bears its meaning for good: a subclass that
gives it another default need not say it again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from functools import cache
from types import MappingProxyType
from typing import Any, Literal

# `metadata` of a field. Its value is imported, or handed to a shell.
RUNS_CODE = {"runs_code": ()}
# A file or folder, relative to the project; a name that may be a folder's too; or a mapping to
# names of what lies below the field `root` beside it.
PATH, NAME_OR_PATH, BELOW_ROOT = {"path": "path"}, {"path": "name"}, {"path": "below"}
# It changes nothing that a run does: no run and no sweep records it.
NOT_RECORDED = {"recorded": False}

PathKind = Literal["path", "name", "below"]


def runs_code_unless(names: Sequence[str]) -> dict[str, Any]:
    """``metadata`` of a field whose value is imported unless it is one of ``names``."""
    return {"runs_code": tuple(names)}


def runs_code(config_class: type, name: str) -> bool:
    """Whether a value of the field may be code."""
    return "runs_code" in _meaning(config_class, name)


def harmless_values(config_class: type, name: str) -> tuple[str, ...]:
    """Of a field whose value may be code, the values that are none."""
    return _meaning(config_class, name).get("runs_code", ())


def path_kind(config_class: type, name: str) -> PathKind | None:
    """What kind of path the field names; None if it names none."""
    return _meaning(config_class, name).get("path")


def is_recorded(config_class: type, name: str) -> bool:
    """Whether a run's record has the field."""
    return _meaning(config_class, name).get("recorded", True)


def unrecorded(config_class: type) -> list[str]:
    """The fields of a configuration that no record has."""
    names = [field.name for field in fields(config_class)]
    return [name for name in names if not is_recorded(config_class, name)]


@cache
def _meaning(config_class: type, name: str) -> Mapping[str, Any]:
    """What the class and those that it inherits from say of a field; the nearest counts most."""
    found: dict[str, Any] = {}
    for base in reversed(config_class.__mro__):
        own = {field.name: field for field in fields(base)} if is_dataclass(base) else {}
        found.update(own[name].metadata if name in own else {})
    return MappingProxyType(found)
