"""Which types a field of a configuration may have, and values of them from plain ones.

Template's file: updates replace it. Free of torch. What is plain stands in YAML, JSON and a
checkpoint that loads safely: numbers, texts, true, false, null, lists and mappings (dump.py makes
such of a configuration). Here is the way back.
"""

import types
from collections.abc import Iterable, Iterator
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

SCALARS = (int, float, bool, str, Path, types.NoneType)
INSTEAD = {
    set: "a list",
    frozenset: "a list",
    bytes: "text, or the path of a file",
    complex: "two numbers, tuple[float, float]",
}


def refused_types(config_class: type, name: str = "") -> Iterator[str]:
    """A sentence for each field that no configuration can hold, with what it could be instead."""
    name = name or config_class.__name__
    hints = get_type_hints(config_class)
    for field in fields(config_class):
        wanted = hints[field.name]
        for part in members(wanted):
            if isinstance(part, type) and is_dataclass(part):
                yield from refused_types(part, part.__name__)
        if reason := _reason(wanted):
            yield f"{name}.{field.name}: {reason}"


def members(wanted: Any) -> tuple[Any, ...]:
    """The members of a union; the type itself when it is none."""
    return get_args(wanted) if get_origin(wanted) in (Union, types.UnionType) else (wanted,)


def item_type(wanted: Any, number: int = 0) -> Any:
    """The type of an item of a list or tuple, or of a mapping's values."""
    for part in members(wanted):
        origin, arguments = get_origin(part), get_args(part)
        if origin is tuple and arguments and Ellipsis not in arguments:
            return arguments[number] if number < len(arguments) else Any
        if origin in (list, tuple):
            return arguments[0]
        if origin is dict:
            return arguments[1]
    return Any


def key_type(wanted: Any) -> Any:
    """The type of a mapping's names."""
    found = (get_args(part)[0] for part in members(wanted) if get_origin(part) is dict)
    return next(found, str)


def from_plain(wanted: Any, value: Any, key: str = "") -> Any:
    """A value of type ``wanted``, of what ``dump.plain`` made of it.

    Args:
        wanted: An annotation; a dataclass takes its defaults for what is missing.
        value: The plain value.
        key: What to call it in a message.

    Raises:
        ValueError: It is of another kind, or a dataclass refuses it; the message starts with the
            key of what is wrong.
    """
    parts = members(wanted)
    if value is None and (types.NoneType in parts or wanted is Any):
        return None
    for part in parts:
        found = _one_of(part, value, key)
        if found is not MISSING:
            return found
    if float in parts and type(value) is int:
        return float(value)
    raise ValueError(f"{key or 'the value'} is {value!r:.60}, which is no {_name(wanted)}")


def _one_of(part: Any, value: Any, key: str) -> Any:
    """The value as this member of a union has it, or MISSING."""
    origin, arguments = get_origin(part), get_args(part)
    if part is Any:
        return value
    if origin is Literal:
        return value if value in arguments else MISSING
    kind = origin or part
    if isinstance(kind, type) and is_dataclass(kind):
        return _dataclass(kind, value, key) if isinstance(value, dict) else MISSING
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind.__members__.get(value, MISSING) if isinstance(value, str) else MISSING
    if kind in (list, tuple) and isinstance(value, (list, tuple)):
        if arguments[1:] in ((), (Ellipsis,)) and are_numbers(value, item_type(part)):
            return kind(value)
        items = (from_plain(item_type(part, i), v, f"{key}[{i}]") for i, v in enumerate(value))
        return kind(items)
    if kind is dict and isinstance(value, dict):
        names, inside = key_type(part), item_type(part)
        return {as_key(names, k): from_plain(inside, v, f"{key}.{k}") for k, v in value.items()}
    if kind is Path:
        return Path(value) if isinstance(value, (str, Path)) else MISSING
    return value if kind in SCALARS and type(value) is kind else MISSING


def _dataclass(kind: type, value: dict[str, Any], key: str) -> Any:
    hints, known = get_type_hints(kind), {f.name for f in fields(kind)}
    if other := [name for name in value if name not in known]:
        raise ValueError(f"{key or kind.__name__} has no {other[0]}")
    inside = f"{key}." if key else ""
    values = {n: from_plain(hints[n], v, f"{inside}{n}") for n, v in value.items()}
    initial = {f.name for f in fields(kind) if f.init}
    try:
        made = kind(**{name: v for name, v in values.items() if name in initial})
    except ValueError as error:  # a range check: its message starts with the field's name
        raise ValueError(f"{inside}{error}") from None
    for name in values.keys() - initial:
        object.__setattr__(made, name, values[name])
    return made


def as_key(wanted: Any, name: Any) -> Any:
    """A mapping's name: JSON makes texts of whole numbers."""
    for part in members(wanted):
        if isinstance(part, type) and issubclass(part, Enum):
            return part[name]
        if part in (int, float) and isinstance(name, str):
            return part(name)
        if part is bool and isinstance(name, str):
            return name.lower() == "true"
    return name


def _reason(wanted: Any) -> str:
    """Why a configuration cannot hold a type; empty where it can."""
    parts = members(wanted)
    sections = [part for part in parts if isinstance(part, type) and is_dataclass(part)]
    if sections and len([part for part in parts if part is not types.NoneType]) > 1:
        return f"{_name(wanted)} is either of two kinds of section; give each a field of its own"
    for part in parts:
        origin, arguments = get_origin(part), get_args(part)
        kind = origin or part
        if kind in (list, tuple, dict):
            inner = [argument for argument in arguments if argument is not Ellipsis]
            found = next((reason for argument in inner if (reason := _reason(argument))), "")
            if found:
                return found
        elif not (kind in (*SCALARS, Any, Literal) or _is_named(kind)):
            instead = INSTEAD.get(kind, "its name as text")
            return f"{_name(part)} cannot stand in YAML; take {instead}"
    return ""


def are_numbers(items: Iterable[Any], wanted: Any) -> bool:
    """Whether all items are whole numbers, or all of them floats, and that is what is wanted.

    Then there is nothing to convert, and there may be a hundred thousand.
    """
    return wanted in (int, float) and {type(item) for item in items} == {wanted}


def _is_named(kind: Any) -> bool:
    return isinstance(kind, type) and (is_dataclass(kind) or issubclass(kind, Enum))


def _name(wanted: Any) -> str:
    return wanted.__name__ if isinstance(wanted, type) and not get_args(wanted) else str(wanted)
