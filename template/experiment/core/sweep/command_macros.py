"""A trial's command line: the words of the sweep file with W&B's macros filled in.

Template's file: updates replace it.
"""

import json
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .distributions import Parameter

MACROS = (
    "env",
    "interpreter",
    "program",
    "args",
    "args_no_hyphens",
    "args_no_equals",
    "args_no_boolean_flags",
    "args_json",
    "args_json_file",
    "args_append_hydra",
    "args_override_hydra",
)
VARIABLE = re.compile(r"\$\{envvar:([A-Z0-9_]*)\}")


def macro_name(word: str) -> str | None:
    """``args`` of ``${args}``; None of any other word."""
    is_macro = word.startswith("${") and word.endswith("}") and not VARIABLE.search(word)
    return word[2:-1] if is_macro else None


def nested(parameters: Sequence[Parameter], values: dict[str, Any]) -> dict[str, Any]:
    """The values as W&B passes them: nested where the file nests, dotted names as one."""
    arguments: dict[str, Any] = {}
    for parameter in parameters:
        inner = arguments
        for name in parameter.path[:-1]:
            inner = inner.setdefault(name, {})
        inner[parameter.path[-1]] = values[parameter.key]
    return arguments


def fill_in(
    command: Sequence[str],
    program: tuple[str, Sequence[str]],
    arguments: dict[str, Any],
    json_file: Path,
) -> list[str]:
    """The words that start a trial.

    Args:
        command: The sweep file's.
        program: What ``${program}`` stands for: the name in the file, and our words for it.
        arguments: The values, nested as W&B passes them.
        json_file: Where ``${args_json_file}`` puts them.
    """
    name, program_words = program
    words: list[str] = []
    for word in command:
        macro = macro_name(word)
        if macro == "program" or word == name:
            words += program_words
        elif macro is not None:
            words += _meaning(macro, arguments, json_file)
        else:
            words.append(VARIABLE.sub(lambda m: os.environ.get(m[1], m[1]), word))
    return words


def _meaning(macro: str, arguments: dict[str, Any], json_file: Path) -> list[str]:
    """What a macro stands for; the values in Python's spelling, as W&B's agent writes them."""
    pairs = list(arguments.items())
    match macro:
        case "env":
            return [] if os.name == "nt" else ["/usr/bin/env"]
        case "interpreter":
            return [sys.executable]
        case "args":
            return [f"--{name}={value}" for name, value in pairs]
        case "args_no_hyphens":
            return [f"{name}={value}" for name, value in pairs]
        case "args_no_equals":
            return [word for name, value in pairs for word in (f"--{name}", str(value))]
        case "args_no_boolean_flags":
            said = [(name, value) for name, value in pairs if value is not False]
            return [f"--{name}" if value is True else f"--{name}={value}" for name, value in said]
        case "args_json":
            return [json.dumps(arguments)]
        case "args_json_file":
            json_file.write_text(json.dumps(arguments), encoding="utf-8")
            return [str(json_file)]
        case "args_append_hydra":
            return [f"+{name}={value}" for name, value in pairs]
        case "args_override_hydra":
            return [f"++{name}={value}" for name, value in pairs]
    return []
