"""docs/exports-texts.md: each layout trains by the command of the page, with the lines it has."""

import json
import re
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from projects import ROOT
from written_texts import documents_of, poem, write

FILE = ROOT / "docs/exports-texts.md"
PAGE = FILE.read_text(encoding="utf-8")
STORED = {
    "data/pile": ROOT / "tests/exports/pile",
    "data/saved": ROOT / "tests/exports/huggingface_texts/saved",
    "data/hub": ROOT / "tests/exports/huggingface_texts/hub",
    "data/wikitext": ROOT / "tests/exports/huggingface_texts/wikitext",
    "data/json": ROOT / "tests/exports/huggingface_texts/json",
}
STORIES = [f"\n\nOnce there was a {word}. It was said {i} times.\n" for i in range(40)
           for word in ("rose", "tulip", "daisy", "aster")]  # fmt: skip
MARK = "<|endoftext|>\n"
Make = Callable[..., Any]


class Layout(NamedTuple):
    """A section of the page."""

    files: list[str]
    settings: dict[str, Any]
    lines: list[str]


def layouts() -> dict[str, Layout]:
    found = {}
    for heading, body in re.findall(r"(?ms)^### (.*?)\n(.*?)(?=^### |\Z)", PAGE):
        files, lines = re.findall(r"(?ms)^```\n(.*?)^```$", body)
        (command,) = re.findall(r"(?m)^`uv run python main.py (.*)`$", body)
        words = [word.partition("=") for word in shlex.split(command)]
        settings = {key.removeprefix("data."): yaml.safe_load(text) for key, _, text in words}
        found[heading] = Layout(files.split("\n")[:-1], settings, lines.split("\n")[:-1])
    return found


LAYOUTS = layouts()


def content(name: str) -> str | bytes:
    """What a file of a page's listing holds; of each split another word."""
    if name.endswith((".bin", ".pkl")):
        return b"\x80\x04\0\0"
    if "TinyStoriesV2" in name:
        return MARK.join(STORIES if "train" in name else STORIES[:9:2])
    if "/meta/" in name:
        return '{"url": "https://example.org"}'
    if name.endswith(".json"):
        first = int(name[-6]) * 80
        return json.dumps([{"story": s, "source": "GPT-4"} for s in STORIES[first : first + 80]])
    word = next((w for s, w in WORDS.items() if s in name), "rose")
    return poem(300 if word == "rose" else 60, word)


WORDS = {"valid": "tulip", "test": "aster", "README": "readme", "prepare": "import", "readme": "me"}


def lay_out(layout: Layout, folder: Path) -> None:
    for place, stored in STORED.items():
        if layout.files[0].startswith(f"{place}/"):
            shutil.copytree(stored, folder / place)
    names = [name for name in layout.files if name != "..."]
    if "..." in layout.files:
        scraped = {f"{i:07}-{i - 40}.txt": poem(9, f"page{i}") for i in range(2, 90)}
        write(folder / "data/scraped/RS_2011-01/data", dict(scraped))
    for name in names:
        if not (folder / name).exists():
            write(folder, {name: content(name)})
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert there >= set(names)
    assert there == set(names) or "..." in layout.files


def data_of(make: Make, layout: Layout, folder: Path) -> Any:
    settings = {**layout.settings, "vocab_size": 300, "window": 16}
    if "root" in settings:
        settings["root"] = str(folder / settings["root"])
    return make(**settings)


@pytest.mark.parametrize("heading", LAYOUTS)
def test_a_start_prints_what_the_page_says(
    make: Make,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    pytestconfig: pytest.Config,
    heading: str,
) -> None:
    layout = LAYOUTS[heading]
    lay_out(layout, tmp_path)
    monkeypatch.chdir(tmp_path)

    lines = data_of(make, layout, tmp_path).summary()

    if pytestconfig.getoption("--remake"):
        head, section, body = FILE.read_text(encoding="utf-8").partition(f"### {heading}\n")
        parts = body.split("```\n", 4)
        FILE.write_text(
            head + section + "```\n".join([*parts[:3], "\n".join([*lines, ""]), parts[4]])
        )
        return
    assert lines == layout.lines


def read(
    make: Make, folder: Path, monkeypatch: pytest.MonkeyPatch, word: str
) -> dict[str, list[str]]:
    """The documents of each split, of the layout whose heading has this word."""
    (layout,) = [layout for heading, layout in LAYOUTS.items() if word in heading]
    lay_out(layout, folder)
    monkeypatch.chdir(folder)
    texts = data_of(make, layout, folder).read_source()
    return {split: documents_of(found) for split, found in texts.items()}


@pytest.mark.parametrize("word", ["WikiText, the zips", "awd-lstm-lm", "simple-examples"])
def test_a_corpus_of_three_files(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, word: str
) -> None:
    assert read(make, tmp_path, monkeypatch, word) == {
        "train": [poem(300, "rose")],
        "val": [poem(60, "tulip")],
        "test": [poem(60, "aster")],
    }


@pytest.mark.parametrize("word", ["Pile", "save_to_disk", "clone of a hub", "to_json"])
def test_rows_of_an_export_are_documents(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, word: str
) -> None:
    found = read(make, tmp_path, monkeypatch, word)

    numbers = {
        split: [int(re.findall(r"^Document (\d+)\.\n", text)[0]) for text in texts]
        for split, texts in found.items()
    }
    assert numbers == {
        "train": list(range(120)),
        "val": list(range(120, 140)),
        "test": list(range(140, 160)),
    }


def test_csv_has_the_same_rows_as_json(make: Make) -> None:
    folder = ROOT / "tests/exports/huggingface_texts"

    for split, texts in make(source="folder", root=str(folder / "csv")).read_source().items():
        same = make(source="folder", root=str(folder / "json")).read_source()[split]
        assert documents_of(texts) == documents_of(same)


def test_stories_are_told_apart(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    marked = read(make, tmp_path / "a", monkeypatch, "one file with marks")
    listed = read(make, tmp_path / "b", monkeypatch, "all data")

    assert marked["train"] == [story.strip("\n") for story in STORIES]
    assert marked["val"] == [story.strip("\n") for story in STORIES[:9:2]]
    assert listed == {"train": STORIES}


def test_nanogpt_folder_is_refused_with_what_to_read(
    make: Make, refusal: Callable[..., str], tmp_path: Path
) -> None:
    (layout,) = [layout for heading, layout in LAYOUTS.items() if "nanoGPT" in heading]
    lay_out(layout, tmp_path)

    message = refusal(
        make(source="folder", root=str(tmp_path / "data/shakespeare_char")).read_source
    )

    assert ".pkl is no text: it holds numbers, such as the tokens that nanoGPT's" in message


@pytest.mark.parametrize("name", ["saved", "saved/train"])
def test_a_saved_data_set_is_no_folder_of_texts(
    make: Make, refusal: Callable[..., str], name: str
) -> None:
    folder = ROOT / "tests/exports/huggingface_texts" / name

    message = refusal(make(source="folder", root=str(folder)).read_source)

    assert "set data.source=huggingface data.dataset=" in message
    assert message.endswith(f"huggingface_texts/{name}")


def test_the_folder_of_wikitexts_subsets_is_refused(
    make: Make, refusal: Callable[..., str]
) -> None:
    folder = ROOT / "tests/exports/huggingface_texts/wikitext"

    message = refusal(make(source="folder", root=str(folder)).read_source)

    assert "has no splits itself, but " in message
    assert "wikitext-2-raw-v1, or read all texts as one by data.splits='{}'" in message


def test_without_their_ends_rows_of_wikitext_are_refused(
    make: Make, refusal: Callable[..., str]
) -> None:
    folder = ROOT / "tests/exports/huggingface_texts/wikitext/wikitext-2-v1"

    message = refusal(make(source="folder", root=str(folder)).read_source)

    assert "and 400 of 1,200 rows have none: set data.rows_are_documents=false" in message
