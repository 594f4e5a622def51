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
        values = dict(_by_line(text.splitlines()))
    except (ValueError, yaml.YAMLError):
        content = yaml.load(text, Loader)
        return dict(_flat(content)) if isinstance(content, dict) else {}
    return {key: part for name, value in values.items() for key, part in _flat({name: value})}


def _by_line(lines: list[str]) -> Iterator[tuple[str, Any]]:
    """Each value under its dotted key.

    Raises:
        ValueError: The lines have another form than that of ``dump_config``.
    """
    path: list[str] = []
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        found = LINE.fullmatch(line)
        depth = len(found[1]) // 2 if found else 0
        if found is None or depth > len(path):
            raise ValueError(line)
        path = [*path[:depth], found[2].strip("'")]
        is_heading = found[3] is None
        if is_heading != following.startswith("  " * (depth + 1)):
            raise ValueError(line)
        if not is_heading:
            yield ".".join(path), _read_value(found[3])


@cache
def _read_value(text: str) -> Any:
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


def differing(runs: list[dict[str, Any]]) -> list[str]:
    """The keys in which runs differ, in the order of their configuration.

    A key that only some have differs, too: an older run does not know what an update brought.
    """
    keys = dict.fromkeys(key for settings in runs for key in settings)
    first = runs[0] if runs else {}
    missing = object()
    return [
        key
        for key in keys
        if any(settings.get(key, missing) != first.get(key, missing) for settings in runs[1:])
    ]
