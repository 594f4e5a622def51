"""Words that the form gave, checked by the code of the command line.

Template's file: updates replace it.
"""

import re
from collections.abc import Mapping, Sequence
from functools import reduce
from pathlib import Path
from typing import Any, TypeVar

from ...config.cli import arguments_of, make_parser
from ...config.diff import as_written, is_same
from ...config.dump import in_one_line, leaves, plain
from ...config.load import Settings, load_settings
from ...config.schema import is_mapping, is_optional, known_keys, section_of
from ...config.ui import UiConfig
from ...config.yaml_reader import from_word
from ...errors import UserError
from .code_settings import refuse_code
from .data_roots import refuse_outside
from .form_fields import RefusedField

ConfigT = TypeVar("ConfigT")
# What a refusal may begin with: "command line: ", "configs/wide.yaml:14: ".
PLACE = re.compile(r"(command line|experiment/config\.py|\S[^\n]*?:\d+): ")


def check(
    words: Sequence[str], preset: Path, config_type: type[ConfigT], ui: UiConfig
) -> Settings[ConfigT]:
    """The configuration that the words make of a preset; its remarks say what follows from them.

    Args:
        words: ``key=value`` each.
        preset: A file of ``configs/``.
        config_type: The root dataclass.
        ui: Within which folders data may lie, and whether code may be set.

    Raises:
        RefusedField: The command line refuses it, or what is set runs code or points elsewhere.
        UserError: The preset by itself is wrong.
    """
    before: Any = load_preset(preset, config_type).config
    try:
        settings = _loaded(words, preset, config_type)
    except UserError as error:
        known = known_keys(config_type)
        raise RefusedField(str(error), concerned(str(error), known)) from None
    now: Any = settings.config
    _refuse_leftovers(words, now, config_type)
    if not ui.allow_code:
        refuse_code(before, now)
    refuse_outside(before, now, ui)
    typed = {word.partition("=")[0] for word in words}
    remarks = [*settings.remarks, *_that_follows(before, now, typed)]
    return Settings(settings.config, settings.origins, remarks)


def _refuse_leftovers(words: Sequence[str], now: Any, config_type: type) -> None:
    """See that a mapping is what was typed: the command line adds to that of the preset's file."""
    from ...config.merge import MergedConfig

    known = known_keys(config_type)
    for word in words:
        key, _, text = word.partition("=")
        if key not in known or not is_mapping(known[key]):
            continue
        alone = MergedConfig(config_type)
        alone.set(key, from_word(text))
        value = plain(reduce(getattr, key.split("."), now))
        if not is_same(plain(alone.value(key)), value):
            raise RefusedField(
                f"{key} is {in_one_line(value)}, since what is typed adds to what the "
                "preset's file says: take out there what is too much",
                key,
            )


def load_preset(preset: Path, config_type: type[ConfigT]) -> Settings[ConfigT]:
    """What a preset comes to when nothing is set over it.

    Raises:
        UserError: Something is wrong with the file.
    """
    return _loaded((), preset, config_type)


def _loaded(words: Sequence[str], preset: Path, config_type: type[ConfigT]) -> Settings[ConfigT]:
    arguments = arguments_of(make_parser(None), ["config", "--config", str(preset), *words])
    return load_settings(config_type, arguments)


def concerned(sentence: str, known: Mapping[str, Any]) -> str | None:
    """The setting that a refusal is about: the one that its sentence begins with, or None.

    Args:
        sentence: With its place.
        known: Every key, with its type.
    """
    place = PLACE.match(sentence)
    said = sentence[place.end() :] if place else sentence
    settable = [key for key in known if not section_of(known[key]) or is_optional(known[key])]
    begun = [key for key in settable if re.match(rf"{re.escape(key)}(?![\w-])", said)]
    return max(begun, key=len, default=None)


def _that_follows(before: Any, now: Any, typed: set[str]) -> list[str]:
    """A line for each value that is another without having been set."""
    values: Mapping[str, Any] = dict(leaves(before))
    return [
        f"{key} is {as_written(plain(value))} with this (it was {as_written(plain(values[key]))})"
        for key, value in leaves(now)
        if key in values and plain(value) != plain(values[key]) and not _is_set(key, typed)
    ]


def _is_set(key: str, typed: set[str]) -> bool:
    names = key.split(".")
    return any(".".join(names[:depth]) in typed for depth in range(1, len(names) + 1))
