"""The form of a configuration: every setting as a field, with its help, its choices and its bounds.

Template's file: updates replace it. What a field means is read from the dataclasses, yours and
core's: types, comments, range checks. A type that is not known here becomes a text in YAML.

==========================  ================================================================
``form_fields.py``          what a form is made of; ``make_field.py``: one field of it
``form_texts.py``           values as texts, texts as words of the command line
``field_comments.py``       the help; ``field_ranges.py``: the bounds of a number
``form_post.py``            from what was set to ``key=value`` words; ``field_words.py``: one
``form_check.py``           the words, checked by the code of the command line
``data_roots.py``           where data may lie; ``code_settings.py``: what runs code
``presets.py``              the files of ``configs/``, and the command to copy
==========================  ================================================================
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import MISSING, dataclass, fields, replace
from typing import Any, get_type_hints

from ...config.dump import in_reading_order
from ...config.meaning import is_recorded
from ...config.schema import section_of
from ...config.ui import UiConfig
from .field_comments import class_help, field_help
from .field_ranges import field_ranges
from .form_fields import Field, Section
from .form_texts import is_optional
from .make_field import guarded, in_words, make_field, section_switch


@dataclass(frozen=True)
class _Given:
    """A section of the configuration, as the preset has it and as it is given; None: off."""

    config_class: type
    preset: Any
    given: Any


def sections(config_type: type, preset: Any, given: Any, ui: UiConfig) -> list[Section]:
    """Every setting but those of the page itself, in the order of the configuration.

    Args:
        config_type: The root dataclass.
        preset: What the preset alone comes to.
        given: What the preset and what was set over it come to.
        ui: What the plain view shows, and whether code may be set.
    """
    root = _Given(config_type, preset, given)
    by_name: dict[str, list[Field]] = {}
    for field in _fields(root, ui):
        name = field.key.partition(".")[0]
        is_alone = "." not in field.key and not field.is_section
        by_name.setdefault("" if is_alone else name, []).append(field)
    hints = get_type_hints(config_type)
    return [
        Section(
            name,
            in_words(name).capitalize() or "Experiment",
            class_help(section_of(hints[name]) or config_type) if name else class_help(config_type),
            tuple(found),
        )
        for name, found in by_name.items()
    ]


def shown_again(form: Iterable[Section], posted: Mapping[str, str]) -> list[Section]:
    """The form with what a person has typed, whether it is right or not.

    Args:
        form: As it was shown.
        posted: One text of each field that was posted.
    """

    def typed(field: Field) -> Field:
        text = field.value if field.read_only else posted.get(field.key, field.value)
        return replace(field, value=text)

    return [replace(one, fields=tuple(map(typed, one.fields))) for one in form]


def _fields(section: _Given, ui: UiConfig, prefix: str = "") -> Iterator[Field]:
    owner = section.config_class
    hints, texts, ranges = get_type_hints(owner), field_help(owner), field_ranges(owner)
    by_name = {field.name: field for field in fields(owner)}
    for name in in_reading_order(owner):
        if not is_recorded(owner, name):
            continue
        wanted, key = hints[name], f"{prefix}{name}"
        values = [
            _default(by_name[name]) if part is None else getattr(part, name)
            for part in (section.preset, section.given)
        ]
        if inner := section_of(wanted):
            help_ = texts.get(name) or class_help(inner)
            if is_optional(wanted):
                yield section_switch(key, help_, values, wanted, ui)
            yield from _fields(_Given(inner, *_sections_of(values)), ui, f"{key}.")
        else:
            field = make_field(key, wanted, values, texts.get(name, ""), ranges.get(name), ui)
            yield guarded(field, owner, name, ui)


def _default(field: Any) -> Any:
    """What a section that is off would start from."""
    return field.default_factory() if field.default_factory is not MISSING else field.default


def _sections_of(values: list[Any]) -> list[Any]:
    return [None if value is MISSING else value for value in values]
