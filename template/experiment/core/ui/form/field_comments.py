"""What the comments beside the fields of a configuration say, as help for whoever sets them.

Template's file: updates replace it. The comments are read from the source, which is the
researcher's to write: a field without one has no help, and source that cannot be read gives none.
"""

import ast
import inspect
import re
import textwrap
import tokenize
from dataclasses import is_dataclass
from io import StringIO
from typing import NamedTuple

# What a comment tells a tool, and no person.
TOOLS = re.compile(r"#\s*(noqa|type:|pyright:|mypy:|fmt:|ruff:|pylint:|pragma:).*")


class Comment(NamedTuple):
    """A comment of a line.

    Args:
        column: Where it begins.
        text: What it says.
        alone: Whether nothing stands before it.
    """

    column: int
    text: str
    alone: bool


def field_help(config_class: type) -> dict[str, str]:
    """The comment of each field that has one; a class's own counts more than an inherited one.

    It stands behind the field or, where none does, in the lines right above it, or as a text right
    below it.
    """
    found: dict[str, str] = {}
    for base in reversed(config_class.__mro__):
        if is_dataclass(base):
            found |= _own_help(base)
    return found


def class_help(config_class: type) -> str:
    """The first paragraph of a class's docstring; empty if it has none of its own."""
    text = config_class.__dict__.get("__doc__") or ""
    if text.startswith(f"{config_class.__name__}("):  # what `dataclass` makes up
        return ""
    return " ".join(inspect.cleandoc(text).partition("\n\n")[0].split())


def _own_help(config_class: type) -> dict[str, str]:
    try:
        source = textwrap.dedent(inspect.getsource(config_class))
        tree, comments = ast.parse(source), _comments(source)
    except (OSError, TypeError, SyntaxError, ValueError, tokenize.TokenError):
        return {}
    found: dict[str, str] = {}
    statements = next((n.body for n in tree.body if isinstance(n, ast.ClassDef)), [])
    for node, below in zip(statements, [*statements[1:], None], strict=True):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            text = _behind(node, comments) or _above(node, comments) or _text_of(below)
            if text:
                found[node.target.id] = " ".join(text.split())
    return found


def _comments(source: str) -> dict[int, Comment]:
    """The comments by their line, without what only tools read."""
    found: dict[int, Comment] = {}
    for token in tokenize.generate_tokens(StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            line, column = token.start
            text = TOOLS.sub("", token.string).lstrip("#").strip()
            found[line] = Comment(column, text, not token.line[:column].strip())
    return found


def _behind(node: ast.AnnAssign, comments: dict[int, Comment]) -> str:
    """The comment at the field's end, or its beginning, with the lines that go on with it."""
    end = node.end_lineno or node.lineno
    last = comments.get(end)
    if last is None or not last.text:
        first = comments.get(node.lineno)
        return first.text if first and not first.alone else ""
    lines = [last.text]
    for number in range(end + 1, end + len(comments) + 1):
        comment = comments.get(number)
        if comment is None or not comment.alone or comment.column <= node.col_offset:
            break
        lines.append(comment.text)
    return " ".join(lines)


def _above(node: ast.AnnAssign, comments: dict[int, Comment]) -> str:
    lines: list[str] = []
    for number in range(node.lineno - 1, 0, -1):
        comment = comments.get(number)
        if comment is None or not comment.alone or comment.column != node.col_offset:
            break
        lines.insert(0, comment.text)
    return " ".join(lines)


def _text_of(below: ast.stmt | None) -> str:
    """A text that stands right below a field, as some tools read it."""
    value = below.value if isinstance(below, ast.Expr) else None
    is_text = isinstance(value, ast.Constant) and isinstance(value.value, str)
    return str(value.value) if isinstance(value, ast.Constant) and is_text else ""
