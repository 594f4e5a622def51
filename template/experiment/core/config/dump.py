"""The finished configuration, as plain values and as text.

Template's file: updates replace it.
"""

import inspect
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import PurePath
from typing import Any

from .meaning import is_recorded


def plain(config: Any) -> Any:
    """The configuration as dictionaries, lists and scalars, which any checkpoint may hold.

    A member of an Enum by its name, a path as text; field_types.py has the way back. What no record
    has (meaning.py) is left out.
    """
    if is_dataclass(config) and not isinstance(config, type):
        return {name: plain(getattr(config, name)) for name in _recorded(config)}
    if isinstance(config, dict):
        return {plain(key): plain(value) for key, value in config.items()}
    if isinstance(config, list | tuple):
        kinds = {type(item) for item in config}
        return list(config) if kinds <= {int, float} else [plain(item) for item in config]
    if isinstance(config, Enum):
        return config.name
    return str(config) if isinstance(config, PurePath) else config


def escaped(value: Any) -> Any:
    """The plain value as OmegaConf reads it back: ``${`` in a text is no reference to a setting."""
    if isinstance(value, dict):
        return {escaped(key): escaped(part) for key, part in value.items()}
    if isinstance(value, list):
        return [escaped(part) for part in value]
    if isinstance(value, str) and "${" in value:
        return re.sub(r"(\\*)\$\{", lambda found: found[1] * 2 + "\\${", value)
    return value


def unescaped(value: Any) -> Any:
    """The way back, of a file in which nothing is a reference."""
    if isinstance(value, dict):
        return {unescaped(key): unescaped(part) for key, part in value.items()}
    if isinstance(value, list):
        return [unescaped(part) for part in value]
    if isinstance(value, str) and "${" in value:
        return re.sub(r"(\\*)\\\$\{", lambda found: found[1][: len(found[1]) // 2] + "${", value)
    return value


def leaves(config: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every dotted key with its value, in the order of ``plain``; an empty section is a leaf."""
    for name in in_reading_order(config):
        value = getattr(config, name)
        if is_dataclass(value) and fields(value):
            yield from leaves(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


def dump_config(config: Any) -> str:
    """The configuration as YAML, which ``--config`` reads again; without what no record has."""
    return "".join(f"{line}\n" for line, _ in _yaml_lines(config, _recorded))


def describe_config(config: Any, origins: dict[str, str]) -> str:
    """The configuration as YAML, with where each value came from."""
    lines = list(_yaml_lines(config, in_reading_order))
    width = min(60, max(len(line) for line, _ in lines))
    return "".join(
        f"{line:<{width}}  # {origins[key]}\n" if key else f"{line}\n" for line, key in lines
    )


def _yaml_lines(
    config: Any, names_of: Callable[[Any], list[str]], prefix: str = ""
) -> Iterator[tuple[str, str | None]]:
    """Each line with the key that it sets, or None for a section's heading."""
    indent = "  " * prefix.count(".")
    for name in names_of(config):
        value = getattr(config, name)
        if is_dataclass(value) and fields(value):
            yield f"{indent}{_as_key(name)}:", None
            yield from _yaml_lines(value, names_of, f"{prefix}{name}.")
        else:
            yield f"{indent}{_as_key(name)}: {in_one_line(escaped(plain(value)))}", prefix + name


def _as_key(name: str) -> str:
    """YAML takes some names for true or false."""
    return f"'{name}'" if name.lower() in {"on", "off", "yes", "no", "y", "n"} else name


def in_one_line(value: Any) -> str:
    """The value as YAML that PyYAML and OmegaConf read alike, or else as JSON, which is YAML."""
    import yaml

    from .yaml_reader import from_word

    if isinstance(value, list) and value and {type(item) for item in value} == {int}:
        return str(value)  # at once: there may be a hundred thousand
    width = float("inf")
    text = yaml.safe_dump(
        value, default_flow_style=True, width=width, allow_unicode=True, sort_keys=False
    )
    text = text.removesuffix("...\n").rstrip("\n")
    reads_back = repr(from_word(text).plain()) == repr(value) and "\n" not in text
    reads_back &= text != "None"  # which stands for null where people write it
    return text if reads_back else _as_json(value)


def _as_json(value: Any) -> str:
    """JSON, but for the numbers that it does not have."""
    import json

    if isinstance(value, dict):
        return f"{{{', '.join(f'{_as_json(k)}: {_as_json(v)}' for k, v in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(_as_json(item) for item in value)}]"
    if isinstance(value, float) and not math.isfinite(value):
        return ".nan" if math.isnan(value) else ".inf" if value > 0 else "-.inf"
    return json.dumps(value, ensure_ascii=False)


def _recorded(config: Any) -> list[str]:
    return [name for name in in_reading_order(config) if is_recorded(type(config), name)]


def in_reading_order(config: Any) -> list[str]:
    """The names of a dataclass's fields, or an object's: its own before those that it inherits."""
    own = inspect.get_annotations(config if isinstance(config, type) else type(config))
    names = [field.name for field in fields(config)]
    return sorted(names, key=lambda name: name not in own)
