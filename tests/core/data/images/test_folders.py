"""Folders of images as people have them: splits by any name, links, odd files, odd names."""

import os
import unicodedata
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import pytorch_lightning as pl
from modules import Modules
from PIL import Image
from torchvision.datasets import ImageFolder


def fill(folder: Path, count: int, suffix: str = "png", level: int = 50) -> Path:
    """Some images, right in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for index in range(count):
        image = Image.new("L", (6, 6), level)
        image.putpixel((0, 0), 200 + index)
        image.save(folder / f"{index:03}.{suffix}")
    return folder


def classes(folder: Path, **counts: int) -> Path:
    """Class folders with so many images each."""
    for name, count in counts.items():
        fill(folder / name, count, level=30 * len(name))
    return folder


@pytest.fixture
def reads(make: Callable[..., Any], tmp_path: Path) -> Callable[..., Any]:
    """The data of the test's folder."""

    def read(**values: Any) -> Any:
        return make(**{"source": "folder", "root": str(tmp_path), **values})

    return read


def sizes(data: Any) -> list[int]:
    """How many examples each split has, of training, validation and test."""
    data.setup()
    return [len(data.examples(split)) for split in ("train", "val", "test")]


def notes_of(data: Any) -> list[str]:
    """What is said below the splits."""
    return [line.strip() for line in data.summary() if line.startswith("      ")]


# --- splits --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "names",
    [
        ("Training", "Validation", "Testing"),
        ("Train", "Valid", "Test"),
        ("TRAIN", "VAL", "TEST"),
        ("train_images", "val_images", "test_images"),
        ("training set", "validation set", "test set"),
        ("seg_train", "seg_val", "seg_test"),
        ("01-train", "02-dev", "03-test"),
        ("train2017", "val2017", "test2017"),
        ("TrainData", "ValidData", "TestData"),
        ("trainset", "devset", "testset"),
    ],
)
def test_splits_by_any_spelling(
    reads: Callable[..., Any], tmp_path: Path, names: tuple[str, ...]
) -> None:
    for name, count in zip(names, (10, 4, 3), strict=True):
        classes(tmp_path / name, cat=count, dog=count)

    data = reads()

    assert sizes(data) == [20, 8, 6]
    assert data.class_names == ["cat", "dog"]
    assert [line.split(",")[-2].split("/")[-1] for line in data.summary()[:3]] == [*names]


@pytest.mark.parametrize("wrapper", [["archive"], ["a", "b"], ["__MACOSX beside"], []])
@pytest.mark.parametrize("twice", [False, True])
def test_splits_in_wrappers(
    reads: Callable[..., Any], tmp_path: Path, wrapper: list[str], twice: bool
) -> None:
    """As Kaggle's zips are packed: archive/seg_train/seg_train/CLASS."""
    root = tmp_path.joinpath(*wrapper)
    for name, count in (("seg_train", 10), ("seg_test", 3)):
        classes(root / name / name if twice else root / name, cat=count, dog=count)
    (tmp_path / "__MACOSX" / "seg_train").mkdir(parents=True)
    fill(root / "seg_pred" / "seg_pred", 5)

    data = reads(val_fraction=0.2)

    assert sizes(data) == [16, 4, 6]
    assert any("folders belong to no split: passed over (1: " in line for line in notes_of(data))


def test_train_beside_class_folders_is_a_class(reads: Callable[..., Any], tmp_path: Path) -> None:
    classes(tmp_path, bus=10, train=10, car=10)

    data = reads(test_fraction=0.2, val_fraction=0.25)

    assert sizes(data) == [18, 6, 6]
    assert data.class_names == ["bus", "car", "train"]


@pytest.mark.parametrize("others", [["bus"], ["bus", "test"]])
def test_what_can_be_read_in_two_ways_is_refused(
    reads: Callable[..., Any], refusal: Callable[..., str], tmp_path: Path, others: list[str]
) -> None:
    classes(tmp_path / "train", cat=4, dog=4)
    for name in others:
        fill(tmp_path / name, 4)

    message = refusal(reads().setup)

    assert "can be read in two ways" in message
    assert "{train: train" in message
    assert "classes: " in message
    assert "bus" in message


def test_flat_folders_of_two_splits_are_refused(
    reads: Callable[..., Any], refusal: Callable[..., str], tmp_path: Path
) -> None:
    fill(tmp_path / "train", 4)
    fill(tmp_path / "test", 4)

    message = refusal(reads().setup)

    assert "as splits ({test: test, train: train})" in message
    denied = reads(splits={}, test_fraction=0.0, val_fraction=0.0)
    denied.setup()
    assert denied.class_names == ["test", "train"]


@pytest.mark.parametrize("name", ["train2", "trainval"])
def test_two_names_for_one_split_are_refused(
    reads: Callable[..., Any], refusal: Callable[..., str], tmp_path: Path, name: str
) -> None:
    for folder in ("train", name, "test"):
        classes(tmp_path / folder, cat=4, dog=4)

    assert "each of which may be for train" in refusal(reads().setup)
    data = reads(splits={"train": name, "val": None, "test": "test"}, val_fraction=0.25)
    assert sizes(data) == [6, 2, 8]
    assert any("folders belong to no split" in line for line in notes_of(data))


def test_splits_are_stated_or_denied(
    reads: Callable[..., Any], refusal: Callable[..., str], tmp_path: Path
) -> None:
    for name in ("alpha", "beta"):
        classes(tmp_path / name, cat=4, dog=4)

    stated = reads(splits={"train": "alpha", "val": "beta"}, test_fraction=0.0)
    denied = reads(splits={}, test_fraction=0.25, val_fraction=0.0)

    stated.setup()
    assert [len(stated.examples(split)) for split in ("train", "val")] == [8, 8]
    assert stated.class_names == ["cat", "dog"]
    denied.setup()
    assert denied.class_names == ["alpha", "beta"]
    assert "there is alpha, beta" in refusal(reads(splits={"train": "gamma"}).setup)


# --- what is counted, and what is not ------------------------------------------------------------


def odd_tree(root: Path, outside: Path) -> Path:
    """Links to folders and files, deep folders, suffixes in capitals and of other kinds."""
    classes(root, cat=5, dog=5)
    fill(outside / "more", 30)
    (root / "cat" / "more").symlink_to(outside / "more")
    (root / "dog" / "one.png").symlink_to(outside / "more" / "000.png")
    (root / "emu").symlink_to(outside / "more")
    fill(root / "dog" / "deep" / "er", 3, "JPG")
    fill(root / "dog", 2, "TIFF")
    return root


def test_what_links_lead_to_is_counted_as_torchvision_counts(
    reads: Callable[..., Any], tmp_path: Path
) -> None:
    root = odd_tree(tmp_path / "own", tmp_path / "outside")
    theirs = ImageFolder(str(root))

    data = reads(root=str(root), test_fraction=0.0, val_fraction=0.0)
    data.setup()

    ours = data.examples("train")
    assert len(ours) == len(theirs) == 5 + 30 + 5 + 1 + 3 + 2 + 30
    assert ours.labels.bincount().tolist() == [
        theirs.targets.count(label) for label in range(len(theirs.classes))
    ]
    assert {os.path.abspath(name) for name in ours.names} == {path for path, _ in theirs.samples}


def test_links_that_lead_nowhere_or_back_are_counted(
    reads: Callable[..., Any], tmp_path: Path
) -> None:
    classes(tmp_path, cat=5, dog=5)
    fill(tmp_path / "dog" / "deep", 0)
    (tmp_path / "dog" / "deep" / "up").symlink_to(tmp_path / "dog")
    (tmp_path / "cat" / "gone.png").symlink_to(tmp_path / "no" / "such.png")
    (tmp_path / "cat" / "gone").symlink_to(tmp_path / "nowhere")
    (tmp_path / "dog" / "up").symlink_to(tmp_path / "dog")
    (tmp_path / "dog" / "root").symlink_to(tmp_path)

    data = reads(on_error="skip", test_fraction=0.0, val_fraction=0.0)

    said = "\n".join(notes_of(data))
    assert "links lead nowhere: passed over (2, the first: " in said
    assert "links lead back to a folder that they are in: not followed (3, the first: " in said
    assert len(data.examples("train")) == 10


@pytest.mark.parametrize(
    "suffix", ["jfif", "jpe", "avif", "jp2", "apng", "tga", "pbm", "PNG", "Jpeg", "TIF", "dib"]
)
def test_suffixes_that_pil_reads(reads: Callable[..., Any], tmp_path: Path, suffix: str) -> None:
    classes(tmp_path, cat=5, dog=5)
    fill(tmp_path / "dog", 1, suffix)

    data = reads(test_fraction=0.0, val_fraction=0.0)
    data.setup()

    assert len(data.some(20).label) == 11


@pytest.mark.parametrize("suffix", ["heic", "npy", "dcm", "nii.gz", "svg", "DNG"])
def test_pictures_that_pil_does_not_read(
    reads: Callable[..., Any], refusal: Callable[..., str], tmp_path: Path, suffix: str
) -> None:
    classes(tmp_path, cat=5, dog=5)
    (tmp_path / "dog" / f"a.{suffix}").write_bytes(b"0")

    assert "PIL does not read it, convert it to PNG or TIFF" in refusal(reads().setup)
    said = notes_of(reads(on_error="skip"))
    kind = "files are pictures of a kind that PIL does not read"
    assert any(f"{kind}: passed over (1: " in line for line in said)


def test_what_lies_beside_and_what_is_hidden_is_counted(
    reads: Callable[..., Any], tmp_path: Path
) -> None:
    for split in ("train", "test"):
        classes(tmp_path / split, cat=6, dog=6)
        (tmp_path / split / "Thumbs.db").write_text("")
    fill(tmp_path / "train", 3)
    (tmp_path / "labels.csv").write_text("a,b")
    fill(tmp_path / "train" / "cat" / ".thumbnails", 2)
    Image.new("L", (6, 6)).save(tmp_path / "train" / "cat" / ".hidden.png")
    (tmp_path / "train" / "cat" / "._000.png").write_bytes(b"\0\5\x16\7")
    (tmp_path / "train" / ".emu").mkdir()

    said = notes_of(reads())

    assert [line.rpartition(": ")[0] for line in said] == [
        "files or folders are hidden: passed over (3, the first",
        "image files lie beside the class folders: passed over (3, the first",
        "files lie beside the splits: passed over (1",
    ]


def test_classes_that_a_held_out_split_lacks_are_named(
    reads: Callable[..., Any], tmp_path: Path
) -> None:
    classes(tmp_path / "train", cat=5, dog=5, emu=5)
    classes(tmp_path / "test", cat=5)
    (tmp_path / "test" / "dog").mkdir()

    data = reads()

    assert "classes have no images in test (2, the first: dog)" in notes_of(data)
    assert data.examples("test").labels.tolist() == [0] * 5


# --- without labels ------------------------------------------------------------------------------


@pytest.mark.parametrize("inside", ["", "test", "images", "unknown", "more/images"])
def test_a_flat_test_folder_has_no_labels(
    reads: Callable[..., Any], tmp_path: Path, inside: str
) -> None:
    classes(tmp_path / "train", cat=10, dog=10)
    fill(tmp_path / "test" / inside, 7)

    data = reads()

    assert data.has("train")
    assert data.has("val")
    assert not data.has("test")
    assert data.holds("test")
    (line,) = (line for line in data.summary() if line.startswith("test"))
    assert "7 examples, without labels: for predict alone" in line
    data.predict_split = "test"
    assert sum(len(batch.label) for batch in data.predict_dataloader()) == 7


def test_a_test_fraction_leaves_the_unlabelled_for_predict(
    reads: Callable[..., Any], tmp_path: Path
) -> None:
    classes(tmp_path / "train", cat=10, dog=10)
    fill(tmp_path / "test", 7)

    data = reads(test_fraction=0.2)

    assert data.has("test")
    assert len(data.examples("unlabelled")) == 7


# --- names ---------------------------------------------------------------------------------------


def test_predictions_are_named_as_the_files_were_given(
    experiment: Modules, make: Callable[..., Any], tmp_path: Path, monkeypatch: Any
) -> None:
    """Links to a cache keep their names, and no two files get one."""
    cache = fill(tmp_path / "cache", 1) / "000.png"
    given = tmp_path / "given"
    for name in ("a", "b"):
        (given / name).mkdir(parents=True)
        (given / name / "photo.png").symlink_to(cache)
    (tmp_path / "link").symlink_to(given)
    monkeypatch.chdir(tmp_path)
    load = experiment("core.data.images.folder").load_unlabelled

    wanted = ["a/photo.png", "b/photo.png"]
    for root in ("given", "link", "./link", str(given)):
        names = load(Path(root), ["one"], 1).names
        assert names == [f"{'link' if 'link' in root else 'given'}/{name}" for name in wanted]
    assert load(Path("link/a/photo.png"), ["one"], 1).names == ["link/a/photo.png"]
    monkeypatch.chdir(given)
    assert load(Path(), ["one"], 1).names == wanted
    assert load(Path("../cache"), ["one"], 1).names == ["../cache/000.png"]


def test_names_that_are_not_utf_8_are_read_and_escaped(
    experiment: Modules, reads: Callable[..., Any], tmp_path: Path
) -> None:
    odd = os.fsdecode(b"caf\xe9")
    classes(tmp_path, cat=6, dog=6)
    fill(tmp_path / odd, 6)
    (tmp_path / "cat" / "000.png").rename(tmp_path / "cat" / f"{odd}.png")
    write = experiment("core.loggers.prediction_writer").write_predictions

    data = reads(test_fraction=0.0, val_fraction=0.0)
    facts, dataset = data.facts, data.examples("train")

    assert facts.class_names == ["caf\\xe9", "cat", "dog"]
    assert len(data.some(30).label) == 18
    name = next(name for name in dataset.names if "cat/caf" in name)
    assert name.endswith("cat/caf\\xe9.png")
    record = dataset.record(dataset.names.index(name))
    assert record.id == name
    assert record.raw.size == (6, 6)
    for line in (*data.summary(), record.label):
        line.encode()
    for suffix in ("csv", "jsonl"):
        table = tmp_path.parent / f"predictions-{tmp_path.name}.{suffix}"
        assert write([{"label": [1], "word": [odd]}], table, [odd]) == 1
        assert "caf" in table.read_text(encoding="utf-8")


def test_a_damaged_file_without_a_utf_8_name_is_told(
    reads: Callable[..., Any], refusal: Callable[..., str], tmp_path: Path
) -> None:
    classes(tmp_path, cat=6, dog=6)
    (tmp_path / "cat" / os.fsdecode(b"\xff.png")).write_bytes(b"\x89PNG")

    message = refusal(reads().setup)

    message.encode()
    assert "cat/\\xff.png cannot be read" in message


@pytest.mark.parametrize("within", ["", "train"])
@pytest.mark.parametrize("names", [("fold_1", "fold_2"), ("raw", "resized"), ("Lehren", "Testen")])
def test_folders_that_each_hold_the_classes_are_no_classes(
    reads: Callable[..., Any],
    refusal: Callable[[Callable[[], Any]], str],
    tmp_path: Path,
    names: tuple[str, str],
    within: str,
) -> None:
    for name in names:
        classes(tmp_path / within / name, cat=10, dog=10)
    if within:
        classes(tmp_path / "val", **dict.fromkeys(names, 2))

    sentence = refusal(lambda: reads().setup())

    assert "can be read in two ways" in sentence
    assert f"as the classes {', '.join(names)}, or as folders that each hold cat, dog" in sentence
    first, second = ("{train: train}", f"train/{names[0]}") if within else ("{}", names[0])
    assert f"the first by data.splits='{first}'" in sentence
    assert f"the second by data.splits='{{train: {second}, ...}}'" in sentence
    told = reads(splits={"train": "train"} if within else {}, test_fraction=0).summary()[0]
    assert f"2 classes: {', '.join(names)}" in told
    assert "2 classes: cat, dog" in reads(splits={"train": second}).summary()[0]


def test_splits_inside_of_classes_are_refused(
    reads: Callable[..., Any], refusal: Callable[[Callable[[], Any]], str], tmp_path: Path
) -> None:
    for name in ("cat", "dog"):
        classes(tmp_path / name, train=5, test=5)

    sentence = refusal(lambda: reads().setup())

    assert "each hold test, train" in sentence
    assert sentence.endswith("the second by folders such as test/cat")


def test_images_deeper_in_a_class_are_said(reads: Callable[..., Any], tmp_path: Path) -> None:
    """Tiny ImageNet: train/n01443537/images/; what all classes share once says nothing."""
    for name in ("n01443537", "n01629819"):
        fill(tmp_path / name / "images", 10)

    notes = notes_of(reads())

    first = "n01443537/images/000.png)"
    assert len(notes) == 1
    assert notes[0].endswith(first)
    assert notes[0].startswith(
        "images lie in folders inside their class's folder: of that class, too (20, the first: "
    )


def test_classes_in_a_folder_beside_a_readme_are_pointed_at(
    reads: Callable[..., Any], refusal: Callable[[Callable[[], Any]], str], tmp_path: Path
) -> None:
    """Microsoft's cats and dogs: PetImages/Cat, and a readme beside PetImages."""
    classes(tmp_path / "PetImages", Cat=5, Dog=5)
    (tmp_path / "readme[1].txt").write_text("About.")

    sentence = refusal(lambda: reads().setup())

    assert sentence.endswith(f"are they in data.root={tmp_path / 'PetImages'}?")


def test_pointers_of_git_lfs_are_refused_with_what_to_type(
    reads: Callable[..., Any], refusal: Callable[[Callable[[], Any]], str], tmp_path: Path
) -> None:
    classes(tmp_path, cat=5, dog=5)
    (tmp_path / "cat" / "000.png").write_text("version https://git-lfs.github.com/spec/v1\noid x\n")

    sentence = refusal(lambda: reads().setup())

    assert "cat/000.png is a pointer of Git LFS, not the image itself: git lfs pull" in sentence


class Validates(pl.LightningModule):
    def validation_step(self, batch: Any) -> None: ...


@pytest.mark.parametrize(("flat", "end"), [(False, "val split"), (True, "val split with labels")])
def test_why_a_flat_validation_folder_is_not_scored_is_said(
    experiment: Modules, reads: Callable[..., Any], tmp_path: Path, flat: bool, end: str
) -> None:
    """ImageNet's val/, whose classes stand in a file of its own."""
    classes(tmp_path / "train", cat=5, dog=5)
    if flat:
        fill(tmp_path / "val", 4)
    data = reads(val_fraction=0.0, test_fraction=0.0)
    trainer = SimpleNamespace(limit_val_batches=1.0)

    why = experiment("core.trainer.design_checks").why_unvalidated(trainer, Validates(), data)

    assert why == f"the data has no {end}"


def test_accents_beside_their_letters(reads: Callable[..., Any], tmp_path: Path) -> None:
    """Train from macOS, the rest from another system: one class."""
    apart, together = unicodedata.normalize("NFD", "bébé"), unicodedata.normalize("NFC", "bébé")
    classes(tmp_path / "train", **{apart: 4, "cat": 4})
    classes(tmp_path / "val", **{together: 2, "cat": 3})

    data = reads()
    data.setup()

    assert data.facts.class_names == [apart, "cat"]
    assert sorted(data.some(9, "val").label.tolist()) == [0, 0, 1, 1, 1]


@pytest.mark.parametrize(
    ("names", "is_said"),
    [(("Cat", "cat", "dog"), True), (("cat", "cat ", "dog"), True), (("A", "a", "b"), False)],
)
def test_classes_that_differ_in_capitals_alone_are_said(
    reads: Callable[..., Any], tmp_path: Path, names: tuple[str, ...], is_said: bool
) -> None:
    """Somebody's slip, unless they are letters."""
    for name in names:
        fill(tmp_path / name, 4)

    data = reads()
    data.setup()

    kind = "classes have names that differ in capitals or blanks alone: told apart all the same"
    assert any(line.startswith(f"{kind} (1: ") for line in notes_of(data)) == is_said


@pytest.mark.parametrize("name", ["thumbs.db", "Desktop.ini", "ehthumbs.db", "Icon\r"])
def test_what_desktops_leave_is_no_news(
    reads: Callable[..., Any], tmp_path: Path, name: str
) -> None:
    classes(tmp_path, cat=5, dog=5)
    (tmp_path / "cat" / name).write_text("x")

    data = reads()
    data.setup()

    assert notes_of(data) == []
