"""``Shape:`` sections of docstrings, held against the annotations by reading.

Template's file: updates replace it. Checked where present: no section, no complaint.
"""

import ast
import re
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from .shape_annotations import source_line

Axes = tuple[str, ...]


class Section(NamedTuple):
    """The ``Shape:`` section of a class or its ``forward``: line, name, shapes of each entry."""

    file: str
    name: str
    entries: list[tuple[int, str, list[Axes]]]


def docstring_mismatches(source: str | Path | ModuleType) -> list[str]:
    """A sentence for each entry of a ``Shape:`` section that the annotation contradicts.

    Reads the source of a module or of a whole package and runs none of it. A class's section
    speaks of ``forward`` and of the class's annotated fields, a function's of the function itself;
    ``output`` is the result, ``input`` the first argument where none has that name.

    Args:
        source: The module or package: itself, its name, or its path.
    """
    return [line for file in _files(source) for line in _mismatches(file)]


@cache
def sections_of(file: str) -> dict[str, Section]:
    """Those of a file's classes, by their qualified names."""
    text = Path(file).read_text(encoding="utf-8")
    if "Shape:" not in text:
        return {}
    return dict(_sections(file, ast.parse(text, file), ""))


def _sections(file: str, node: ast.AST, within: str) -> Iterator[tuple[str, Section]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef):
            yield from _sections(file, child, f"{within}{child.name}.<locals>.")
        elif isinstance(child, ast.ClassDef):
            methods = [one for one in child.body if isinstance(one, ast.FunctionDef)]
            spoken = [child, *(one for one in methods if one.name == "forward")]
            if entries := [entry for one in spoken for entry in _entries(one)]:
                yield within + child.name, Section(file, child.name, entries)
            yield from _sections(file, child, f"{within}{child.name}.")


def _files(source: str | Path | ModuleType) -> list[Path]:
    if isinstance(source, str):
        spec = find_spec(source)
        path = Path(spec.origin or "") if spec else Path(source)
    else:
        path = Path(source.__file__ or "") if isinstance(source, ModuleType) else source
    path = path.parent if path.name == "__init__.py" else path
    return sorted(path.rglob("*.py")) if path.is_dir() else [path]


def _mismatches(file: Path) -> Iterator[str]:
    text = file.read_text(encoding="utf-8")
    if "Shape:" not in text:  # most files: reading their trees takes a second in all
        return
    tree = ast.parse(text, file)
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
            place = f"{source_line(file, line)}: {node.name}'s docstring"
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
