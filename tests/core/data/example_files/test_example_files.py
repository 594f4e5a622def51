"""Files that a function of one's own reads: which splits they are, what is wrong with which one."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from modules import Modules


@pytest.fixture
def files(experiment: Modules) -> Any:
    return experiment("core.data.example_files")


@pytest.fixture
def hands(experiment: Modules, tmp_path: Path) -> Callable[..., Path]:
    """Write hands of cards, by the names of their files."""

    def write(*names: str, **arrays: Any) -> Path:
        for number, name in enumerate(names):
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            values = {"cards": np.full((6, 10), number), "label": number % 2, **arrays}
            with path.open("wb") as file:  # by a path NumPy adds its own suffix
                np.savez(file, **values)
        return tmp_path

    return write


def many(folder: str, count: int) -> list[str]:
    return [f"{folder}{number:02d}.npz" for number in range(count)]


def load(experiment: Modules, files: Any, root: Path, **values: Any) -> dict[str, Any]:
    config = experiment("config").DataConfig(source="folder", root=str(root), **values)
    return files.load(config, root, "*.npz", experiment("data").read_hand)


# ------------------------------------------------------------------------------------------ splits
@pytest.mark.parametrize(
    ("train", "val", "test"),
    [("train", "val", "test"), ("Training", "Validation", "Testing"), ("train_set", "dev", "TEST")],
)
def test_folders_are_splits_in_any_spelling(
    experiment: Modules, files: Any, hands: Callable[..., Path], train: str, val: str, test: str
) -> None:
    root = hands(f"{train}/a.npz", f"{train}/deeper/b.npz", f"{val}/c.NPZ", f"{test}/d.npz")

    parts = load(experiment, files, root)

    names = {split: [file.name for file in part.files] for split, part in parts.items()}
    assert names == {"train": ["a.npz", "b.npz"], "val": ["c.NPZ"], "test": ["d.npz"]}
    assert parts["val"][0].cards.unique().tolist() == [2]


def test_without_splits_all_of_it_trains(
    experiment: Modules, files: Any, hands: Callable[..., Path]
) -> None:
    parts = load(experiment, files, hands("cat/a.npz", "dog/b.npz", "c.npz"))

    assert {split: len(part) for split, part in parts.items()} == {"train": 3}


def test_a_folder_that_only_wraps_is_looked_through(
    experiment: Modules, files: Any, hands: Callable[..., Path]
) -> None:
    parts = load(experiment, files, hands("hands-v1/train/a.npz", "hands-v1/test/b.npz"))

    assert {split: len(part) for split, part in parts.items()} == {"train": 1, "test": 1}


def test_splits_are_stated(experiment: Modules, files: Any, hands: Callable[..., Path]) -> None:
    root = hands("old/a.npz", "new/b.npz", "other/c.npz")

    parts = load(experiment, files, root, splits={"train": "old", "test": "new"})
    whole = load(experiment, files, root, splits={})

    assert {split: len(part) for split, part in parts.items()} == {"train": 1, "test": 1}
    assert len(whole["train"]) == 3


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ((), "has no *.npz in it; it is empty"),
        (("a.csv", "LABELS"), "has no *.npz in it; there are *.csv, LABELS"),
        (("train/a.npz", "val/b.csv"), "val has no *.npz in it; there are *.csv; where it is no"),
        (("test/a.npz", "val/b.npz"), "has examples for val and test, but none to train on"),
        (("train/a.npz", "val/b.npz", "more/c.npz"), "can be read in two ways"),
        (("cat/train/a.npz", "dog/train/b.npz", "dog/test/c.npz"), "seem to be of train and test"),
        (("train-1.npz", "test-1.npz"), "train-1.npz and "),
        (("train/a.npz", "training/b.npz"), "has train and training, each of which may be for"),
    ],
)
def test_a_layout_that_is_not_known_is_refused(
    experiment: Modules,
    files: Any,
    hands: Callable[..., Path],
    refusal: Callable[..., str],
    names: tuple[str, ...],
    said: str,
) -> None:
    root = hands(*names)

    assert said in refusal(lambda: load(experiment, files, root))


def test_titles_are_no_splits(experiment: Modules, files: Any, hands: Callable[..., Path]) -> None:
    parts = load(experiment, files, hands("how-to-train-your-dragon.npz", "b.npz"))

    assert len(parts["train"]) == 2


@pytest.mark.parametrize("pattern", ["**/*.npz", ""])
def test_a_pattern_is_of_a_files_name(
    experiment: Modules, files: Any, tmp_path: Path, refusal: Callable[..., str], pattern: str
) -> None:
    read, config = experiment("data").read_hand, experiment("config").DataConfig()

    assert "'*.npz'" in refusal(lambda: files.load(config, tmp_path, pattern, read))
    assert "'*.npz'" in refusal(lambda: files.load_unlabelled(tmp_path, pattern, read))


def test_a_folder_that_is_not_there_is_named(
    experiment: Modules, files: Any, tmp_path: Path, refusal: Callable[..., str]
) -> None:
    said = refusal(lambda: load(experiment, files, tmp_path / "none"))

    assert said.startswith("data.root: there is no folder ")
    assert said.endswith("none; expected *.npz in it")


# ------------------------------------------------------------------------------- what a start says
def test_a_start_says_how_many_and_what_was_passed_over(
    make: Callable[..., Any], hands: Callable[..., Path], tmp_path: Path
) -> None:
    hands(*many("train/", 20), *many("test/", 3), "train/notes.txt", "ORIGIN.md", ".hidden.npz")
    (tmp_path / "train/gone.npz").symlink_to(tmp_path / "nowhere")

    lines = make(source="folder", root=str(tmp_path)).summary()

    assert lines[0].startswith("train        17 examples, from ")
    assert lines[0].endswith("train, read as they are needed")
    said = "\n".join(lines)
    assert "links lead nowhere: passed over (1: " in said
    assert "files have another name than *.npz: passed over (1: " in said
    assert "files lie beside the splits: passed over (1: " in said
    assert sum("passed over" in line for line in lines) == 3  # each of them once
    assert [line[:20] for line in lines if " examples" in line][1:] == [
        "val           3 exam",
        "test          3 exam",
    ]


def test_a_start_names_the_classes(
    experiment: Modules, files: Any, hands: Callable[..., Path]
) -> None:
    part = load(experiment, files, hands("dog/a.npz", "cat/b.npz", "cat/c.npz"))["train"]
    part.labels = [file.parent.name for file in part.files]

    (line,) = experiment("core.data.summary").summary_lines({"train": part})

    assert "3 examples, 2 classes: cat, dog (1 to 2 each), from " in line


# ------------------------------------------------------------------ labels and groups from outside
def test_labels_that_are_set_split_alike(
    experiment: Modules, files: Any, hands: Callable[..., Path], make: Callable[..., Any]
) -> None:
    part = load(experiment, files, hands(*many("cat/", 60), *many("dog/", 20)))["train"]
    part.labels = [file.parent.name for file in part.files]

    rest, held = make().split(part, 0.25)

    assert [int((s.labels == 1).sum()) for s in (rest, held)] == [15, 5]
    assert experiment("core.data.datasets").labels_of(held).unique().tolist() == [0, 1]
    assert part.record(0).label == "cat"
    assert part.class_names == ["cat", "dog"]


def test_groups_that_are_set_are_never_parted(
    experiment: Modules, files: Any, hands: Callable[..., Path], make: Callable[..., Any]
) -> None:
    names = [f"patient{patient}-{number}.npz" for patient in range(8) for number in range(3)]
    part = load(experiment, files, hands(*names))["train"]
    part.groups = [file.name.partition("-")[0] for file in part.files]
    groups_of = experiment("core.data.cross_validation").groups_of
    data = make(fold=1, folds=3)
    data.datasets["train"], data.datasets["test"] = data.split(part, 0.25)

    data.fold()

    found = {split: set(groups_of(dataset)) for split, dataset in data.datasets.items()}
    assert set.union(*found.values()) == {f"patient{number}" for number in range(8)}
    assert sum(len(one) for one in found.values()) == 8  # nobody is in two of them
    assert part.record(0).group == "patient0"


@pytest.mark.parametrize(
    ("field", "values", "said"),
    [
        ("labels", ["cat"], "data.py: there are 1 labels for 2 files"),
        ("labels", [0.5, 1.5], "labels are names or whole numbers, not such as 0.5"),
        ("labels", [None, "cat"], "labels are names or whole numbers, not such as None"),
        ("labels", torch.ones(2, 3), "labels are names or whole numbers"),
        ("groups", ["a", "b", "c"], "data.py: there are 3 groups for 2 files"),
    ],
)
def test_labels_and_groups_that_cannot_be_are_refused(
    experiment: Modules,
    files: Any,
    hands: Callable[..., Path],
    refusal: Callable[..., str],
    field: str,
    values: Any,
    said: str,
) -> None:
    part = load(experiment, files, hands("a.npz", "b.npz"))["train"]

    assert said in refusal(lambda: setattr(part, field, values))


# ------------------------------------------------------------------------- files that are not right
@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"label": 7}, "cannot be read: ValueError: label is 7; expected 0, no pair, or 1, a pair"),
        ({"label": [0, 1]}, "cannot be read: TypeError: only "),
        ({"cards": "ace"}, "cannot be read: TypeError: can't convert np.ndarray of type numpy.str"),
    ],
)
def test_a_file_that_is_not_right_is_named_with_its_reason(
    experiment: Modules,
    files: Any,
    hands: Callable[..., Path],
    refusal: Callable[..., str],
    arrays: dict[str, Any],
    said: str,
) -> None:
    part = load(experiment, files, hands("wrong.npz", **arrays))["train"]

    sentence = refusal(lambda: part[0])

    assert f"wrong.npz {said}" in sentence
    assert " (read_hand, " in sentence


def test_a_file_that_is_none_of_its_kind_is_named(
    experiment: Modules, files: Any, tmp_path: Path, refusal: Callable[..., str]
) -> None:
    (tmp_path / "text.npz").write_text("no archive")
    part = load(experiment, files, tmp_path)["train"]

    assert "text.npz cannot be read: " in refusal(lambda: part[0])


def test_the_sentence_of_a_reader_is_kept(
    experiment: Modules, files: Any, tmp_path: Path, refusal: Callable[..., str]
) -> None:
    error = experiment("core.errors").UserError

    def read(file: Path) -> Any:
        raise error("has no header")

    part = files.ExampleFiles([tmp_path / "a.csv"], read)

    assert refusal(lambda: part[0]).endswith("a.csv: has no header")


def test_skip_leaves_out_what_cannot_be_read_and_counts_it(
    make: Callable[..., Any], hands: Callable[..., Path], tmp_path: Path
) -> None:
    hands(*many("", 24))
    for name in ("00.npz", "01.npz"):  # the first ones: the facts are found all the same
        (tmp_path / name).write_text("no archive")
    data = make(
        source="folder", root=str(tmp_path), on_error="skip", batch_size=4, test_fraction=0,
        val_fraction=0,
    )  # fmt: skip

    loader = data.train_dataloader()
    batches = list(loader)

    assert data.facts.features == 10
    assert len(data.preview(24)) == 22
    assert sum(len(batch.label) for batch in batches) == 22
    assert loader.dataset.skipped.sum() == 2


def test_shapes_that_differ_are_named_with_both_files(
    make: Callable[..., Any],
    hands: Callable[..., Path],
    refusal: Callable[..., str],
    tmp_path: Path,
) -> None:
    hands(*many("", 10))
    hands("05.npz", cards=np.zeros((5, 10)))
    data = make(source="folder", root=str(tmp_path), test_fraction=0, val_fraction=0)

    said = refusal(lambda: list(data.train_dataloader()))

    assert "field cards has shapes such as (5, 10) and (6, 10)" in said
    assert "05.npz" in said


# ------------------------------------------------------------------------------------------ predict
def test_one_file_is_predicted_or_a_folder(
    make: Callable[..., Any], hands: Callable[..., Path], tmp_path: Path
) -> None:
    hands("more/b.NPZ", "a.npz", "notes.txt")
    data = make()

    one, all_of_them = (data.predict_dataset(tmp_path / name) for name in ("a.npz", ""))

    assert [file.name for file in one.files] == ["a.npz"]
    assert [file.name for file in all_of_them.files] == ["a.npz", "b.NPZ"]
    assert one[0].label == -1
    assert list(all_of_them.notes.counts) == ["files have another name than *.npz: passed over"]


def test_nothing_to_predict_is_refused(
    make: Callable[..., Any], hands: Callable[..., Path], refusal: Callable[..., str]
) -> None:
    root, data = hands("a.txt"), make()

    assert "has no *.npz in it; there are *.txt" in refusal(lambda: data.predict_dataset(root))
    missing = refusal(lambda: data.predict_dataset(root / "none"))
    assert missing.startswith("--input: there is no file or folder ")
