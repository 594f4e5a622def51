"""Lists beside class folders that say which images are of which split."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

UNREAD = "files may say which images are of which split, and are not read"


@pytest.fixture
def reads(make: Callable[..., Any], tmp_path: Path) -> Callable[..., Any]:
    """The data of the test's folder, of two classes with ten images each."""

    def read(inside: str = "", **values: Any) -> Any:
        for name in ("cat", "dog"):
            folder = tmp_path / inside / name
            folder.mkdir(parents=True, exist_ok=True)
            for index in range(10):
                Image.new("L", (6, 6), 9 * index).save(folder / f"{index} {name}.v2.png")
        fractions = {"val_fraction": 0.0, "test_fraction": 0.0}
        return make(**{"source": "folder", "root": str(tmp_path), **fractions, **values})

    return read


@pytest.fixture
def lists(tmp_path: Path) -> Callable[..., None]:
    """Writes lists, a split each, of six, three and one images of each class."""

    def write(
        folder: str = "", line: str = "{}/{} {}.v2.png", names: str = "train val test"
    ) -> None:
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        parts = (range(6), range(6, 9), range(9, 10))
        for name, part in zip(names.split(), parts, strict=False):
            lines = [line.format(kind, n, kind) for kind in ("cat", "dog") for n in part]
            file = tmp_path / folder / name
            file = file if file.suffix else file.with_suffix(".txt")
            file.write_text("\n".join(lines) + "\n")

    return write


def sizes(data: Any) -> list[int]:
    data.setup()
    splits = ("train", "val", "test")
    return [len(data.examples(split)) if data.has(split) else 0 for split in splits]


def notes_of(data: Any) -> list[str]:
    return [line.strip() for line in data.summary() if line.startswith("      ")]


@pytest.mark.parametrize(
    ("inside", "folder"), [("", ""), ("", "splits"), ("images", "meta"), ("a/images", "a/meta")]
)
@pytest.mark.parametrize(
    "line",
    [
        "{}/{} {}.v2.png",
        "{}/{} {}.v2",
        "{1} {2}.v2",
        "./{}/{} {}.v2.png 1",
        "{}/{} {}.v2.png,cat",
        r"C:\home\{}\{} {}.v2.png",
        '"{}/{} {}.v2.png"',
    ],
)
def test_a_list_a_split(
    reads: Callable[..., Any], lists: Callable[..., None], inside: str, folder: str, line: str
) -> None:
    lists(folder, line)

    data = reads(inside)

    assert sizes(data) == [12, 6, 2]
    assert data.class_names == ["cat", "dog"]
    assert [line.split(",")[-2].rpartition("/")[2] for line in data.summary()] == [
        "train.txt",
        "val.txt",
        "test.txt",
    ]


@pytest.mark.parametrize("names", ["train_list val_list", "trainlist vallist", "train_ids val_ids"])
def test_lists_that_are_called_lists(
    reads: Callable[..., Any], lists: Callable[..., None], names: str
) -> None:
    lists(names=names)

    data = reads()

    assert sizes(data) == [12, 6, 0]
    assert [line.split(" (")[0] for line in notes_of(data)] == [
        "images are in no split: passed over"
    ]


def test_a_list_of_what_is_held_out_alone(
    reads: Callable[..., Any], lists: Callable[..., None]
) -> None:
    lists(names="testing.txt")

    data = reads()

    assert sizes(data) == [8, 0, 12]
    assert (
        "images are in no list of what is held out: to train on (8, the first" in notes_of(data)[0]
    )


def test_images_of_two_lists_are_said(
    reads: Callable[..., Any], lists: Callable[..., None], tmp_path: Path
) -> None:
    lists()
    (tmp_path / "test.txt").write_text("cat/0 cat.v2.png\ncat/9 cat.v2.png\n")

    data = reads()
    data.setup()

    assert any(line.startswith("images are for training, too (1: ") for line in notes_of(data))


def test_a_class_that_no_list_trains_on_is_said(reads: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "train.txt").write_text("cat/0 cat.v2.png\ncat/1 cat.v2.png\n")
    (tmp_path / "test.txt").write_text("dog/0 dog.v2.png\n")

    data = reads()
    data.setup()

    assert "classes have no image to train on (1: dog)" in notes_of(data)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("cat/0 cat.v2.png\ncat/77.png\n", "train.txt:2: the image cat/77.png is not there"),
        ("0 cat.v2.png\n\n", ""),
    ],
)
def test_a_line_that_means_no_image_is_refused(
    reads: Callable[..., Any],
    refusal: Callable[..., str],
    tmp_path: Path,
    text: str,
    sentence: str,
) -> None:
    (tmp_path / "train.txt").write_text(text)

    if sentence:
        message = refusal(reads().setup)
        assert sentence in message
        assert message.endswith("data.splits='{}' says that such lists do not count")
        assert sizes(reads(splits={}))[0] == 20
    else:
        assert sizes(reads())[0] == 1


def test_two_lists_for_one_split_are_stated(
    reads: Callable[..., Any], refusal: Callable[..., str], lists: Callable[..., None]
) -> None:
    lists()
    lists(names="train_list")
    assert "train.txt" not in refusal(reads().setup)

    assert sizes(reads(splits={"train": "train.txt", "val": "val.txt", "test": "test.txt"})) == [
        12,
        6,
        2,
    ]


def test_lists_in_several_folders_are_stated(
    reads: Callable[..., Any], lists: Callable[..., None]
) -> None:
    lists("splits/a")
    lists("splits/b", names="train val")

    data = reads()
    assert sizes(data)[0] == 20
    assert "lists of images are in several folders: passed over" in notes_of(data)[0]
    stated = reads(splits={"train": "b/train.txt", "val": "splits/b/val.txt"})
    assert sizes(stated) == [12, 6, 0]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("train.csv", "image,label\n0,cat\n"),
        ("splits.json", '{"train": ["cat/0"]}'),
        ("train_test_split.txt", "1 0\n2 1\n"),
        ("meta/test.json", '{"cat": ["cat/0"]}'),
        ("train.txt", "\xff\xfe0\x00\n\x00"),
    ],
)
def test_what_is_not_read_is_said(
    reads: Callable[..., Any], tmp_path: Path, name: str, text: str
) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_bytes(text.encode("latin-1"))

    data = reads("images" if "meta" in name else "")

    assert sizes(data)[0] == 20
    assert [line.startswith(UNREAD) for line in notes_of(data)] == [True]


@pytest.mark.parametrize("name", ["README.txt", "classes.txt", "labels.csv", "training_log.txt"])
def test_other_files_are_no_lists(reads: Callable[..., Any], tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("0 cat.v2.png\n")

    data = reads()

    assert sizes(data)[0] == 20
    kinds = [line.split(" (")[0] for line in notes_of(data)]
    assert kinds == ["files lie beside the class folders: passed over"]


def test_folders_win_over_lists(
    reads: Callable[..., Any], lists: Callable[..., None], tmp_path: Path
) -> None:
    """Which say the same, or are of somebody's older split."""
    lists(names="train val")
    reads("train")

    data = reads("test")

    assert [line.split(",")[-2].rpartition("/")[2] for line in _split_lines(data)] == [
        "train",
        "test",
    ]
    assert any("files lie beside the splits: passed over (2" in line for line in notes_of(data))


def _split_lines(data: Any) -> list[str]:
    data.setup()
    return [line for line in data.summary() if not line.startswith("   ")]


def test_a_list_of_other_images_of_the_same_numbers_is_not_read(
    reads: Callable[..., Any], tmp_path: Path
) -> None:
    """Of images for a contest, say, which are not here."""
    (tmp_path / "test.txt").write_text("test/0 cat.v2.png\ntest/1 cat.v2.png\n")

    data = reads()

    assert sizes(data) == [20, 0, 0]
    assert [line.startswith(UNREAD) for line in notes_of(data)] == [True]


@pytest.fixture
def birds(reads: Callable[..., Any], tmp_path: Path) -> Callable[..., Any]:
    """The same images as CUB-200-2011 has them: their numbers, a flag each, folders of numbers."""
    names = [f"{kind}/{n} {kind}.v2.png" for kind in ("cat", "dog") for n in range(10)]
    numbered = [f"{number} {name}" for number, name in enumerate(names, start=1)]
    flags = [f"{number} {int(number % 10 < 7)}" for number in range(1, 21)]
    (tmp_path / "images.txt").write_text("\n".join(numbered) + "\n")
    (tmp_path / "train_test_split.txt").write_text("\n".join(flags) + "\n")
    for name in ("parts/part_locs.txt", "attributes/certainties.txt"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text("1 1 0.0\n")

    return lambda **values: reads("images", **values)


def test_flags_by_number(birds: Callable[..., Any]) -> None:
    data = birds()

    assert sizes(data) == [14, 0, 6]
    names = [data.examples("test").record(index).id for index in range(6)]
    assert [name.rpartition("/")[2] for name in names] == [
        f"{n} {kind}.v2.png" for kind in ("cat", "dog") for n in (6, 7, 8)
    ]
    assert [line.split(" (")[0] for line in notes_of(data)] == [
        "folders hold no image: passed over"
    ]
    assert all("train_test_split.txt" in data.summary()[place] for place in (0, 2))


def test_what_lies_beside_the_root_is_said(
    birds: Callable[..., Any], lists: Callable[..., None], tmp_path: Path
) -> None:
    lists()

    data = birds(root=str(tmp_path / "images"))

    assert sizes(data) == [20, 0, 0]
    (line,) = notes_of(data)
    assert line.startswith("files beside data.root may say which images are of which split, and ")
    assert "(4, the first: " in line


@pytest.mark.parametrize(
    ("file", "old", "new", "sentence"),
    [
        ("train_test_split.txt", "\n3 1", "\n3 yes", "txt:3: yes is no flag, expected 1"),
        ("train_test_split.txt", "\n3 1", "\n3", "txt:3: expected a number and what belongs to it"),
        ("train_test_split.txt", "\n3 1", "\n2 1", "txt:3: 2 has a flag already, expected one"),
        ("train_test_split.txt", "\n3 1", "\n33 1", "txt:3: 33 has no name in "),
        (
            "images.txt",
            "cat/2 cat",
            "cat/77 cat",
            "images.txt:3: the image cat/77 is not there",
        ),
    ],
)
def test_a_flag_that_means_nothing_is_refused(
    birds: Callable[..., Any],
    refusal: Callable[..., str],
    tmp_path: Path,
    file: str,
    old: str,
    new: str,
    sentence: str,
) -> None:
    text = (tmp_path / file).read_text()
    assert old in text
    (tmp_path / file).write_text(text.replace(old, new))

    assert sentence in refusal(lambda: birds().setup())


def test_flags_beside_lists_are_refused_and_lists_may_be_stated(
    birds: Callable[..., Any], lists: Callable[..., None], refusal: Callable[..., str]
) -> None:
    lists()

    assert "may both say which images are of which split" in refusal(lambda: birds().setup())
    stated = {"train": "train.txt", "val": "val.txt", "test": "test.txt"}
    assert sizes(birds(splits=stated)) == [12, 6, 2]


@pytest.mark.parametrize("other", ["dog", "train", "test"])
def test_a_folder_without_images_may_be_a_class_or_a_split(
    reads: Callable[..., Any], refusal: Callable[..., str], tmp_path: Path, other: str
) -> None:
    (tmp_path / "cat" / other).mkdir(parents=True)  # beside cat/cat and cat/dog
    (tmp_path / other).mkdir()

    assert refusal(lambda: reads("cat").setup())
