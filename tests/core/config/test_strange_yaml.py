"""YAML that somebody made to be bad: each is a sentence or a text, and none takes long."""

import time
from pathlib import Path
from typing import Any

import pytest
from assemble import Package, assemble


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return Package(assemble(tmp_path_factory.mktemp("yaml"))).module("core.config.yaml_reader")


def bomb() -> str:
    """Ten lines that stand for ten thousand million values."""
    lines = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 10)]
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("x: &a [*a]", "it has too many levels, or an alias leads to itself"),
        ("x: &a {b: *a}", "it has too many levels, or an alias leads to itself"),
        ("x: " + "[" * 500 + "]" * 500, "it has too many levels, or an alias leads to itself"),
        (bomb(), "its aliases stand for more values than it has letters"),
    ],
)
def test_a_file_without_end_is_refused_at_once(
    text: str, reason: str, reader: Any, tmp_path: Path
) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text(text)
    begin = time.monotonic()

    with pytest.raises(reader.UserError, match=f"bad.yaml: not a configuration: {reason}"):
        reader.from_file(file)

    assert time.monotonic() - begin < 2


def test_aliases_as_people_use_them_are_read(reader: Any, tmp_path: Path) -> None:
    file = tmp_path / "good.yaml"
    file.write_text("a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}\nc: [*a, *a]\n")

    read = {name: part.plain() for name, part in reader.from_file(file).items()}

    assert read["b"] == {"x": 1, "y": 3}
    assert read["c"] == [{"x": 1, "y": 2}] * 2


@pytest.mark.parametrize("word", ["!!int x", "!!bool x", "!!timestamp x", "2020-99-99", "9" * 5000])
def test_what_only_looks_like_a_value_is_text(word: str, reader: Any) -> None:
    assert reader.from_word(word).value == word.rpartition(" ")[2]
