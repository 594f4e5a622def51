"""Puts a value into a YAML file and leaves every other character, comments above all, as it is.

Template's file: updates replace it. Free of torch.

PyYAML tells where each value begins and ends in the text; only what lies between is replaced. The
result is read again before it is written.
"""

from pathlib import Path
from typing import Any

import yaml

from ..errors import UserError
from ..files import shown

INDENT = "  "


def set_value(path: Path, key: str, value: Any) -> int:
    """Set a dotted key; the number of its line.

    Raises:
        UserError: The file cannot be changed so that it says what it said, and this.
    """
    text = path.read_text(encoding="utf-8")
    changed, line = with_value(text, key, value)
    try:
        is_right = _plain(changed) == _put(_plain(text), key.split("."), value)
    except yaml.YAMLError:
        is_right = False
    if not is_right:
        raise UserError(
            f"{shown(path)}: {key} cannot be set without changing more: edit it by hand"
        )
    path.write_text(changed, encoding="utf-8")
    return line


def with_value(text: str, key: str, value: Any) -> tuple[str, int]:
    """The text with the value in it, and the number of its line."""
    node, names = yaml.compose(text, yaml.SafeLoader), key.split(".")
    written = yaml.safe_dump(value, default_flow_style=True).removesuffix("...\n").strip()
    for depth, name in enumerate(names):
        found = _child(node, name)
        if found is None:
            return _insert(text, node, names[depth:], written, depth)
        node = found
    start, end = node.start_mark, node.end_mark
    changed = text[: start.index] + written + text[end.index :]
    return changed, start.line + 1


def _child(node: yaml.Node | None, name: str) -> yaml.Node | None:
    if not isinstance(node, yaml.MappingNode):
        return None
    return next((value for key, value in node.value if key.value == name), None)


def _insert(
    text: str, node: yaml.Node | None, names: list[str], written: str, depth: int
) -> tuple[str, int]:
    """Write what is missing as the first lines of the section, or at the file's end."""
    lines = text.splitlines(keepends=True)
    at, indent = len(lines), INDENT * depth
    if isinstance(node, yaml.MappingNode) and depth and node.value:
        at = node.value[0][0].start_mark.line
        indent = " " * node.value[0][0].start_mark.column
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    new = [f"{indent}{INDENT * i}{name}:" for i, name in enumerate(names)]
    new[-1] += f" {written}"
    lines[at:at] = [f"{line}\n" for line in new]
    return "".join(lines), at + len(new)


def _plain(text: str) -> Any:
    return yaml.safe_load(text) or {}


def _put(values: Any, names: list[str], value: Any) -> Any:
    inner = values.get(names[0]) if isinstance(values, dict) else None
    put = _put(inner or {}, names[1:], value) if len(names) > 1 else value
    return {**values, names[0]: put}
