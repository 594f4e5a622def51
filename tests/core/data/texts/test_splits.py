"""Which file is which split: what was understood is read as that, what was not is refused."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from written_texts import documents_of, write

Make = Callable[..., Any]
Refusal = Callable[[Callable[[], Any]], str]


def read(make: Make, root: Path, **settings: Any) -> dict[str, list[str]]:
    """The documents of each split."""
    found = make(source="folder", root=str(root), **settings).read_source()
    return {split: documents_of(texts) for split, texts in found.items()}


@pytest.mark.parametrize(
    ("train", "val", "test"),
    [
        ("train.txt", "valid.txt", "test.txt"),
        ("wiki.train.tokens", "wiki.valid.tokens", "wiki.test.tokens"),
        ("wiki.train.raw", "wiki.valid.raw", "wiki.test.raw"),
        ("ptb.train.txt", "ptb.valid.txt", "ptb.test.txt"),
        ("TinyStories-train.txt", "TinyStories-valid.txt", "TinyStories-test.txt"),
        ("Train/a.txt", "Valid/a.txt", "Test/a.txt"),
        ("training/deep/a.txt", "dev/a.txt", "testing/a.txt"),
        ("train/a.txt", "val.txt", "test.md"),
        ("corpus.train", "corpus.dev", "corpus.test"),
        ("train_set.txt", "val_set.txt", "test_set.txt"),
        ("books/train.txt", "books/valid.txt", "books/test.txt"),  # one folder is all there is
    ],
)
def test_names_of_files_and_folders_mean_splits(
    make: Make, tmp_path: Path, train: str, val: str, test: str
) -> None:
    write(tmp_path, {train: "To learn.", val: "To validate.", test: "To test."})

    assert read(make, tmp_path) == {
        "train": ["To learn."],
        "val": ["To validate."],
        "test": ["To test."],
    }


def test_a_split_may_be_several_files(make: Make, tmp_path: Path) -> None:
    hashes = ("2d5a1467fff1081b", "ff00aa1122334455")
    for number, names in enumerate(
        [
            [*(f"train-0000{i}-of-00002.txt" for i in (0, 1)), "validation-00000-of-00001.txt"],
            [*(f"train-0000{i}-of-00002-{hashes[i]}.txt" for i in (0, 1)), "val-0-of-1.txt"],
            [*(f"c4-train.0000{i}-of-00512.txt" for i in (0, 1)), "c4-validation.0-of-8.txt"],
            ["train_0.txt", "train_1.txt", "dev_0.txt"],
            ["train.00.txt", "train.01.txt", "valid.txt"],
            ["train/00.txt", "train/01.txt", "val.txt"],
        ]
    ):
        texts = ["Part 0.", "Part 1.", "Held out."]
        folder = write(tmp_path / str(number), dict(zip(names, texts, strict=True)))

        assert read(make, folder) == {"train": texts[:2], "val": texts[2:]}


def test_parts_are_those_that_differ_in_numbers_alone(
    make: Make, refusal: Refusal, tmp_path: Path
) -> None:
    write(tmp_path, {"train1.txt": "One.", "train2.txt": "Two.", "train_old.txt": "Else."})

    message = refusal(lambda: read(make, tmp_path))
    stated = read(make, tmp_path, splits={"train": "train*.txt"})

    assert "splits ({train: train*.txt}) or as documents: train*.txt, train_old.txt" in message
    assert stated == {"train": ["One.", "Two."]}


@pytest.mark.parametrize(
    "names",
    [
        ["how to train your dragon.txt", "plane.txt", "the test of time.txt"],
        ["chapter 1.txt", "chapter 2.txt"],
        ["input.txt"],
        ["how to train your dragon.txt"],
        ["a/train.txt", "b/other.txt"],  # a single one inside is a document
    ],
)
def test_titles_are_documents(make: Make, tmp_path: Path, names: list[str]) -> None:
    write(tmp_path, {name: f"This is {name}." for name in names})

    assert read(make, tmp_path) == {"train": [f"This is {name}." for name in sorted(names)]}


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        (
            ["ptb.train.txt", "ptb.test.txt", "ptb.char.train.txt", "ptb.char.test.txt"],
            "ptb.char.train.txt and ptb.train.txt, each of which may be for train: say which by "
            "data.splits='{train: ptb.char.train.txt, ...}'",
        ),
        (["train.txt", "train/a.txt"], "train and train.txt, each of which may be for train"),
        (["train.en", "train.de"], "train.de and train.en, each of which may be for train"),
        (
            ["train.txt", "test.txt", "more.txt"],
            "can be read in two ways, as splits ({train: train.txt, test: test.txt}) or as "
            "documents: train.txt, test.txt, more.txt: state the first by data.splits='{train: "
            "train.txt, test: test.txt}', the second by data.splits='{}'",
        ),
        (["train.py", "model.py"], "or as documents: train.py, model.py"),
        (["val.txt", "test.txt"], "has examples for val and test, but none to train on"),
        (["test.txt", "other.txt"], "has examples for test, but none to train on"),
        (["wiki.valid.raw", "wiki.test.raw"], "but none to train on"),
        (
            ["small/wiki.train.raw", "small/wiki.test.raw", "large/wiki.train.raw"],
            "small has ({train: wiki.train.raw, test: wiki.test.raw}): set data.root=",
        ),
    ],
)
def test_what_could_be_read_in_two_ways_is_refused(
    make: Make, refusal: Refusal, tmp_path: Path, names: list[str], sentence: str
) -> None:
    write(tmp_path, {name: f"This is {name}." for name in names})

    assert sentence in refusal(lambda: read(make, tmp_path))


@pytest.mark.parametrize(
    ("splits", "found"),
    [
        (
            {"train": "ptb.train.txt", "test": "ptb.test.txt"},
            {"train": ["ptb.train.txt"], "test": ["ptb.test.txt"]},
        ),
        ({"train": "ptb.char.train.txt"}, {"train": ["ptb.char.train.txt"]}),
        (
            {"train": "more", "test": "ptb.test.txt"},
            {"train": ["more/x.txt"], "test": ["ptb.test.txt"]},
        ),
        (
            {"train": "ptb.*.txt"},
            {"train": ["ptb.char.train.txt", "ptb.test.txt", "ptb.train.txt"]},
        ),
        (
            {},
            {"train": ["more/x.txt", "ptb.char.train.txt", "ptb.test.txt", "ptb.train.txt"]},
        ),
    ],
)
def test_splits_can_be_stated(
    make: Make, tmp_path: Path, splits: dict[str, str], found: dict[str, list[str]]
) -> None:
    names = ["ptb.train.txt", "ptb.char.train.txt", "ptb.test.txt", "more/x.txt"]
    write(tmp_path, {name: f"This is {name}." for name in names})

    expected = {split: [f"This is {name}." for name in some] for split, some in found.items()}
    assert read(make, tmp_path, splits=splits) == expected


def test_what_is_stated_and_not_there_is_named(
    make: Make, refusal: Refusal, tmp_path: Path
) -> None:
    write(tmp_path, {"one.txt": "A text.", "two.txt": "A text, too."})

    message = refusal(lambda: read(make, tmp_path, splits={"train": "three.txt"}))

    assert message == (
        "data.splits: train is three.txt, which is not there; there is one.txt, two.txt"
    )


def test_what_belongs_to_no_split_is_counted(make: Make, tmp_path: Path) -> None:
    write(tmp_path, {"train.txt": "Learn.", "test.txt": "Test.", "README.md": "Of the texts."})
    write(tmp_path, {"notes/a.txt": "Else.", "scores.pkl": b"\x80\x04", "LICENSE": "Free."})

    texts = make(source="folder", root=str(tmp_path)).read_source()

    assert list(texts) == ["train", "test"]
    assert texts["train"].notes.counts == {
        "files belong to no split: passed over": 3,
        "folders belong to no split: passed over": 1,
    }


def test_what_is_about_the_texts_is_none_of_them(make: Make, tmp_path: Path) -> None:
    write(tmp_path, {"a.txt": "A text.", "README.md": "About it.", "LICENCE.txt": "Free."})
    write(tmp_path, {"more/README.md": "A document, since it lies deeper."})

    texts = make(source="folder", root=str(tmp_path)).read_source()["train"]

    assert documents_of(texts) == ["A text.", "A document, since it lies deeper."]
    assert texts.notes.counts["files are about the texts: passed over"] == 2


def test_a_folder_of_readmes_is_read(make: Make, tmp_path: Path) -> None:
    write(tmp_path, {"README.one.md": "One.", "README.two.md": "Two."})

    assert read(make, tmp_path) == {"train": ["One.", "Two."]}


def test_the_root_may_be_a_file(make: Make, tmp_path: Path) -> None:
    write(tmp_path, {"input.txt": "A text.", "prepare.py": "import this"})

    assert read(make, tmp_path / "input.txt") == {"train": ["A text."]}


def test_links_are_followed_and_those_that_lead_nowhere_are_counted(
    make: Make, tmp_path: Path
) -> None:
    write(tmp_path, {"data/.hidden.txt": "Hidden.", "data/.git/x": "", "data/.DS_Store": ""})
    write(tmp_path, {"data/a.txt": "A text.", "store/b.txt": "Linked.", "store/c.txt": "A file."})
    (tmp_path / "data/more").symlink_to(tmp_path / "store")
    (tmp_path / "data/c.txt").symlink_to(tmp_path / "store/c.txt")
    (tmp_path / "data/gone.txt").symlink_to(tmp_path / "nowhere")
    (tmp_path / "store/back").symlink_to(tmp_path / "data")

    texts = make(source="folder", root=str(tmp_path / "data")).read_source()["train"]

    assert documents_of(texts)[:3] == ["A text.", "A file.", "Linked."]
    assert texts.notes.counts["files or folders are hidden: passed over"] == 1
    assert texts.notes.counts["links lead nowhere: passed over"] == 1
    assert texts.notes.counts["links lead back to a folder that they are in: not followed"] == 1


@pytest.mark.parametrize(
    ("train", "held"),
    [
        ("training-monolingual/a.txt", "heldout-monolingual/a.txt"),  # the one billion words
        ("train.txt", "eval.txt"),
        ("news.train.txt", "news.holdout.txt"),
        ("train/a.txt", "Evaluation/a.txt"),
    ],
)
def test_what_is_held_out_for_something_is_not_trained_on(
    make: Make, refusal: Refusal, tmp_path: Path, train: str, held: str
) -> None:
    write(tmp_path, {train: "To learn.", held: "Held out."})
    names = train.split("/")[0], held.split("/")[0]

    sentence = refusal(lambda: read(make, tmp_path))

    assert f"{names[0]} and {names[1]}, which may be for val or for test" in sentence
    assert f"data.splits='{{train: {names[0]}, val: {names[1]}}}'" in sentence
    stated = read(make, tmp_path, splits={"train": names[0], "val": names[1]})
    assert stated == {"train": ["To learn."], "val": ["Held out."]}
    assert sorted(read(make, tmp_path, splits={})["train"]) == ["Held out.", "To learn."]


def test_an_evaluation_is_a_text_where_nothing_is_for_training(make: Make, tmp_path: Path) -> None:
    write(tmp_path, {"evaluation.txt": "One.", "methods.txt": "Two."})

    assert read(make, tmp_path) == {"train": ["One.", "Two."]}
