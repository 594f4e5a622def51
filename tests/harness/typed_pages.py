"""Types what a page of a project's docs/ says into the project, word for word.

A block's first line says where it belongs: a file that it is (``# experiment/data.py``), or a part
that it replaces (``..., in place of DataConfig`` of a Python file, ``..., in place of data`` of a
YAML file). A table ``| in `FILE` | becomes |`` has words that others take the place of.
"""

import ast
import re
from pathlib import Path
from textwrap import indent

from projects import Project

BLOCK = re.compile(r"```(?:python|yaml)\n# ([^\n]+)\n(.*?)```", re.DOTALL)
TABLE = re.compile(r"\| in `([^`]+)` \| becomes \|\n\|[-|]+\|\n((?:\|.*\|\n)+)")
ROW = re.compile(r"\| `(.+?)` \| `(.+?)` \|")


def type_page(project: Project, page: Path) -> None:
    """Do all that a page says."""
    type_blocks(project, page)
    type_tables(project, page)


def type_blocks(project: Project, page: Path) -> None:
    """Type its code."""
    text = page.read_text(encoding="utf-8")
    blocks = BLOCK.findall(text)
    assert blocks
    assert len(blocks) == text.count("```") // 2, "a block without a place"
    for place, code in blocks:
        file, _, part = place.partition(", in ")
        _type(project / file, part.removeprefix("place of ") if part else "", code)


def type_tables(project: Project, page: Path) -> None:
    """Change the words in its tables."""
    for file, rows in TABLE.findall(page.read_text(encoding="utf-8")):
        for old, new in ROW.findall(rows):
            project.replace(file, old, new)


def _type(file: Path, part: str, code: str) -> None:
    if not part:
        file.write_text(code, encoding="utf-8")
        return
    text = file.read_text(encoding="utf-8")
    if file.suffix == ".yaml":
        section = re.compile(rf"(?ms)^{part}:.*?(?=^\w|\Z)")
        assert section.search(text), f"{file} has no {part}"
        file.write_text(section.sub(lambda _: f"{code}\n", text, count=1), encoding="utf-8")
        return
    kinds = (ast.ClassDef, ast.FunctionDef)
    (node,) = [n for n in ast.walk(ast.parse(text)) if isinstance(n, kinds) and n.name == part]
    lines = text.splitlines(keepends=True)
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)]) - 1
    lines[first : node.end_lineno] = [indent(code, " " * node.col_offset)]
    file.write_text("".join(lines), encoding="utf-8")
