"""Images in one folder, or in one a split, whose classes stand in a table."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

KINDS = ("cat", "dog", "elk")
Reads = Callable[..., Any]


@pytest.fixture
def reads(make: Callable[..., Any], tmp_path: Path) -> Reads:
    """The data of a folder with 12 images to train on and 6 others, and some tables."""

    def read(
        tables: dict[str, str],
        train: str = "train_images",
        other: str = "test_images",
        **values: Any,
    ) -> Any:
        for folder, numbers in ((train, range(12)), (other, range(12, 18))):
            (tmp_path / folder).mkdir(parents=True, exist_ok=True)
            for number in numbers:
                Image.new("L", (6, 6), 9 * number).save(tmp_path / folder / f"{number:03}.png")
        for name, text in tables.items():
            (tmp_path / name).write_text(text)
        fractions = {"val_fraction": 0.0, "test_fraction": 0.0}
        return make(**{"source": "folder", "root": str(tmp_path), **fractions, **values})

    return read


def rows(numbers: range, form: str = "{:03}.png,{}", header: str = "image_id,label") -> str:
    """A table with these images, whose classes take turns."""
    return "\n".join([header, *(form.format(n, KINDS[n % 3]) for n in numbers)]) + "\n"


def found(data: Any) -> dict[str, list[int]]:
    """The labels of each split."""
    data.setup()
    splits = ("train", "val", "test")
    return {one: data.examples(one).labels.tolist() for one in splits if data.has(one)}


def notes_of(data: Any) -> list[str]:
    return [line.strip() for line in data.summary() if line.startswith("      ")]


TURNS = [n % 3 for n in range(18)]


@pytest.mark.parametrize(
    ("form", "header"),
    [
        ("{:03}.png,{}", "image_id,label"),
        ("{:03},{}", "id,breed"),
        ("train_images/{:03}.png,{}", "path,diagnosis"),
        ("{:03}.png;{}", "file_name;class"),
        ('"{:03}.png","{}"', '"Image","Label"'),
        ("{:03}.png,{},7,left", "image,label,age,side"),
        ("7,{:03}.png,left,{}", "age,image_id,side,Target"),
    ],
)
def test_a_table_of_the_training_images(reads: Reads, form: str, header: str) -> None:
    data = reads({"labels.csv": rows(range(12), form, header)})

    labels = found(data)

    assert labels["train"] == TURNS[:12]
    assert data.class_names == list(KINDS)
    assert "test" not in labels  # nobody knows them
    assert "for predict alone" in data.summary()[-1]


def test_tabs_and_a_mark_at_the_beginning(reads: Reads, tmp_path: Path) -> None:
    text = "\ufeff" + rows(range(12), "{:03}.png\t{}", "image_id\tlabel")

    assert found(reads({"train.tsv": text}))["train"] == TURNS[:12]


@pytest.mark.parametrize(("train", "other"), [("images", "images"), (".", ".")])
def test_tables_are_called_as_splits(reads: Reads, train: str, other: str) -> None:
    tables = {"train.csv": rows(range(12)), "test.csv": rows(range(12, 17))}

    data = reads(tables, train, other)

    assert found(data) == {"train": TURNS[:12], "test": TURNS[12:17]}
    assert notes_of(data)[0].startswith("images are in no row of a table: passed over (1: ")


def test_a_table_a_split_and_a_folder_a_split(reads: Reads) -> None:
    tables = {"train.csv": rows(range(12)), "test.csv": rows(range(12, 18))}

    assert found(reads(tables)) == {"train": TURNS[:12], "test": TURNS[12:]}


def test_the_same_names_in_two_folders(reads: Reads, tmp_path: Path) -> None:
    tables = {"train.csv": rows(range(12)), "test.csv": rows(range(5, 18))}
    data = reads(tables)
    for number in range(5, 12):
        Image.new("L", (6, 6), 1).save(tmp_path / "test_images" / f"{number:03}.png")

    assert found(data) == {"train": TURNS[:12], "test": TURNS[5:]}


def test_an_example_of_a_submission_is_no_truth(reads: Reads) -> None:
    tables = {"train.csv": rows(range(12)), "sample_submission.csv": rows(range(12, 18))}

    data = reads({**tables, "prices.csv": "fruit,price\napple,3\n", "names.json": "{}"})

    assert list(found(data)) == ["train"]
    assert [line.split(" (")[0] for line in notes_of(data)] == [
        "tables name no image with a class: passed over",
        "tables are examples of a submission: passed over",
        "files are neither images nor tables: passed over",
    ]


def test_numbers_stand_in_their_order(reads: Reads) -> None:
    text = "id,label\n" + "".join(f"{n:03},{(10, 9, 1)[n % 3]}\n" for n in range(12))

    data = reads({"train.csv": text})

    assert found(data)["train"] == [(2, 1, 0)[n % 3] for n in range(12)]
    assert data.class_names == ["1", "9", "10"]


def test_columns_are_named(reads: Reads) -> None:
    text = "left,right,age,kind\n" + "".join(
        f"{n:03},{11 - n:03},{n % 2},{KINDS[n % 3]}\n" for n in range(12)
    )

    data = reads({"train.csv": text}, image_column="right", label_column="age")

    assert found(data)["train"] == [(11 - n) % 2 for n in range(12)]


def test_lists_say_splits_there_too(reads: Reads) -> None:
    lists = {"train.txt": "\n".join(f"{n:03}" for n in range(12)), "val.txt": "012\n013\n"}

    data = reads({"labels.csv": rows(range(18)), **lists}, "images", "images")

    assert found(data) == {"train": TURNS[:12], "val": TURNS[12:14]}


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("003.png,cat", "033.png,cat", "labels.csv:5: the image 033.png is not there; mend the"),
        ("003.png,cat", "002.png,cat", "labels.csv:5: 002.png is cat here, and another class in"),
        ("003.png,cat", "003.png,", "labels.csv:5: 003.png has no label, expected its class"),
        ("003.png,cat", "003.png,cat,big", "labels.csv:5: has 3 fields, and the first line 2"),
        (
            "003.png,cat",
            '003.png,"cat',
            "is not as CSV is written (unexpected end of data); mend it",
        ),
        ("image_id,label", "label,x", "labels.csv: images may be named by"),
    ],
)
def test_a_row_that_is_not_understood_is_refused(
    reads: Reads, refusal: Callable[..., str], old: str, new: str, sentence: str
) -> None:
    text = rows(range(12))
    assert old in text
    if old.startswith("image_id"):
        text = "x,y,label\n" + "".join(f"{n:03},{11 - n:03},{KINDS[n % 3]}\n" for n in range(12))

    assert sentence in refusal(lambda: reads({"labels.csv": text.replace(old, new)}).setup())


@pytest.mark.parametrize(
    ("tables", "values", "sentence"),
    [
        (
            {"t.csv": rows(range(12), "{:03},{},1", "id,kind,age")},
            {},
            "t.csv: the class may be in kind, age: data.label_column says in which",
        ),
        (
            {"t.csv": rows(range(12), "{:03},{},1", "id,kind,age")},
            {"label_column": "kinds"},
            "data.label_column: ",
        ),
        (
            {"t.csv": "id,label\n" + "".join(f"{n:03},{n / 8}\n" for n in range(12))},
            {},
            "12 of 12 images; expected words or whole numbers that several images share",
        ),
        (
            {"t.csv": "id,label\n" + "".join(f"{n:03},{n % 4 / 8}\n" for n in range(12))},
            {},
            "expected words or whole numbers",
        ),
        (
            {"t.csv": "id,label\n" + "".join(f"{n:03},a\n" for n in range(12))},
            {},
            "tables name one class only, a; expected at least two",
        ),
        (
            {"train.csv": rows(range(12)), "test.csv": rows(range(12, 15))},
            {},
            "is in no row of a table, as 3 of the 6 images for test: name all, or none",
        ),
        (
            {"train.csv": rows(range(12)), "test.csv": rows(range(12, 18)).replace("elk", "dogg")},
            {},
            "is dogg, a class that train lacks; did you mean dog?",
        ),
        (
            {"a.csv": rows(range(12)), "b.csv": rows(range(12)).replace("elk", "cat")},
            {},
            " is cat here, elk elsewhere",
        ),
    ],
)
def test_a_table_that_is_not_understood_is_refused(
    reads: Reads,
    refusal: Callable[..., str],
    tables: dict[str, str],
    values: dict[str, Any],
    sentence: str,
) -> None:
    assert sentence in refusal(lambda: reads(tables, **values).setup())


def test_an_image_of_two_splits_is_refused(reads: Reads, refusal: Callable[..., str]) -> None:
    tables = {"train.csv": rows(range(12)), "test.csv": rows(range(11, 18))}

    message = refusal(lambda: reads(tables, "images", "images").setup())

    assert message.endswith("train.csv, too")
    assert "test.csv:2: " in message


def test_an_image_of_both_held_out_splits_is_refused(
    reads: Reads, refusal: Callable[..., str]
) -> None:
    tables = {
        "train.csv": rows(range(12)),
        "val.csv": rows(range(12, 16)),
        "test.csv": rows(range(15, 18)),
    }

    message = refusal(lambda: reads(tables, "images", "images").setup())

    assert message.endswith("val.csv, too")
    assert "test.csv:2: " in message


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1"])
def test_another_encoding_is_refused(
    reads: Reads, refusal: Callable[..., str], tmp_path: Path, encoding: str
) -> None:
    (tmp_path / "train.csv").write_bytes(rows(range(12)).replace("cat", "café").encode(encoding))

    assert "train.csv is not text in UTF-8" in refusal(lambda: reads({}).setup())


def test_class_folders_are_read_as_before(reads: Reads) -> None:
    data = reads({"labels.csv": rows(range(18))}, "cat", "dog")

    assert found(data) == {"train": [0] * 12 + [1] * 6}
    assert data.class_names == ["cat", "dog"]


PARTS = ("HAM_part_1", "HAM_part_2")


def test_parts_of_a_data_set_are_not_classes_in_silence(
    reads: Reads, refusal: Callable[..., str]
) -> None:
    text = rows(range(18), "{:03},{},7", "id,dx,age")
    tables = {"metadata.csv": text}

    message = refusal(lambda: reads(tables, *PARTS).setup())

    assert "can be read in two ways, as the classes HAM_part_1, HAM_part_2, or by " in message
    assert message.endswith("the second by data.label_column=COLUMN, such as dx")
    assert found(reads(tables, *PARTS, splits={})) == {"train": [0] * 12 + [1] * 6}
    data = reads(tables, *PARTS, label_column="dx")
    assert found(data) == {"train": TURNS}
    assert data.class_names == list(KINDS)


@pytest.mark.parametrize(
    ("folders", "table"),
    [
        (("stage_1", "stage_2"), "id,age,stage\n000,7,I\n001,8,I\n012,9,II\n"),
        (("0", "1"), "id,age\n000,7\n001,8\n012,9\n"),
        (("cat1", "dog1"), "id,age\n000,7\n001,8\n012,9\n"),
        (PARTS, "name,age\nx,7\n"),
    ],
)
def test_classes_may_have_numbers(reads: Reads, folders: tuple[str, str], table: str) -> None:
    data = reads({"table.csv": table}, *folders)

    assert found(data) == {"train": [0] * 12 + [1] * 6}


def test_splits_that_are_stated_win(reads: Reads) -> None:
    tables = {"labels.csv": rows(range(12))}

    data = reads(tables, splits={})
    assert found(data) == {"train": [0] * 6 + [1] * 12}
    assert data.class_names == ["test_images", "train_images"]

    data = reads(tables, splits={"train": "train_images"})
    assert found(data) == {"train": TURNS[:12]}
    assert notes_of(data)[0].startswith("images are in no split: passed over (6, the first: ")


def test_tables_of_splits_are_one_where_there_are_none(reads: Reads) -> None:
    tables = {"train.csv": rows(range(12)), "test.csv": rows(range(12, 18))}

    data = reads(tables, "images", "images", splits={})

    assert sorted(found(data)["train"]) == sorted(TURNS)
    assert not data.has("test")


def test_lists_that_are_stated(reads: Reads) -> None:
    lists = {"a.txt": "\n".join(f"{n:03}" for n in range(12)), "b.txt": "012\n013\n"}
    stated = {"train": "a.txt", "test": "b.txt"}

    data = reads({"labels.csv": rows(range(18)), **lists}, "images", "images", splits=stated)

    assert found(data) == {"train": TURNS[:12], "test": TURNS[12:14]}
