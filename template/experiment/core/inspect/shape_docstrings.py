"""Shapes that are written down hold: annotations at run time, ``Shape:`` sections by reading.

Template's file: updates replace it. Checked where present: no annotation, no section, no complaint.
"""

import ast
import re
import sys
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from inspect import unwrap
from pathlib import Path
from traceback import extract_tb
from types import ModuleType
from typing import Any, get_type_hints

# --- at run time: annotations against the tensors that really flow ---------------------------


def check_annotations(*packages: str) -> bool:
    """Check the jaxtyping annotations of every module of these packages imported from now on.

    A call costs some 100 us more, so this is for smoke, in a process of its own; pytest has it as
    ``--jaxtyping-packages=experiment,beartype.beartype``. False says that beartype is missing.

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
    return True


def _is_unchecked(name: str, packages: tuple[str, ...]) -> bool:
    if not any(name == package or name.startswith(f"{package}.") for package in packages):
        return False
    if name.startswith(f"{__package__}."):  # core itself, which has to be there already
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
    return next((_place(frame.filename, frame.lineno) for frame in reversed(own or frames)), "?")


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
        return _place(code.co_filename, code.co_firstlineno) if code else None
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


def _place(file: str | Path, line: int | None) -> str:
    path = Path(file).resolve()
    if path.is_relative_to(Path.cwd()):
        path = path.relative_to(Path.cwd())
    return f"{path}:{line}"


# --- by reading: Shape: sections against annotations -----------------------------------------

Axes = tuple[str, ...]


def docstring_mismatches(source: str | Path | ModuleType) -> list[str]:
    """A sentence for each entry of a ``Shape:`` section that the annotation contradicts.

    Reads the source of a module or of a whole package and runs none of it. A class's section
    speaks of ``forward`` and of the class's annotated fields, a function's of the function itself;
    ``output`` is the result, ``input`` the first argument where none has that name.

    Args:
        source: The module or package: itself, its name, or its path.
    """
    return [line for file in _files(source) for line in _mismatches(file)]


def _files(source: str | Path | ModuleType) -> list[Path]:
    if isinstance(source, str):
        spec = find_spec(source)
        path = Path(spec.origin or "") if spec else Path(source)
    else:
        path = Path(source.__file__ or "") if isinstance(source, ModuleType) else source
    path = path.parent if path.name == "__init__.py" else path
    return sorted(path.rglob("*.py")) if path.is_dir() else [path]


def _mismatches(file: Path) -> Iterator[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"), file)
    aliases = {
        node.targets[0].id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.ClassDef | ast.FunctionDef):
            continue
        known = {
            name: list(_annotated_shapes(annotation, aliases))
            for name, annotation in _annotations(node).items()
        }
        for line, name, documented in _entries(node) if any(known.values()) else ():
            place = f"{_place(file, line)}: {node.name}'s docstring"
            name = _alias_of_argument(name, known)
            if name not in known:
                yield f"{place} has {name}, which is none of {', '.join(known)}"
            for said, meant in zip(documented, known.get(name, ()), strict=False):
                if not _agree(said, meant):
                    said, meant = ", ".join(said), ", ".join(meant)
                    yield f"{place} has {name} as ({said}), the annotation says ({meant})"


def _annotations(node: ast.ClassDef | ast.FunctionDef) -> dict[str, ast.expr | None]:
    """What a ``Shape:`` section may speak of: arguments, ``output``, and a class's fields."""
    if isinstance(node, ast.FunctionDef):
        arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        arguments += [several for several in (node.args.vararg, node.args.kwarg) if several]
        known = {argument.arg: argument.annotation for argument in arguments}
        known.pop("self", None)
        return known | {"output": known.get("output") or node.returns}
    known = {}
    for statement in node.body:
        if isinstance(statement, ast.FunctionDef) and statement.name == "forward":
            known |= _annotations(statement)
        elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            known[statement.target.id] = statement.annotation
    return known


def _alias_of_argument(name: str, known: Iterable[str]) -> str:
    """torch.nn's ``Input`` and ``Output`` as the names that ``forward`` has for them."""
    if name in known or name.lower() not in ("input", "output"):
        return name
    arguments = [argument for argument in known if argument != "output"]
    return next(iter(arguments), name) if name.lower() == "input" else "output"


def _entries(node: ast.ClassDef | ast.FunctionDef) -> Iterator[tuple[int, str, list[Axes]]]:
    """Line, name and shapes of each ``- name: ``(axis, axis)``, words`` under ``Shape:``."""
    match node.body[0]:
        case ast.Expr(value=ast.Constant(value=str(docstring), lineno=first)):
            lines = list(enumerate(docstring.splitlines(), first))
        case _:
            return
    start = next(
        (i for i, (_, text) in enumerate(lines, 1) if text.strip() == "Shape:"), len(lines)
    )
    margin = len(lines[start - 1][1]) - len(lines[start - 1][1].lstrip())
    for number, text in lines[start:]:
        if text.strip() and len(text) - len(text.lstrip()) <= margin:
            return  # the next section
        if entry := re.match(r"\s*-\s+(\w+)\s*:(.*)", text):
            shapes = re.findall(r"`\(([^()`]*)\)`", entry[2]) or re.findall(
                r"^\s*\(([^()]*)\)", entry[2]
            )
            yield number, entry[1], [_axes(shape, ",") for shape in shapes]


def _annotated_shapes(annotation: ast.AST | None, aliases: dict[str, ast.expr]) -> Iterator[Axes]:
    """The axes of each ``Float[Tensor, "axis axis"]`` in an annotation, from left to right."""
    match annotation:
        case None:
            return
        case ast.Name(id=name) if name in aliases:
            others = {key: value for key, value in aliases.items() if key != name}
            yield from _annotated_shapes(aliases[name], others)
        case ast.Subscript(
            value=ast.Name(id=name) | ast.Attribute(attr=name),
            slice=ast.Tuple(elts=[_, ast.Constant(value=str(axes))]),
        ) if name not in ("Literal", "Annotated"):
            yield _axes(axes, None)
        case _:
            for child in ast.iter_child_nodes(annotation):
                yield from _annotated_shapes(child, aliases)


def _axes(text: str, separator: str | None) -> Axes:
    return tuple(axis.strip() for axis in text.split(separator) if axis.strip())


def _agree(said: Axes, meant: Axes) -> bool:
    return len(said) == len(meant) and all(map(_same_axis, said, meant))


def _same_axis(said: str, meant: str) -> bool:
    """Whether a documented axis can be the annotated one, whose marks (``#``, ``_``) may lack."""
    name, _, size = meant.lstrip("#?_").partition("=")
    if said in ("...", "*") and (meant == "..." or meant.startswith("*")):
        return True
    name = re.sub(r"\{(?:self\.)?(\w+)\}", r"\1", name)  # jaxtyping's "{self.dim}"
    return not name or said.replace(" ", "") in (name, size, meant)
