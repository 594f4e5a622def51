"""Shapes that are written down hold: annotations at run time, ``Shape:`` sections by reading.

Template's file: updates replace it. Nothing to override: what has no annotation is not checked.
"""

import ast
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib.util import find_spec
from inspect import unwrap
from pathlib import Path
from traceback import extract_tb
from types import ModuleType
from typing import Any, NamedTuple

from .errors import UserError

# --- at run time: jaxtyping's annotations against the tensors that flow -------------------------


def check_annotations(*packages: str) -> AbstractContextManager[None]:
    """Check jaxtyping annotations of everything in these packages that is imported from now on.

    Costs a few hundred microseconds a call, so it is for smoke and tests, in a process of their
    own; pytest has it as ``--jaxtyping-packages=experiment,beartype.beartype``. A ``with`` block
    ends the checking of further imports; without one it lasts as long as the process.

    Raises:
        UserError: beartype is missing.
        RuntimeError: A module with annotations was imported before, so nobody would check it.
    """
    if not find_spec("beartype"):
        raise UserError("shapes cannot be checked without beartype; uv sync installs it")
    late = sorted(name for name in sys.modules if _escapes(name, packages))
    if late:
        raise RuntimeError(f"imported before their shapes could be checked: {', '.join(late)}")
    from jaxtyping import install_import_hook

    return install_import_hook(packages, "beartype.beartype")  # pyright: ignore[reportReturnType]


def field_mismatches(batch: NamedTuple | Any) -> list[str]:
    """One sentence for each field of a NamedTuple or dataclass that is not as it is annotated.

    The import hook looks at arguments and results of functions, not into a NamedTuple.
    """
    from beartype.door import is_bearable
    from jaxtyping import jaxtyped

    kind = type(batch)
    wrong = []
    with jaxtyped("context"):  # one memory of axis sizes for all fields: batch is batch
        for name, annotation in _annotations(kind).items():
            value = getattr(batch, name)
            if not is_bearable(value, annotation):
                wrong.append(f"{kind.__name__}.{name} is {_brief(value)}, not {_brief(annotation)}")
    return wrong
