"""Every layout of docs/exports-images.md trains by its command, and a start says what is there."""

import os
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

ROOT = Path(__file__).parents[4]
PAGE = ROOT / "docs" / "exports-images.md"


def sections() -> dict[str, dict[str, list[str]]]:
    """By heading, the lines of each fenced block by its word; those that list files."""
    found = {}
    for part in PAGE.read_text(encoding="utf-8").split("\n## ")[1:]:
        blocks = re.findall(r"```(\w+)\n(.*?)```", part, flags=re.DOTALL)
        by_word = {word: text.splitlines() for word, text in blocks}
        if "files" in by_word:
            found[part.partition("\n")[0]] = by_word
    return found


def write(root: Path, line: str) -> None:
    """The files of a line of a listing: the first name, and as many more as it says."""
    name, _, count = line.rpartition(" ")
    for index in range(int(count)):
        path = root / name
        path = path.with_name(f"{path.stem}-{index}{path.suffix}") if index else path
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix not in (".jpg", ".jpeg"):
            path.write_text("written by a tool\n")
            continue
        image = Image.new("RGB", (8, 8), (sum(map(ord, path.parent.name)) % 256, 90, index))
        image.save(path)


def settings(command: str) -> dict[str, Any]:
    """What the command of a section sets of the data."""
    return dict(word.removeprefix("data.").split("=") for word in shlex.split(command)[2:])


@pytest.mark.parametrize("heading", sections())
def test_a_layout_of_the_page(
    make: Callable[..., Any], tmp_path: Path, monkeypatch: Any, heading: str
) -> None:
    blocks = sections()[heading]
    for line in blocks["files"]:
        write(tmp_path / "data", line)
    monkeypatch.chdir(tmp_path)

    values = settings(blocks["bash"][0])
    data = make(**{**values, "root": str(tmp_path / values["root"])})

    assert [line.rstrip() for line in data.summary()] == blocks["said"]
    assert len(data.facts.class_names) == 2
    assert sum(len(batch.label) for batch in data.train_dataloader()) == len(data.examples("train"))


def test_what_fiftyone_wrote_is_read(make: Callable[..., Any], tmp_path: Path) -> None:
    listing = ROOT / "tests" / "exports" / "fiftyone_tree" / "listing.txt"
    written = [line for line in listing.read_text().splitlines() if not line.startswith("#")]
    for name in written:
        write(tmp_path, f"{name} 1")
    media = tmp_path / "train" / "cat" / "000001.jpg"  # with export_media="symlink"
    os.rename(media, tmp_path.parent / f"{tmp_path.name}.jpg")
    media.symlink_to(tmp_path.parent / f"{tmp_path.name}.jpg")

    data = make(source="folder", root=str(tmp_path), test_fraction=0.0)

    assert data.facts.class_names == ["cat", "dog"]
    assert [len(data.examples(split)) for split in ("train", "val")] == [4, 4]
    assert any(
        "files have no class: passed over (2, the first: " in line for line in data.summary()
    )
