"""Compiles a source text once, wherever it lies: hundreds of projects have the template's files.

In a container Python is often told to keep no bytecode, and each test's project has a path of its
own; every process compiled some 250 files anew, a sixth of what a short training takes.
"""

import _imp
import marshal
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType
from typing import Any

TEMPLATE = Path(__file__).parents[2]
KNOWN: dict[bytes, bytes] = {}  # code by its source


def install() -> None:
    """From now on, this process and its forks compile no text of a module twice."""
    compiled = SourceFileLoader.source_to_code

    def source_to_code(self: SourceFileLoader, data: Any, path: Any, **options: Any) -> CodeType:
        source = bytes(data)
        if source not in KNOWN:
            KNOWN[source] = marshal.dumps(compiled(self, data, path, **options))
        code: CodeType = marshal.loads(KNOWN[source])
        _imp._fix_co_filename(code, str(path))  # pyright: ignore[reportAttributeAccessIssue]
        return code

    SourceFileLoader.source_to_code = source_to_code  # pyright: ignore[reportAttributeAccessIssue]


def read_ahead() -> None:
    """Compile all that the template renders as it is: what forks need is there before them."""
    for folder in ("template", "tasks"):
        for file in sorted((TEMPLATE / folder).rglob("*.py")):
            SourceFileLoader("", str(file)).source_to_code(file.read_bytes(), str(file))
