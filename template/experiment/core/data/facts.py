"""What the data tells the model, found once for all processes and restarts of a run.

Template's file: updates replace it. Your Facts and how they are found stand in data.py.
"""

import json
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

from filelock import FileLock

from ..config.dump import plain
from ..config.field_types import from_plain, refused_types
from ..errors import UserError
from ..files import shown, write_json

FactsT = TypeVar("FactsT")


def stored_facts(file: Path, facts_type: type[FactsT], find: Callable[[], FactsT]) -> FactsT:
    """The facts in ``file``; the first process to come finds them, the others wait for it.

    Raises:
        UserError: The file does not fit the type, or the facts are no plain values.
    """
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(file.with_name(".facts.lock")):
            if not file.exists():
                _store(file, find())
    try:
        return from_plain(facts_type, json.loads(file.read_text(encoding="utf-8")))
    except (TypeError, ValueError) as error:
        raise UserError(
            f"{shown(file)} does not fit Facts in experiment/data.py ({error}): "
            "delete it, and the facts are found anew"
        ) from None


def _store(file: Path, facts: Any) -> None:
    """Write them down, if they come back as they are.

    Raises:
        UserError: One of them is no plain value.
    """
    for sentence in refused_types(type(facts)):
        raise UserError(f"experiment/data.py: {sentence}")
    values = plain(facts)
    for field in fields(facts):
        try:
            text = json.dumps(values[field.name])
            wanted = get_type_hints(type(facts))[field.name]
            from_plain(wanted, json.loads(text), field.name)
        except (TypeError, ValueError) as error:
            kind = type(getattr(facts, field.name)).__name__
            raise UserError(
                f"experiment/data.py: Facts.{field.name}: {error} (it is a {kind}); Facts hold "
                "plain values, as their annotations say: a tensor's .item() or .tolist()"
            ) from None
    write_json(file, values)
