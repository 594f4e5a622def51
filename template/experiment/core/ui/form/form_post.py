"""From what was set in the form to words of the command line; what is not right is refused.

Template's file: updates replace it. Only what differs from the preset becomes a word. What depends
on several fields at once is found by form_check.py.
"""

from collections.abc import Iterable, Mapping, Sequence

from ...config.dump import escaped, in_one_line
from ...config.field_types import item_type
from ...config.schema import known_keys
from ...errors import UserError
from ...spelling import did_you_mean, nearest
from .field_words import SHOWN, word_for
from .form_fields import SECTION_SWITCH, Field, RefusedField, Section
from .form_texts import choices_of, has_reference, is_text


def from_post(posted: Mapping[str, str | Sequence[str]], form: Iterable[Section]) -> list[str]:
    """The words ``key=value`` of what differs from the preset, in the form's order.

    Args:
        posted: By the fields' keys; a field that is not there keeps the value that it shows. Of a
            switch the last of several counts, since a page posts both a hidden "off" and the box.
        form: As it was shown.

    Raises:
        RefusedField: A key is unknown, a field is read-only, or a value cannot be the field's.
    """
    by_key = {field.key: field for section in form for field in section.fields}
    for key in posted:
        if key not in by_key:
            hint = did_you_mean(nearest(key, by_key))
            raise RefusedField(f"{key} is not a setting that this form has{hint}", None)
    texts = {
        key: _text(field, posted[key]) if key in posted else field.value
        for key, field in by_key.items()
    }
    words: list[str] = []
    for key, field in by_key.items():
        _refuse_untypable(field, texts[key])
        word = word_for(field, texts[key])
        if word is None:
            continue
        if off := _off_section(key, by_key, texts):
            if key in posted and texts[key] != field.value:
                raise RefusedField(f"{key} is set, but {off} is off: switch it on", key)
            continue
        if field.read_only:
            raise RefusedField(f"{key} is read-only: it {field.why_read_only}", key)
        words.append(f"{key}={word}")
    return words


def given_settings(given: Iterable[str], config_type: type) -> list[str]:
    """The words ``key=value`` of an address, which anybody may have written.

    Args:
        given: What stands in it.
        config_type: The root dataclass.

    Raises:
        UserError: One is no setting, such as ``--config=FILE``, or stands for what is elsewhere:
            a file or a variable of this machine would be shown.
    """
    words, known = list(given), known_keys(config_type)
    for word in words:
        key, _, text = word.partition("=")
        if key not in known:
            raise UserError(f"{key[:SHOWN]} is not a setting{did_you_mean(nearest(key, known))}")
        if has_reference(text):
            raise UserError(f"{key} has ${{...}}, a reference to something else: write its value")
    return words


def _text(field: Field, given: str | Sequence[str]) -> str:
    """One text of what was posted for a field."""
    if isinstance(given, str):
        text = given
    elif field.kind == "list":
        text = f"[{', '.join(_item(field, number, part) for number, part in enumerate(given))}]"
    elif field.kind == "switch" and given:
        text = given[-1]
    elif len(given) == 1:
        text = given[0]
    else:
        raise RefusedField(f"{field.key} is given {len(given)} times; it must be once", field.key)
    if text == field.default:
        return text
    text = text.replace("\r\n", "\n")  # how browsers send the lines of a text
    return text.strip() if field.kind in ("number", "switch") else text


def _item(field: Field, number: int, text: str) -> str:
    """One of several values of a list: text as it is meant, else as it is typed."""
    wanted = item_type(field.wanted, number)
    is_literal = is_text(wanted) or isinstance(choices_of(wanted).get(text), str)
    return in_one_line([escaped(text)])[1:-1] if is_literal else text


def _refuse_untypable(field: Field, text: str) -> None:
    """Refuse characters that no command line can hold."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise RefusedField(f"{field.key} has a character that is not UTF-8", field.key) from None
    if "\0" in text:
        raise RefusedField(f"{field.key} has a null character, which no command takes", field.key)


def _off_section(key: str, by_key: Mapping[str, Field], texts: Mapping[str, str]) -> str | None:
    """The section above a field that is switched off, if one is."""
    names = key.split(".")
    for depth in range(1, len(names)):
        above = ".".join(names[:depth])
        field = by_key.get(above)
        if field and field.is_section and texts[above] == SECTION_SWITCH[1]:
            return above
    return None
