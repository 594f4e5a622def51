"""Values as a person types them, and texts as words of the command line that read back as they are.

Template's file: updates replace it. In a field that holds text, what is typed is text, whatever
YAML or a shell would make of it: ``1e-3``, ``on``, ``a # b``, ``$HOME``. Everywhere else it is read
as the command line reads it.
"""

import re
import types
from enum import Enum
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from ...config.dump import escaped, in_one_line, plain
from ...config.field_types import members
from ...config.schema import meant
from ...config.yaml_reader import from_word

# What means null where null is allowed; where one of these is meant as text, it stands in quotes.
NULLS = ("null", "None", "")
IN_QUOTES = re.compile(rf"('*)({'|'.join(NULLS)})\1")
REFERENCE = re.compile(r"(?<!\\)(?:\\\\)*\$\{")


def is_optional(wanted: Any) -> bool:
    """Whether null is a value; of ``Any`` it is one as it is written in YAML."""
    return types.NoneType in members(wanted)


def is_text(wanted: Any) -> bool:
    """Whether a value is text, or a path, and nothing else but null."""
    return set(members(wanted)) - {types.NoneType} in ({str}, {Path})


def choices_of(wanted: Any) -> dict[str, Any]:
    """The values that a type lists, by their texts; none where two look alike, or it lists none."""
    values: list[Any] = []
    for part in members(wanted):
        if get_origin(part) is Literal:
            values += get_args(part)
        elif isinstance(part, type) and issubclass(part, Enum):
            values += part
        elif part is bool and is_optional(wanted):
            values += [True, False]
        elif part is not types.NoneType:
            return {}
    if is_optional(wanted):
        values.append(None)
    named = {text if isinstance(text := plain(v), str) else in_one_line(text): text for v in values}
    return named if len(named) == len(values) and len(values) > is_optional(wanted) else {}


def text_of(value: Any, wanted: Any) -> str:
    """A value as it is typed into a field of its type."""
    value = plain(value)
    if value in choices_of(wanted).values() or is_text(wanted):
        if not isinstance(value, str):
            return in_one_line(value)
        return f"'{value}'" if is_optional(wanted) and IN_QUOTES.fullmatch(value) else value
    return in_one_line(escaped(value))


def word_of(key: str, text: str, wanted: Any) -> str:
    """What to type behind ``key=`` so that the command line reads what was typed into the field."""
    choices = choices_of(wanted)
    if text in choices:
        value = choices[text]
        return _literal(key, value, wanted) if isinstance(value, str) else in_one_line(value)
    if is_text(wanted):
        if is_optional(wanted) and text in NULLS:
            return "null"
        is_quoted = is_optional(wanted) and IN_QUOTES.fullmatch(text)
        return _literal(key, text[1:-1] if is_quoted else text, wanted)
    return text


def _literal(key: str, text: str, wanted: Any) -> str:
    """The text itself, or in quotes where it would be read as something else."""
    text = escaped(text)
    quoted = "'" + text.replace("'", "''") + "'"
    for word in (text, quoted):
        if meant(key, from_word(word), wanted) == text:
            return word
    return in_one_line([text])[1:-1]  # with escapes, as JSON has them


def has_reference(word: str) -> bool:
    """Whether OmegaConf would put something else there: ``${model.width}``, ``${oc.env:HOME}``."""
    return _refers(from_word(word).plain())


def _refers(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_refers(part) for pair in value.items() for part in pair)
    if isinstance(value, list):
        return any(map(_refers, value))
    return isinstance(value, str) and REFERENCE.search(value) is not None
