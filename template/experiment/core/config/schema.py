"""What the dataclasses say: which keys exist, of which type, and how to say so in words.

Template's file: updates replace it.
"""

import types
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

from ..errors import UserError
from ..spelling import did_you_mean, nearest
from .field_types import are_numbers, as_key, from_plain, item_type, key_type, members
from .yaml_reader import COMMAND_LINE, Located

# How errors name a type: one of it, several of it.
WORDS: dict[Any, tuple[str, str]] = {
    int: ("a whole number", "whole numbers"),
    float: ("a number", "numbers"),
    bool: ("true or false", "true or false"),
    str: ("text", "texts"),
    Path: ("a path", "paths"),
    dict: ("a mapping", "mappings"),
    Any: ("anything", "values"),
    types.NoneType: ("null", "values"),
}


def known_keys(config_class: type, prefix: str = "") -> dict[str, Any]:
    """Every key that can be set, dotted, with its type; sections stand before what they hold."""
    keys: dict[str, Any] = {}
    types_by_name = get_type_hints(config_class)
    for field in fields(config_class):
        wanted = keys[prefix + field.name] = types_by_name[field.name]
        if section := section_of(wanted):
            keys |= known_keys(section, f"{prefix}{field.name}.")
    return keys


def section_of(wanted: Any) -> type | None:
    """The dataclass of a section, optional or not; None for a value."""
    parts = (part for part in members(wanted) if isinstance(part, type) and is_dataclass(part))
    return next(parts, None)


def is_mapping(wanted: Any) -> bool:
    """Whether a value is a free mapping, whose names are not known here."""
    return dict in _kinds(wanted)


def is_optional(wanted: Any) -> bool:
    """Whether null is allowed."""
    return types.NoneType in members(wanted) or wanted is Any


def in_words(wanted: Any) -> str:
    """A type as a person says it: ``a whole number or null``."""
    words = [word for part in members(wanted) for word in _words(part)]
    return " or ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def names_in(section: str, known: dict[str, Any]) -> list[str]:
    """What a section holds; ``""`` is the whole configuration."""
    places = [key.rpartition(".") for key in known]
    return [name for parent, _, name in places if parent == section]


def unknown(key: str, known: dict[str, Any]) -> str:
    """The sentence that refuses a key, with the name that was probably meant."""
    section, _, name = key.rpartition(".")
    siblings = names_in(section, known)
    namesakes = [other for other in known if other.rpartition(".")[2] == name]
    sibling = nearest(name, siblings)
    meant = (
        nearest(key, namesakes, cutoff=0)  # the right name in the wrong section
        or (sibling and f"{section}.{sibling}".removeprefix("."))
        or nearest(key, known, cutoff=0.8)  # a slip anywhere
    )
    has = f"; {section or 'the configuration'} has {', '.join(siblings)}" if siblings else ""
    return f"{key} is not a setting{did_you_mean(meant) or has}"


def refusal(key: str, given: Located, wanted: Any) -> UserError:
    """A value of the wrong type: key, value, what would be right, and YAML's trap if it was one."""
    value, trap = given.plain(), ""
    shown = in_yaml(value)
    if isinstance(value, bool) and str in _kinds(wanted) and given.text and given.text != shown:
        trap = f" (YAML reads {given.text} as {shown}: write it in quotes, '{given.text}')"
    return UserError(f"{given.place}: {key} is {shown}; it must be {in_words(wanted)}{trap}")


def in_yaml(value: Any) -> str:
    """A value as an error shows it: Python's way, but null, true and false in YAML's."""
    return {"None": "null", "True": "true", "False": "false"}.get(repr(value), repr(value))


def meant(key: str, given: Located, wanted: Any) -> Any:
    """The value for a field of type ``wanted``, undoing what YAML, JSON and W&B did to it.

    What no rule here fits is returned as it is: OmegaConf, which checks every value, refuses it.
    """
    kinds, value = _kinds(wanted), given.value
    is_word = given.text is not None and not given.quoted
    if value == "None" and is_optional(wanted) and (is_word or not kinds & {str, Path}):
        return None  # W&B's agent writes null in Python's way
    if isinstance(value, list):
        item = item_type(wanted)
        if are_numbers((part.value for part in value), item):
            return given.plain()
        if section_of(item):
            return [_section(f"{key}[{i}]", part, item) for i, part in enumerate(value)]
        items = zip(value, _items(wanted, len(value)), strict=True)
        return [meant(f"{key}[{i}]", part, item) for i, (part, item) in enumerate(items)]
    if isinstance(value, dict) and is_mapping(wanted) and key_type(wanted) is not str:
        names, inside = key_type(wanted), item_type(wanted)
        return {
            _as_name(key, given, names, name): meant(f"{key}.{name}", part, inside)
            for name, part in value.items()
        }
    if isinstance(value, dict) and section_of(item := item_type(wanted)):
        return {name: _section(f"{key}.{name}", part, item) for name, part in value.items()}
    if str in kinds and type(value) not in kinds | {types.NoneType}:
        if isinstance(value, bool) and (given.text is None or given.place != COMMAND_LINE):
            raise refusal(key, given, wanted)
        if given.text is not None:  # a shell has no quotes left; a version stays 1.10
            return given.text
    if isinstance(value, float) and value.is_integer() and int in kinds and float not in kinds:
        return int(value)  # 3.0 comes out of W&B's q_uniform
    if isinstance(value, str) and float in kinds and str not in kinds:
        return _number(value)
    return given.plain()


def _section(key: str, given: Located, wanted: Any) -> Any:
    """A section that is one of a list or mapping of them; null, where that may be one."""
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    section: Any = section_of(wanted)
    if given.value is None and is_optional(wanted):
        return None
    if not isinstance(given.value, dict):
        raise refusal(key, given, wanted)
    made, known = OmegaConf.structured(section), known_keys(section)
    for name, part in given.value.items():
        if name not in known:
            raise UserError(f"{part.place}: {unknown(f'{key}.{name}', _below(key, known))}")
        try:
            OmegaConf.update(made, name, meant(f"{key}.{name}", part, known[name]))
        except OmegaConfBaseException:
            raise refusal(f"{key}.{name}", part, known[name]) from None
    return made


def _below(key: str, known: dict[str, Any]) -> dict[str, Any]:
    return {f"{key}.{name}": wanted for name, wanted in known.items()}


def _as_name(key: str, given: Located, wanted: Any, name: str) -> Any:
    """A name of a mapping whose names are whole numbers, say; YAML's reader has them as texts."""
    try:
        return from_plain(wanted, name) if wanted in (Any, str) else as_key(wanted, name)
    except (KeyError, ValueError):
        shown = in_words(wanted)
        raise UserError(f"{given.place}: {key}: {name} is none of its names: {shown}") from None


def _words(part: Any) -> list[str]:
    origin, arguments = get_origin(part), get_args(part)
    if origin is Literal:
        return [str(choice) for choice in arguments]
    if origin in (list, tuple):
        _, many = WORDS.get(arguments[0], WORDS[Any])
        count = f"{len(arguments)} " if origin is tuple and Ellipsis not in arguments else ""
        return [f"a list of {count}{many}"]
    if origin is dict and get_origin(arguments[1]) is list:
        return [f"a mapping, each name with {in_words(arguments[1])}"]
    if isinstance(part, type) and issubclass(part, Enum):
        return list(part.__members__)
    if isinstance(part, type) and is_dataclass(part):
        return [f"a section with {', '.join(field.name for field in fields(part))}"]
    one, _ = WORDS.get(origin or part, (str(part), ""))
    return [one]


def _kinds(wanted: Any) -> set[Any]:
    """The Python types that a field takes: ``{str, NoneType}`` for ``Literal["a"] | None``."""
    kinds: set[Any] = set()
    for part in members(wanted):
        choices = get_args(part) if get_origin(part) is Literal else ()
        kinds |= {type(choice) for choice in choices} or {get_origin(part) or part}
    return kinds


def _items(wanted: Any, length: int) -> list[Any]:
    """The type of each item of a list that has ``length`` items."""
    for part in members(wanted):
        arguments = get_args(part)
        if get_origin(part) is tuple and Ellipsis not in arguments:
            return [*arguments, *[Any] * length][:length]
        if get_origin(part) in (list, tuple):
            return [arguments[0]] * length
    return [Any] * length


def _number(text: str) -> float | int | str:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
