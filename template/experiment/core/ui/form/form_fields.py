"""What a form is made of: sections of fields, and the refusal of one of them.

Template's file: updates replace it. form.py makes them of a configuration.
"""

from dataclasses import dataclass
from typing import Any, Literal

from ...errors import UserError
from .field_ranges import EVERY_NUMBER, Range

Kind = Literal["choice", "number", "switch", "text", "list"]


@dataclass(frozen=True)
class Field:
    """A setting as a person meets it.

    ``value`` and ``default`` are texts, as they are typed on the command line; what is blank, and
    ``null`` where that is a value, mean null.

    Args:
        key: Dotted.
        label: What to call it within its section.
        kind: What it is set with.
        value: What holds.
        default: What holds where nothing is typed: the preset's.
        help: Its comment.
        choices: Of a choice all of them; of a switch on and off.
        range: Of a number.
        whole: Whether it is a whole number.
        optional: Whether it may be null.
        unit: Of a number; empty where its comment names none.
        plain: Whether the plain view shows it.
        read_only: Whether the page shows it only; ``why_read_only`` says why.
        wanted: Its type.
    """

    key: str
    label: str
    kind: Kind
    value: str
    default: str
    wanted: Any
    help: str = ""
    choices: tuple[str, ...] = ()
    range: Range = EVERY_NUMBER
    whole: bool = False
    optional: bool = False
    unit: str = ""
    plain: bool = False
    read_only: bool = False
    why_read_only: str = ""

    @property
    def changed(self) -> bool:
        """Whether another value holds than the preset's."""
        if self.optional and {self.value, self.default} <= {"", "null"}:
            return False
        return self.value != self.default

    @property
    def minimum(self) -> float | None:
        """The least number; itself allowed unless ``range.open_minimum``."""
        return self.range.minimum

    @property
    def maximum(self) -> float | None:
        """The greatest number; itself allowed unless ``range.open_maximum``."""
        return self.range.maximum

    @property
    def is_section(self) -> bool:
        """Whether it switches a section, whose settings follow it."""
        return self.choices == SECTION_SWITCH


@dataclass(frozen=True)
class Section:
    """Settings that belong together.

    Args:
        name: The key that they have in common; empty for those that stand alone.
        title: What to call it.
        help: What its docstring says.
        fields: In the order of the configuration; one that switches a section stands before it.
    """

    name: str
    title: str
    help: str
    fields: tuple[Field, ...]


BOOLEAN, SECTION_SWITCH = ("true", "false"), ("{}", "null")


class RefusedField(UserError):
    """Something that was set in the form is refused.

    Args:
        message: The sentence.
        key: Of the field that it is about; None where that cannot be told.
    """

    def __init__(self, message: str, key: str | None) -> None:
        super().__init__(message)
        self.key = key
