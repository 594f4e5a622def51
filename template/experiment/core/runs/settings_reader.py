"""The settings of many runs, read quickly from their ``config.yaml``.

Template's file: updates replace it. Free of torch.

``dump_config`` writes the file: a section a block, a value a line. So each block can be read alone,
and of a thousand runs, few blocks and few lines differ: each distinct one is read once. What
somebody edited into another form is read as any YAML.
"""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from ..config.dump import unescaped

Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C library's, where PyYAML has it
BLOCK = re.compile(r"^(?=[^\s#])", re.M)  # before a line that is not indented
NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(\.\d+(?:e[-+]\d+)?)?")
LINE = re.compile(r"((?:  )*)(\w+|'\w+'):(?: ([^|>&*!\s#].*))?")  # no value that goes on below


def read_settings(file: Path) -> dict[str, Any]:
    """The values of a ``config.yaml`` by their dotted keys; empty where it cannot be read."""
    settings: dict[str, Any] = {}
    try:
        for block in BLOCK.split(file.read_text(encoding="utf-8")):
            settings.update(_read_block(block))
    except (OSError, ValueError, yaml.YAMLError):
        return {}
    return settings


@cache
def _read_block(text: str) -> dict[str, Any]:
    try:
        content = dict(_by_line(text.splitlines()))
    except (ValueError, yaml.YAMLError):
        content = yaml.load(text, Loader)
    return dict(_flat(content)) if isinstance(content, dict) else {}


def _by_line(lines: list[str]) -> Iterator[tuple[str, Any]]:
    """Each value under its dotted key.

    Raises:
        ValueError: The lines have another form than that of ``dump_config``.
    """
    path: list[str] = []
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        depth, name, is_heading, value = _read_line(line)
        if depth > len(path) or is_heading != following.startswith("  " * (depth + 1)):
            raise ValueError(line)
        path[depth:] = [name]
        if not is_heading:
            yield ".".join(path), value


@cache
def _read_line(line: str) -> tuple[int, str, bool, Any]:
    """How deep it stands, its key, whether more lines are its value, and else the value."""
    found = LINE.fullmatch(line)
    if found is None:
        raise ValueError(line)
    is_heading = found[3] is None
    value = None if is_heading else _value(found[3])
    return len(found[1]) // 2, found[2].strip("'"), is_heading, value


def _value(text: str) -> Any:
    """As YAML has it; numbers, in which most runs differ, without asking it."""
    if number := NUMBER.fullmatch(text):
        return float(text) if number[1] else int(text)
    return yaml.load(text, Loader)


def _flat(values: dict[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    """Every leaf under its dotted key; an empty section is a leaf."""
    found: list[tuple[str, Any]] = []
    for name, value in values.items():
        key = f"{prefix}{name}"
        if isinstance(value, dict) and value:
            found += _flat(value, f"{key}.")
        else:
            found.append((key, unescaped(value)))
    return found


def differing(runs: list[dict[str, Any]], where_known: bool = False) -> list[str]:
    """The keys in which runs differ, in the order of their configuration.

    Args:
        runs: The settings of each.
        where_known: Whether a run without a key stays out of account: another project's, or an
            older one, which does not know what an update brought. Else it differs.
    """
    keys = dict.fromkeys(key for settings in runs for key in settings)
    missing = object()
    found = []
    for key in keys:
        column = [settings.get(key, missing) for settings in runs]
        if where_known:
            column = [value for value in column if value is not missing]
        if column.count(column[0]) < len(column):
            found.append(key)
    return found
