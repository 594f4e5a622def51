"""What the data tells the model, found once for all processes and restarts of a run.

Template's file: updates replace it. Your Facts and how they are found stand in data.py.
"""

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TypeVar

from filelock import FileLock

from .errors import UserError, shown
from .run import write_json

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
        return facts_type(**json.loads(file.read_text(encoding="utf-8")))
    except (TypeError, ValueError) as error:
        raise UserError(
            f"{shown(file)} does not fit Facts in experiment/data.py ({error}): "
            "delete it, and the facts are found anew"
        ) from None


def _store(file: Path, facts: object) -> None:
    try:
        write_json(file, asdict(facts))  # pyright: ignore[reportArgumentType]
    except TypeError as error:
        raise UserError(f"Facts in experiment/data.py hold plain values only: {error}") from None
