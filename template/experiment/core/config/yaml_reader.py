"""What was given, and where: every value keeps its place, so that an error can point at it.

Template's file: updates replace it.
"""

import json
import os
import re
from collections.abc import Hashable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from ..errors import UserError, first_line
from ..files import writable
from .cli_options import WANDB_KEYS

COMMAND_LINE = "command line"


@dataclass(frozen=True)
class Located:
    """A value as it was written, with the place of each of its parts."""

    value: Any  # a scalar, {name: Located} or [Located]
    place: str  # "configs/experiment.yaml:14" or "command line"
    text: str | None = None  # how it was written, before YAML made 'off' false and 1.10 1.1
    quoted: bool = False

    def plain(self) -> Any:
        """The value alone, without places."""
        if isinstance(self.value, dict):
            return {name: part.plain() for name, part in self.value.items()}
        if isinstance(self.value, list):
            return [part.plain() for part in self.value]
        return self.value


def from_file(path: str | Path) -> dict[str, Located]:
    """The settings of one YAML file, each with its line."""
    name = _shown(Path(path))
    try:
        text = Path(path).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise UserError(f"{name}: there is no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{name}: cannot be read: {error}") from None
    try:
        given = _Reader(text, name).read()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{name}:{mark.line + 1}" if mark else name
        raise UserError(f"{place}: not valid YAML: {_reason(error)}") from None
    except yaml.YAMLError as error:  # a control character
        raise UserError(f"{name}: not valid YAML: {first_line(error)}") from None
    if given.value is None:
        return {}
    if not isinstance(given.value, dict):
        raise UserError(f"{given.place}: a configuration file holds lines of 'key: value'")
    return given.value


def from_word(text: str) -> Located:
    """What stands behind ``=`` on the command line, read as YAML where it is YAML."""
    try:
        return replace(_Reader(text, COMMAND_LINE).read(), text=text)
    except UnicodeEncodeError:  # the bytes of a name that are none
        raise UserError(
            f"{COMMAND_LINE}: {writable(text)} is not UTF-8, which a configuration is kept in: "
            "let a link of another name lead there, ln -s"
        ) from None
    except yaml.YAMLError:
        return Located(text, COMMAND_LINE, text)  # text with a bracket or a colon in it


def from_json(text: str) -> dict[str, Located]:
    """The settings of ``--set-json``, which W&B's agent fills with exact types."""
    try:
        values = json.loads(text)
    except json.JSONDecodeError as error:
        raise UserError(f"{COMMAND_LINE}: --set-json is not valid JSON: {error}") from None
    if not isinstance(values, dict):
        raise UserError(f'{COMMAND_LINE}: --set-json takes an object: {{"model.depth": 3}}')
    return {name: from_value(part) for name, part in values.items() if name not in WANDB_KEYS}


def from_value(value: Any) -> Located:
    """A Python value that was made of the command line."""
    if isinstance(value, dict):
        value = {name: from_value(part) for name, part in value.items()}
    elif isinstance(value, list):
        value = [from_value(part) for part in value]
    return Located(value, COMMAND_LINE)


# libyaml's parser is ten times as fast, and not in every build of PyYAML.
Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Reader(Loader):
    """YAML as OmegaConf reads it (1e-3 is a number), with the place of every value."""

    def __init__(self, text: str, source: str) -> None:
        super().__init__(text)
        self.source = source
        self.budget = 10 * len(text) + 10_000  # without aliases, no value is shorter than a letter

    def read(self) -> Located:
        try:
            node = self.get_single_node()
            return self._given(node) if node else Located(None, self._place(node), "")
        except RecursionError:
            raise self._refusal("it has too many levels, or an alias leads to itself") from None

    def _refusal(self, reason: str) -> UserError:
        return UserError(f"{self.source}: not a configuration: {reason}")

    def _place(self, node: yaml.Node | None) -> str:
        if self.source == COMMAND_LINE:
            return self.source
        return f"{self.source}:{node.start_mark.line + 1 if node else 1}"

    def _given(self, node: yaml.Node) -> Located:
        self.budget -= 1
        if self.budget < 0:  # a few aliases of aliases stand for a billion values
            raise self._refusal("its aliases stand for more values than it has letters")
        place = self._place(node)
        if isinstance(node, yaml.MappingNode):
            return Located(self._mapping(node), place)
        if isinstance(node, yaml.SequenceNode):
            return Located([self._given(item) for item in node.value], place)
        quoted = getattr(node, "style", None) in {"'", '"'}
        return Located(self._scalar(node), place, node.value, quoted)

    def _scalar(self, node: yaml.Node) -> Hashable:
        try:
            return self.construct_object(node)
        except (ValueError, LookupError, AttributeError):  # looks like a date, and is none
            return node.value

    def _mapping(self, node: yaml.MappingNode) -> dict[str, Located]:
        self._refuse_duplicates(node)
        self.flatten_mapping(node)  # `<<: *anchor`: own keys come after the anchor's, and win
        # The place of an entry is its key's line; of what lies below, its own.
        return {
            self._name(key): replace(self._given(value), place=self._place(key))
            for key, value in node.value
        }

    def _name(self, node: yaml.Node) -> str:
        if not isinstance(node, yaml.ScalarNode):
            raise UserError(f"{self._place(node)}: a key must be a word")
        name = self._scalar(node)
        if isinstance(name, bool):
            raise UserError(
                f"{self._place(node)}: YAML reads the key {node.value} as {str(name).lower()}; "
                f"write it in quotes, '{node.value}'"
            )
        return node.value

    def _refuse_duplicates(self, node: yaml.MappingNode) -> None:
        first: dict[str, int] = {}
        for key, _ in node.value:
            if key.tag == "tag:yaml.org,2002:merge":
                continue
            name, line = self._name(key), key.start_mark.line + 1
            if name in first:
                raise UserError(f"{self._place(key)}: {name} is already set on line {first[name]}")
            first[name] = line


# YAML 1.1, which PyYAML reads, asks for a point and a sign: 1.0e-3. People write 1e-3.
_Reader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^[-+]?(\d[\d_]*\.?|\d*\.\d+)\d*[eE][-+]?\d+$"),
    list("-+.0123456789"),
)


def _shown(path: Path) -> str:
    """The path as a person would type it from here."""
    path = Path(os.path.abspath(path))  # not resolve(): a link keeps the name it was given
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


def _reason(error: yaml.MarkedYAMLError) -> str:
    reason = error.problem or error.context or "unreadable"
    return f"{reason}; indent with spaces" if "'\\t'" in reason else reason
