"""Windows of texts that findings are about: a document of which they are the half is listed."""

from pathlib import Path
from typing import Any

from listed_files import digest, made
from modules import Modules
from written_texts import write

TASK = "language_modeling"
WORDS = ["red", "green", "blue", "white", "black", "brown", "grey", "pink"]


def document(number: int, lines: int = 150) -> str:
    """No five words of it stand in another one."""
    rows = range(number * 1000, number * 1000 + lines)
    return "".join(f"{WORDS[row % 8]} of {row} is {row * 7}, then {row + 3}.\n" for row in rows)


def test_a_document_that_leaks_is_listed_and_not_one_that_quotes(
    modules: Modules, tmp_path: Path
) -> None:
    root = tmp_path / "my texts"
    write(root, {f"train/text {number}.txt": document(number) for number in range(8)})
    write(root, {f"test/text {number}.txt": document(number) for number in range(20, 23)})
    write(root, {"train/é leak.txt": document(21)})
    quotes = document(9) + document(22, lines=20)
    write(root, {"train/quotes.txt": quotes})

    def looked(*lines: str) -> Any:
        data = made(modules, root, *lines, val_fraction=0.0)
        inspection = modules("core.inspect.dataset.examine").examine(data, strict=True)
        return modules("core.inspect.dataset.to_leave_out").to_leave_out(inspection, data)

    found = looked()

    entries = [line for line in found.text.splitlines() if line and line[0] != "#"]
    assert entries == [f"{digest(root / 'train/é leak.txt')}  train/é leak.txt"]
    assert found.count == 1
    (remark,) = found.remarks
    assert remark.endswith(" windows of texts are a small part of their documents, which stay")
    assert looked(*entries).count == 0
