"""Types what a page of a project's docs/ says into the project, word for word.

A block's first line says where it belongs: a file that it is (``# experiment/data.py``), or a part
that it replaces (``..., in place of DataConfig`` of a Python file, ``..., in place of data`` of a
YAML file). A table ``| in `FILE` | becomes |`` has words that others take the place of.
"""

import ast
import re
from pathlib import Path

from projects import Project

BLOCK = re.compile(r"```(?:python|yaml)\n# ([^\n]+)\n(.*?)```", re.DOTALL)
TABLE = re.compile(r"\| in `([^`]+)` \| becomes \|\n\|[-|]+\|\n((?:\|.*\|\n)+)")
ROW = re.compile(r"\| `(.+?)` \| `(.+?)` \|")


def type_page(project: Project, page: Path) -> int:
    """Do what a page says; the number of lines that are typed."""
    text = page.read_text(encoding="utf-8")
    blocks, tables = BLOCK.findall(text), TABLE.findall(text)
    assert len(blocks) == text.count("```") // 2, "a block without a place"
    for place, code in blocks:
        file, _, part = place.partition(", in ")
        _type(project / file, part.removeprefix("place of ") if part else "", code)
    for file, rows in tables:
        for old, new in ROW.findall(rows):
            project.replace(file, old, new)
    return sum(len(code.splitlines()) for _, code in blocks)


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
    (node,) = [n for n in ast.parse(text).body if isinstance(n, ast.ClassDef) and n.name == part]
    lines = text.splitlines(keepends=True)
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)]) - 1
    lines[first : node.end_lineno] = [code]
    file.write_text("".join(lines), encoding="utf-8")
