"""Shapes in annotations, held against the tensors that really flow.

Template's file: updates replace it. Checked where present: no annotation, no complaint. ``Shape:``
sections: shape_docstrings.py.
"""

import re
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import find_spec
from inspect import unwrap
from pathlib import Path
from traceback import extract_tb
from types import ModuleType
from typing import Any, get_type_hints

CORE = __name__.rpartition(".inspect.")[0]
CONFIG = f"{CORE.rpartition('.')[0]}.config"
VENDORED = "third_party"


def check_annotations(*packages: str) -> bool:
    """Check the jaxtyping annotations of every module of these packages imported from now on.

    Of all but core, config.py, whose values have checks of their own, and code in a folder
    ``third_party``. A call costs some 100 us more, so this is for smoke, in a process of its own,
    and for tests (pytest_hooks.py). False says that beartype is missing.

    Raises:
        RuntimeError: A module with annotations has been imported already, and would go unchecked.
    """
    if not find_spec("beartype"):
        return False
    late = sorted(name for name in sys.modules if _is_unchecked(name, packages))
    if late:
        raise RuntimeError(f"imported before its shapes could be checked: {', '.join(late)}")
    from jaxtyping import install_import_hook

    install_import_hook(packages, "beartype.beartype")
    sys.meta_path.insert(0, _LeftAlone(packages))
    return True


class _LeftAlone:
    """Finds, before jaxtyping does, the modules of a package whose annotations nobody checks."""

    def __init__(self, packages: tuple[str, ...]) -> None:
        self.packages = packages

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if _is_within(name, self.packages) and _is_left_alone(name):
            return PathFinder.find_spec(name, path, target)
        return None


def _is_within(name: str, packages: tuple[str, ...]) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def _is_left_alone(name: str) -> bool:
    return _is_within(name, (CORE, CONFIG)) or VENDORED in name.split(".")


def _is_unchecked(name: str, packages: tuple[str, ...]) -> bool:
    if not _is_within(name, packages) or _is_left_alone(name):
        return False
    module = sys.modules[name]
    uses = any(getattr(value, "__module__", None) == "jaxtyping" for value in vars(module).values())
    return uses and not type(module.__loader__).__module__.startswith("jaxtyping")


def batch_mismatches(batch: Any) -> list[str]:
    """A sentence for each field of a NamedTuple or dataclass that is not as annotated.

    One axis name has one size in all fields. (The import hook sees what functions take and
    return; into a NamedTuple it does not look.)
    """
    from beartype.door import is_bearable
    from jaxtyping import jaxtyped

    kind, wrong = type(batch), []
    with jaxtyped("context"):  # remembers the size of each axis from field to field
        for name, annotation in get_type_hints(kind, include_extras=True).items():
            value = getattr(batch, name)
            if not is_bearable(value, annotation):
                found, wanted = _readable(_summary(value)), _readable(str(annotation))
                wrong.append(f"{kind.__name__}.{name} is {found}, its annotation says {wanted}")
    return wrong


def describe_shape_error(error: BaseException) -> str:
    """``file:line: sentence`` with what came and what the annotation says; "" for other errors.

    An argument is blamed on the line that passed it, a result on the function that returned it.
    """
    text = _SHAPE_ERROR.match(str(error))
    if text is None:
        return ""
    name = ".".join(text["name"].split(".")[-2:])
    found, wanted = _readable(text["found"]), _readable(text["wanted"])
    sizes = ", ".join((text["sizes"] or "").split())
    says = f"says {wanted}" + (f" with {sizes}" if sizes else "")
    caller = _caller(error)
    definition = _definition(text["name"]) or caller
    if text["argument"] is None:
        return f"{definition}: {name} returned {found}, its annotation {says}"
    return (
        f"{caller}: {name} got {text['argument']} = {found}, its annotation ({definition}) {says}"
    )


_SHAPE_ERROR = re.compile(
    r"Type-check error whilst checking the (?:parameters|return value) of (?P<name>[\w.<>]+)\.\n"
    r"(?:The problem arose whilst typechecking parameter '(?P<argument>\w+)'\.\n)?"
    r"Actual value: (?P<found>.*?)\nExpected type: (?P<wanted>.*?)\.\n-{5,}"
    r"(?:.*axis annotation are as follows\.\s*(?P<sizes>.*))?",
    re.DOTALL,
)


def _caller(error: BaseException) -> str:
    """The project's last line that the error came through; a library's when there is none."""
    frames = [frame for frame in extract_tb(error.__traceback__) if Path(frame.filename).is_file()]
    own = [frame for frame in frames if "site-packages" not in Path(frame.filename).parts]
    return next(
        (source_line(frame.filename, frame.lineno) for frame in reversed(own or frames)), "?"
    )


def _definition(qualified_name: str) -> str | None:
    """The place of a function from its dotted name, as far as that leads."""
    parts = qualified_name.split(".")
    for length in range(len(parts) - 1, 0, -1):
        found: Any = sys.modules.get(".".join(parts[:length]))
        if found is None:
            continue
        for part in parts[length:]:
            found = getattr(found, part, None)
        code = getattr(unwrap(found), "__code__", None) if callable(found) else None
        return source_line(code.co_filename, code.co_firstlineno) if code else None
    return None


def _summary(value: Any) -> str:
    if hasattr(value, "dtype") and hasattr(value, "shape"):
        return f"{value.dtype}{list(value.shape)}"
    return repr(value)


def _readable(text: str) -> str:
    """jaxtyping's ``f32[2,3](torch)`` as float32[2, 3], and its types without their wrapping."""
    kinds = {"f": "float", "bf": "bfloat", "i": "int", "u": "uint", "c": "complex"}
    text = re.sub(r"<class '(.*?)'>(?=$|\W)", r"\1", text).replace("jaxtyping.", "")
    text = re.sub(r"\b(bf|f|i|u|c)(?=\d+\[)", lambda match: kinds[match[1]], text)
    text = re.sub(r"\[([\d,]*)\]\(torch\)", lambda m: f"[{m[1].replace(',', ', ')}]", text)
    return " ".join(text.replace("torch.", "").split())


def source_line(file: str | Path, line: int | None) -> str:
    path = Path(file).resolve()
    if path.is_relative_to(Path.cwd()):
        path = path.relative_to(Path.cwd())
    return f"{path}:{line}"
