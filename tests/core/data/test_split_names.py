"""Which names are splits, which are classes or documents, and what is refused."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from modules import Modules


@pytest.mark.parametrize(
    ("name", "split"),
    [
        *((name, "train") for name in ("train", "Training", "TRAIN", "train2017", "train-images")),
        *((name, "train") for name in ("trainset", "training_set", "TrainImages", "01_train")),
        *((name, "val") for name in ("val", "Valid", "validation", "val2017", "dev", "dev-set")),
        *((name, "test") for name in ("test", "Testing", "test_data", "testset", "test images")),
        *(
            (name, None)
            for name in ("training day", "trains", "cat", "contest", "2017", "train_test")
        ),
    ],
)
def test_a_name_alone(experiment: Modules, name: str, split: str | None) -> None:
    assert experiment("core.data.split_names").meaning(name) == split


@pytest.mark.parametrize(
    ("names", "splits"),
    [
        ("Training Testing notes", {"train": "Training", "test": "Testing"}),
        ("seg_train seg_test seg_pred", {"train": "seg_train", "test": "seg_test"}),
        (
            "wiki.train.tokens wiki.valid.tokens wiki.test.tokens README",
            {
                "train": "wiki.train.tokens",
                "val": "wiki.valid.tokens",
                "test": "wiki.test.tokens",
            },
        ),
        ("val test cat", {}),  # none means training
        ("how_to_train_your_dragon.txt a.txt", {}),  # a title
        ("cat dog", {}),
    ],
)
def test_names_together(experiment: Modules, names: str, splits: dict[str, str]) -> None:
    assert experiment("core.data.split_names").named_splits(names.split(), "data") == splits


@pytest.mark.parametrize(
    ("names", "both"),
    [
        ("train Training test", "Training and train"),
        ("train val valid", "val and valid"),
        ("a_train a_test b_train b_test", "a_train and b_train"),
    ],
)
def test_two_of_one_meaning_are_refused(
    experiment: Modules, refusal: Callable[..., str], names: str, both: str
) -> None:
    named_splits = experiment("core.data.split_names").named_splits

    message = refusal(lambda: named_splits(names.split(), "data"))

    assert both in message
    assert "data.splits='{" in message


def images(folder: Path, *names: str, count: int = 8) -> None:
    from PIL import Image

    for name in names:
        (folder / name).mkdir(parents=True)
        for number in range(count):
            color = (number * 20, 90, 10)
            Image.new("RGB", (8, 8), color).save(folder / name / f"{number}.png")


def test_train_beside_other_classes_is_a_class(make: Callable[..., Any], tmp_path: Path) -> None:
    images(tmp_path, "bus", "car", "train")

    data = make(source="folder", root=str(tmp_path))

    assert data.facts.class_names == ["bus", "car", "train"]


def test_both_readings_are_quoted(
    make: Callable[..., Any], refusal: Callable[..., str], tmp_path: Path
) -> None:
    images(tmp_path, "train/cat", "train/dog", "test/cat", "test/dog", "emu")

    message = refusal(make(source="folder", root=str(tmp_path)).setup)

    assert "as splits ({train: train, test: test}) or as classes: train, test, emu" in message
    stated = {"train": "train", "test": "test"}
    assert make(source="folder", root=str(tmp_path), splits=stated).facts.class_names == [
        "cat",
        "dog",
    ]
    assert make(source="folder", root=str(tmp_path), splits={}).facts.class_names == [
        "emu",
        "test",
        "train",
    ]


def test_splits_can_be_stated(
    make: Callable[..., Any], refusal: Callable[..., str], tmp_path: Path
) -> None:
    images(tmp_path, "one/cat", "one/dog", "two/cat", "two/dog", count=20)
    images(tmp_path, "val/cat", "val/dog", count=3)
    stated = {"train": "one", "val": None, "test": "two"}

    data = make(source="folder", root=str(tmp_path), splits=stated, val_fraction=0.5)

    assert [len(data.examples(split)) for split in ("train", "val", "test")] == [20, 20, 40]
    assert data.summary()[1].strip() == (
        f"folders belong to no split: passed over (1: {tmp_path}/val)"
    )
    wrong = make(source="folder", root=str(tmp_path), splits={"train": "onne"})
    assert "train is onne, which is not there; there is one, two, val" in refusal(wrong.setup)


@pytest.mark.parametrize(
    ("splits", "message"),
    [({"val": "two"}, "splits names none for train"), ({"dev": "two"}, "splits has dev")],
)
def test_what_splits_may_say(make: Callable[..., Any], splits: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make(splits=splits)


def test_a_start_says_what_was_read(make: Callable[..., Any], tmp_path: Path) -> None:
    images(tmp_path / "Training", "cat", "dog")
    images(tmp_path / "Testing", "cat", "dog", count=3)
    (tmp_path / "Training" / "cat" / "more").symlink_to(tmp_path / "Testing" / "cat")
    (tmp_path / "Training" / "dog" / "lost.png").symlink_to(tmp_path / "nowhere.png")
    (tmp_path / "Training" / "dog" / "again").symlink_to(tmp_path / "Training")
    (tmp_path / "Training" / "labels.csv").write_text("a,b\n")

    lines = make(source="folder", root=str(tmp_path), val_fraction=0.5).summary()

    assert [" ".join(line.split()) for line in lines] == [
        f"train 9 examples, 2 classes: cat, dog (4 to 5 each), from {tmp_path}/Training, in memory",
        f"files lie beside the class folders: passed over (1: {tmp_path}/Training/labels.csv)",
        "links lead back to a folder that they are in: not followed "
        f"(1: {tmp_path}/Training/dog/again)",
        f"links lead nowhere: passed over (1: {tmp_path}/Training/dog/lost.png)",
        "images lie in folders inside their class's folder: of that class, too "
        f"(3, the first: {tmp_path}/Training/cat/more/0.png)",
        "val 10 examples, 2 classes: cat, dog (4 to 6 each), "
        f"held out of {tmp_path}/Training, in memory",
        f"test 6 examples, 2 classes: cat, dog (3 to 3 each), from {tmp_path}/Testing, in memory",
    ]
