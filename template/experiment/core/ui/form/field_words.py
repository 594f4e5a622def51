"""The word of the command line for what was set in one field, or why it cannot be the field's.

Template's file: updates replace it.
"""

import re
from typing import Any

from ...config.dump import in_one_line
from ...config.schema import meant
from ...config.yaml_reader import from_word
from ...errors import UserError
from .form_fields import Field, RefusedField
from .form_texts import NULLS, has_reference, is_text, word_of

# As people write them; YAML would take 010 for 8 and 1:30 for 90.
WHOLE = re.compile(r"[-+]?[0-9]+")
NUMBER = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?")
OTHER_NUMBERS = (".inf", "-.inf", "+.inf", ".nan")
MOST_DIGITS = 400
SHOWN = 60


def word_for(field: Field, text: str) -> str | None:
    """What to type for the field; None where it is as the preset has it."""
    if text == field.default:
        return None
    if field.kind in ("choice", "switch"):
        if text not in field.choices:
            choices = ", ".join(field.choices)
            raise _wrong(field, text, f"one of {choices}" if field.kind == "choice" else choices)
        word = text if field.kind == "switch" else word_of(field.key, text, field.wanted)
    elif field.kind == "number":
        word = _number(field, text)
    else:
        word = _written(field, text)
    same = field.default and _read(field, word) == _read(field, _default_word(field))
    return None if same else word


def _number(field: Field, text: str) -> str:
    """A number as YAML reads it, within its range."""
    if text in NULLS:
        if field.optional:
            return "null"
        raise RefusedField(f"{field.key} is empty; it must be {_wanted(field)}", field.key)
    if text in OTHER_NUMBERS and not field.whole:
        return text
    if not NUMBER.fullmatch(text) or len(text) > MOST_DIGITS:
        raise _wrong(field, text, _wanted(field))
    number = int(text) if WHOLE.fullmatch(text) else float(text)
    if field.whole and isinstance(number, float):
        if not number.is_integer():
            raise _wrong(field, text, _wanted(field))
        number = int(number)
    if abs(number) == float("inf") or not field.range.allows(number):
        raise _wrong(field, text, _wanted(field))
    return in_one_line(number)


def _written(field: Field, text: str) -> str:
    """Text as it is meant, or YAML as it is typed."""
    word = word_of(field.key, text, field.wanted)
    if not text.strip() and not is_text(field.wanted):
        if field.optional:
            return "null"
        raise RefusedField(f"{field.key} is empty: write its value, as YAML", field.key)
    if has_reference(word):
        raise RefusedField(
            f"{field.key} has ${{...}}, a reference to something else: write what it stands for, "
            "or set it in the preset's file",
            field.key,
        )
    return word


def _default_word(field: Field) -> str:
    if field.kind in ("number", "switch"):
        return field.default
    return word_of(field.key, field.default, field.wanted)


def _read(field: Field, word: str) -> Any:
    """What the command line makes of a word, to compare it by; 1 and 1.0 are two values."""
    if field.is_section:
        return word
    try:
        return repr(meant(field.key, from_word(word), field.wanted))
    except UserError:
        return None, word  # equal to no other


def _wanted(field: Field) -> str:
    bounds = field.range.in_words()
    kind = "a whole number" if field.whole else "a number"
    return f"{kind}{f' {bounds}' if bounds else ''}{', or blank: null' if field.optional else ''}"


def _wrong(field: Field, text: str, wanted: str) -> RefusedField:
    shown = text if len(text) <= SHOWN else f"{text[:SHOWN]}..."
    return RefusedField(f"{field.key} is {shown!r}; it must be {wanted}", field.key)
