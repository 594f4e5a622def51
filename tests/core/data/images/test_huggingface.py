"""Hugging Face data sets as people have them: in any form on disk, and whatever a column holds."""

import base64
import io
import shutil
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from modules import Modules
from PIL import Image

hub: Any = import_module("datasets")
COUNT = 12


def encoded(level: int, kind: str = "PNG") -> bytes:
    content = io.BytesIO()
    picture = Image.new("L", (8, 8), level)
    picture.putpixel((0, 0), 255)
    picture.save(content, kind)
    return content.getvalue()


def pictures() -> list[bytes]:
    return [encoded(20 * (index % 3)) for index in range(COUNT)]


def saved(folder: Path, test: Any = None, **columns: Any) -> str:
    """A data set with these columns, saved; of ``test``, if given, another split."""
    features = columns.pop("features", None)
    splits = {"train": hub.Dataset.from_dict(columns, features=features)}
    if test is not None:
        splits["test"] = hub.Dataset.from_dict({**columns, **test}, features=features)
    hub.DatasetDict(splits).save_to_disk(folder)
    return str(folder)


@pytest.fixture
def reads(make: Callable[..., Any], tmp_path: Path) -> Callable[..., Any]:
    """The data of a data set."""

    def read(name: str, **values: Any) -> Any:
        return make(source="huggingface", dataset=name, root=str(tmp_path / "data"), **values)

    return read


def as_files(folder: Path) -> list[str]:
    folder.mkdir()
    for index, content in enumerate(pictures()):
        (folder / f"{index}.png").write_bytes(content)
    return [str(folder / f"{index}.png") for index in range(COUNT)]


def columns_of_images(folder: Path) -> dict[str, tuple[Any, Any]]:
    """The ways in which a column may hold the same images: its values, and its feature."""
    parts = {"bytes": hub.Value("binary"), "path": hub.Value("string")}
    paths = as_files(folder)
    return {
        "decoded": ([Image.open(io.BytesIO(one)) for one in pictures()], hub.Image()),
        "undecoded": (
            [{"bytes": one, "path": None} for one in pictures()],
            hub.Image(decode=False),
        ),
        "dict": ([{"bytes": one, "path": "a.png"} for one in pictures()], parts),
        "dict of paths": ([{"bytes": None, "path": path} for path in paths], parts),
        "image of paths": (paths, hub.Image()),
        "bytes": (pictures(), hub.Value("binary")),
        "large bytes": (pictures(), hub.Value("large_binary")),
        "paths": (paths, hub.Value("string")),
        "base 64": ([base64.b64encode(one).decode() for one in pictures()], hub.Value("string")),
        "data url": (
            [f"data:image/png;base64,{base64.b64encode(one).decode()}" for one in pictures()],
            hub.Value("string"),
        ),
    }


FORMS = [
    *("decoded", "undecoded", "dict", "dict of paths", "image of paths", "bytes", "large bytes"),
    *("paths", "base 64", "data url"),
]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("in_memory_mb", [0, 100])
def test_images_however_a_column_holds_them(
    reads: Callable[..., Any], tmp_path: Path, form: str, in_memory_mb: int
) -> None:
    values, feature = columns_of_images(tmp_path / "files")[form]
    features = hub.Features({"image": feature, "label": hub.Value("int64")})
    labels = [index % 3 for index in range(COUNT)]
    name = saved(tmp_path / "hub", image=values, label=labels, features=features)

    data = reads(name, in_memory_mb=in_memory_mb, test_fraction=0.0, val_fraction=0.0)

    batch = data.some(COUNT)
    assert (batch.image[:, 0, 4, 4] == 20 * batch.label).all()
    assert data.facts.value_range == [0.0, 255.0]
    assert (data.facts.class_names, data.facts.channels) == (["0", "1", "2"], 1)


def test_images_of_16_bits_stay_deep(reads: Callable[..., Any], tmp_path: Path) -> None:
    """Decoded by datasets, they would come with their upper 8 bits at best."""
    deep = [Image.fromarray(np.full((8, 8), 100 * (i % 3) + i, np.uint16)) for i in range(COUNT)]
    features = hub.Features({"image": hub.Image(), "label": hub.Value("int64")})
    labels = [index % 3 for index in range(COUNT)]
    name = saved(tmp_path / "hub", image=deep, label=labels, features=features)

    data = reads(name, test_fraction=0.0, val_fraction=0.0)

    assert data.facts.value_range == [0.0, 255.0]
    assert data.some(COUNT).image[1:3, 0, 4, 4].tolist() == [101, 202]


@pytest.mark.parametrize("form", ["numbers", "words", "lists"])
def test_a_column_without_images(
    reads: Callable[..., Any], refusal: Callable[..., str], tmp_path: Path, form: str
) -> None:
    column = {"numbers": [1] * 12, "words": ["a cat"] * 12, "lists": [[[1, 2], [3, 4]]] * 12}[form]
    name = saved(tmp_path / "hub", image=column, label=[0, 1] * 6)

    message = refusal(reads(name).setup)

    assert f"data.image_column: image of {name} holds" in message
    assert "expected Image" in message


@pytest.mark.parametrize("in_memory_mb", [0, 100])
def test_a_row_without_an_image(
    reads: Callable[..., Any], refusal: Callable[..., str], tmp_path: Path, in_memory_mb: int
) -> None:
    images = [None if index == 7 else one for index, one in enumerate(pictures())]
    name = saved(tmp_path / "hub", image=images, label=[0, 1] * 6)
    values = {"in_memory_mb": in_memory_mb, "test_fraction": 0.0, "val_fraction": 0.0}

    assert "row 7 of" in refusal(lambda: reads(name, **values).some(COUNT))
    assert len(reads(name, on_error="skip", **values).some(COUNT).label) == COUNT - 1


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        (["b", "a"] * 6, ["a", "b"]),
        ([10, 9] * 6, ["9", "10"]),
        ([0.0, 1.0] * 6, ["0", "1"]),
        ([True, False] * 6, ["False", "True"]),
        ([-1, 1] * 6, ["-1", "1"]),
    ],
)
def test_labels_of_many_types(
    reads: Callable[..., Any], tmp_path: Path, labels: list[Any], names: list[str]
) -> None:
    name = saved(tmp_path / "hub", image=pictures(), label=labels)

    data = reads(name, test_fraction=0.0, val_fraction=0.0)

    assert data.facts.class_names == names
    wanted = sorted(set(labels))
    assert data.some(COUNT).label.tolist() == [wanted.index(label) for label in labels]


@pytest.mark.parametrize(
    ("labels", "row", "said"),
    [
        ([0, 1] * 5 + [None, 1], 10, "label=None, expected a class (1 of 12 rows have none)"),
        (["a", "b"] * 5 + ["", "b"], 10, "label='', expected a class"),
        ([[0], [1]] * 6, 0, "label=[0], expected one class"),
        ([0.5, 1.0] * 6, 0, "label=0.5, expected one class"),
        ([{"id": 1}] * 12, 0, "label={'id': 1}, expected one class"),
    ],
)
def test_labels_that_are_no_classes(
    reads: Callable[..., Any],
    refusal: Callable[..., str],
    tmp_path: Path,
    labels: list[Any],
    row: int,
    said: str,
) -> None:
    name = saved(tmp_path / "hub", image=pictures(), label=labels)

    message = refusal(reads(name).setup)

    assert f"data.label_column: row {row} of {name}" in message
    assert said in message


@pytest.mark.parametrize("kind", ["class label", "numbers", "words", "none"])
def test_a_test_split_without_labels(reads: Callable[..., Any], tmp_path: Path, kind: str) -> None:
    """As ImageNet has it on the hub: -1. It trains, and ``predict --input test`` reads it."""
    named = hub.Features({"image": hub.Value("binary"), "label": hub.ClassLabel(names=["a", "b"])})
    words = kind == "words"
    labels = ["a", "b"] * 6 if words else [0, 1] * 6
    empty = {"class label": -1, "numbers": -1, "words": None, "none": None}[kind]
    name = saved(
        tmp_path / "hub",
        test={"label": [empty] * COUNT},
        image=pictures(),
        label=labels,
        features=named if kind == "class label" else None,
    )

    data = reads(name)

    assert data.has("train")
    assert data.has("val")
    assert not data.has("test")
    assert data.holds("test")
    assert any("without labels: for predict alone" in line for line in data.summary())
    data.predict_split = "test"
    assert sum(len(batch.label) for batch in data.predict_dataloader()) == COUNT


@pytest.mark.parametrize("label", [-1, 5])
def test_a_class_that_is_unknown_in_some_rows(
    reads: Callable[..., Any], refusal: Callable[..., str], tmp_path: Path, label: int
) -> None:
    rest = [0, 1] * 5 + [label, 0]
    name = saved(tmp_path / "hub", test={"label": rest}, image=pictures(), label=[0, 1] * 6)

    assert f"row 10 of {name} (test)" in refusal(reads(name).setup)


def test_classes_in_another_order_are_matched_by_name(
    reads: Callable[..., Any], tmp_path: Path
) -> None:
    def of(names: list[str], labels: list[int]) -> Any:
        kind = hub.Features({"image": hub.Value("binary"), "label": hub.ClassLabel(names=names)})
        return hub.Dataset.from_dict({"image": pictures(), "label": labels}, features=kind)

    there = {"train": of(["a", "b"], [0, 1] * 6), "validation": of(["b", "a"], [0, 1] * 6)}
    hub.DatasetDict(there).save_to_disk(tmp_path / "hub")

    data = reads(str(tmp_path / "hub"), test_fraction=0.0)

    assert data.some(COUNT, "val").label.tolist() == [1, 0] * 6


def image_folder(folder: Path) -> None:
    for split in ("train", "test"):
        for label, name in enumerate(("ant", "bee")):
            (folder / split / name).mkdir(parents=True)
            for index in range(6):
                (folder / split / name / f"{index}.png").write_bytes(encoded(20 * label + index))


def parquet(folder: Path, under: str = "data") -> None:
    (folder / under).mkdir(parents=True)
    for split in ("train", "test"):
        features = hub.Features(
            {"image": hub.Image(), "label": hub.ClassLabel(names=["ant", "bee"])}
        )
        images = [{"bytes": one, "path": None} for one in pictures()]
        data = hub.Dataset.from_dict({"image": images, "label": [0, 1] * 6}, features=features)
        data.to_parquet(folder / under / f"{split}-00000-of-00001.parquet")


def arrow(folder: Path) -> None:
    for split in ("train", "test"):
        data = hub.Dataset.from_dict({"image": pictures(), "label": ["ant", "bee"] * 6})
        data.save_to_disk(folder / split)


def one_split(folder: Path) -> None:
    hub.Dataset.from_dict({"image": pictures(), "label": ["ant", "bee"] * 6}).save_to_disk(folder)


def table(folder: Path) -> None:
    folder.mkdir()
    for split in ("train", "test"):
        rows = [
            f"{base64.b64encode(one).decode()},{'ab'[i % 2]}" for i, one in enumerate(pictures())
        ]
        (folder / f"{split}.csv").write_text("\n".join(["image,label", *rows]) + "\n")


def metadata(folder: Path) -> None:
    """An image folder whose classes stand in a table, as the hub's documentation has it."""
    for split in ("train", "test"):
        (folder / split).mkdir(parents=True)
        rows = ["file_name,label"]
        for index, content in enumerate(pictures()):
            (folder / split / f"{index}.png").write_bytes(content)
            rows.append(f"{index}.png,{'ab'[index % 2]}")
        (folder / split / "metadata.csv").write_text("\n".join(rows) + "\n")


def checkout(folder: Path) -> None:
    """As ``hf download`` or ``git clone`` leaves it."""
    parquet(folder)
    (folder / "README.md").write_text(
        "---\nconfigs:\n- config_name: default\n  data_files:\n  - split: train\n"
        "    path: data/train-*\n  - split: test\n    path: data/test-*\n---\n# A data set\n"
    )
    (folder / ".gitattributes").write_text("*.parquet filter=lfs\n")
    (folder / ".cache" / "huggingface").mkdir(parents=True)


@pytest.mark.parametrize("layout", [image_folder, parquet, one_split, table, metadata, checkout])
def test_a_folder_is_opened_as_load_dataset_would(
    reads: Callable[..., Any], tmp_path: Path, layout: Callable[[Path], None]
) -> None:
    layout(tmp_path / "own")

    data = reads(str(tmp_path / "own"))
    data.setup()

    assert len(data.facts.class_names) == 2
    total = sum(len(data.examples(split)) for split in ("train", "val", "test"))
    assert total == (COUNT if layout is one_split else 2 * COUNT)
    lines = data.summary()
    place = "held out of" if layout is one_split else "from"
    assert any(line.startswith("test") and place in line for line in lines)
    again = reads(str(tmp_path / "own"))
    assert len(again.examples("test")) == len(data.examples("test"))


def test_a_download_beside_is_not_taken_for_a_folder_of_ones_own(
    reads: Callable[..., Any], tmp_path: Path, monkeypatch: Any
) -> None:
    """``data.dataset=mnist`` downloads to data/mnist; the second start reads it from there."""
    parquet(tmp_path / "hub")
    asked = []
    load_dataset = hub.load_dataset

    def from_hub(name: str, subset: str | None, cache_dir: str) -> Any:
        asked.append(name)
        found = load_dataset(str(tmp_path / "hub"), subset, cache_dir=str(tmp_path / "cache"))
        (kept,) = (path for path in (tmp_path / "cache").iterdir() if path.is_dir())
        shutil.copytree(kept, Path(cache_dir) / name, dirs_exist_ok=True)
        return found

    monkeypatch.setattr(hub, "load_dataset", from_hub)
    reads("mnist").setup()
    assert list((tmp_path / "data" / "mnist").glob("*/*/*/dataset_info.json"))

    data = reads("mnist")

    assert len(data.examples("test")) == COUNT
    assert set(asked) == {"mnist"}


def test_pointers_that_git_left_are_named(
    reads: Callable[..., Any], refusal: Callable[..., str], tmp_path: Path
) -> None:
    checkout(tmp_path / "own")
    for file in (tmp_path / "own" / "data").iterdir():
        file.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n")

    message = refusal(reads(str(tmp_path / "own")).setup)

    assert "own/data/test-00000-of-00001.parquet is a Git LFS pointer" in message
    assert "git lfs pull" in message


def test_splits_are_stated(
    reads: Callable[..., Any], refusal: Callable[..., str], tmp_path: Path
) -> None:
    part = hub.Dataset.from_dict({"image": pictures(), "label": [0, 1] * 6})
    odd = {"seen": part, "unseen": part, "unsupervised": part}
    hub.DatasetDict(odd).save_to_disk(tmp_path / "hub")
    name = str(tmp_path / "hub")

    data = reads(name, splits={"train": "seen", "val": None, "test": "unseen"})

    assert [len(data.examples(split)) for split in ("train", "val", "test")] == [10, 2, COUNT]
    assert any(
        "splits are for nothing here: passed over (1: unsupervised)" in line
        for line in data.summary()
    )
    assert "data.splits='{train: seen}'" in refusal(reads(name).setup)
    assert "data.splits='{train: seen}'" in refusal(reads(name, splits={}).setup)
    assert "there is seen, unseen" in refusal(reads(name, splits={"train": "sen"}).setup)


def test_names_of_splits_in_another_spelling(reads: Callable[..., Any], tmp_path: Path) -> None:
    part = hub.Dataset.from_dict({"image": pictures(), "label": [0, 1] * 6})
    there = {"Training": part, "dev": part.select(range(6)), "test_set": part.select(range(4))}
    hub.DatasetDict(there).save_to_disk(tmp_path / "hub")

    data = reads(str(tmp_path / "hub"))

    assert [len(data.examples(split)) for split in ("train", "val", "test")] == [COUNT, 6, 4]


def test_workers_open_what_a_column_holds(reads: Callable[..., Any], tmp_path: Path) -> None:
    name = saved(tmp_path / "hub", image=pictures(), label=[0, 1] * 6)

    data = reads(name, in_memory_mb=0, num_workers=1, test_fraction=0.0, val_fraction=0.25)

    assert torch.cat([batch.label for batch in data.val_dataloader()]).shape == (3,)


def test_rows_that_are_listed_are_left_out(
    reads: Callable[..., Any], experiment: Modules, tmp_path: Path
) -> None:
    content = experiment("core.data.content_digest").digest_of_content
    name = saved(tmp_path / "set", image=pictures(), label=[n % 2 for n in range(COUNT)])
    whole = reads(name, val_fraction=0.25)
    whole.setup()
    records = whole.datasets["train"].dataset.record
    (tmp_path / "list.txt").write_text(f"{content(records(4).raw)}  {records(4).id}\n")

    data = reads(name, val_fraction=0.25, exclude=str(tmp_path / "list.txt"))
    data.setup()

    left = data.datasets["train"].dataset
    assert len(left) == COUNT - 1
    assert [left.record(n).id for n in (3, 4)] == [records(n).id for n in (3, 5)]
