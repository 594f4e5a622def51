"""Images in the forms that people have them in; bad input gets a sentence."""

import struct
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from modules import Modules
from PIL import Image


def folder(root: Path, classes: dict[str, int], mode: str = "RGB", size: int = 20) -> Path:
    """An ImageFolder; the grey level of every image tells its class."""
    for number, (name, count) in enumerate(classes.items()):
        (root / name).mkdir(parents=True)
        for index in range(count):
            level = 40 + 60 * number + index % 10
            color = level if mode == "L" else (level,) * 3
            Image.new(mode, (size + index % 3, size), color).save(root / name / f"{index:03}.png")
    return root


@pytest.mark.parametrize("in_memory_mb", [0, 100])
def test_a_folder_with_splits(make: Callable[..., Any], tmp_path: Path, in_memory_mb: int) -> None:
    for split, count in (("train", 20), ("val", 5), ("test", 4)):
        folder(tmp_path / split, {"cat": count, "dog": count})
    data = make(source="folder", root=str(tmp_path), image_size=16, in_memory_mb=in_memory_mb)

    batch = next(iter(data.test_dataloader()))

    assert data.facts.class_names == ["cat", "dog"]
    assert (data.facts.channels, data.facts.image_size) == (3, 16)
    assert [len(data.examples(split)) for split in ("train", "val", "test")] == [40, 10, 8]
    assert batch.label.tolist() == [0] * 4 + [1] * 4
    assert batch.image.shape == (8, 3, 16, 16)
    assert batch.image[4:].mean() > batch.image[:4].mean()


def test_a_folder_without_splits_is_split_here(make: Callable[..., Any], tmp_path: Path) -> None:
    folder(tmp_path, {"cat": 40, "dog": 40, "emu": 40}, mode="L")
    (tmp_path / "cat" / ".DS_Store").write_text("")

    data = make(
        source="folder",
        root=str(tmp_path),
        image_size=8,
        test_fraction=0.25,
        val_fraction=0.25,
    )

    assert data.facts.class_names == ["cat", "dog", "emu"]
    assert data.facts.channels == 1
    assert len(data.examples("test")) == 30
    assert torch.bincount(data.examples("val").labels).tolist() in ([8, 7, 7], [7, 8, 7], [7, 7, 8])


@pytest.mark.parametrize(("dtype", "suffix"), [(np.uint16, "png"), (">u2", "tiff"), ("i4", "tiff")])
@pytest.mark.parametrize("channels", [1, 3])
def test_images_of_16_bits_keep_their_greys(
    experiment: Modules, tmp_path: Path, dtype: Any, suffix: str, channels: int
) -> None:
    levels = np.arange(256).reshape(16, 16)
    file = tmp_path / f"deep.{suffix}"
    Image.fromarray((257 * levels).astype(dtype)).save(file)

    images = experiment("core.data.images.folder").load_unlabelled(file, ["one"], channels)
    images.value_range = experiment("core.data.images.values").ValueRange(0.0, 65535.0)

    assert Image.open(file).mode.startswith("I")
    np.testing.assert_allclose(images.read(0, 16).numpy() * 255, [levels] * channels, rtol=1e-6)
    assert experiment("core.data.images.files").common_channels(1, images.open) == 1


@pytest.mark.parametrize("in_memory_mb", [0, 100])
def test_the_pixels_are_measured_in_parts(
    make: Callable[..., Any], experiment: Modules, tmp_path: Path, in_memory_mb: int
) -> None:
    folder(tmp_path, {"cat": 60, "dog": 45})
    for broken in (*range(16), 40):  # a whole part, where files are read one by one
        (tmp_path / "cat" / f"{broken:03}.png").write_bytes(b"\x89PNG")
    statistics = experiment("core.data.images.statistics")
    data = make(
        source="folder",
        root=str(tmp_path),
        image_size=16,
        in_memory_mb=in_memory_mb,
        on_error="skip",
    )

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(statistics, "PART", 7)
        mean, std = statistics.pixel_statistics(data)

    image = data.some(2000).image.as_subclass(torch.Tensor) / 255
    torch.testing.assert_close(torch.tensor(mean), image.mean(dim=(0, 2, 3)))
    torch.testing.assert_close(torch.tensor(std), image.std(dim=(0, 2, 3)))
    assert data.facts.mean == mean


@pytest.mark.parametrize("held_out", [["val"], ["test"], ["valid", "test"]])
def test_a_folder_with_nothing_to_train_on(
    make: Callable[..., Any], refusal: Callable[..., str], tmp_path: Path, held_out: list[str]
) -> None:
    for split in held_out:
        folder(tmp_path / split, {"cat": 20, "dog": 20})

    message = refusal(make(source="folder", root=str(tmp_path)).setup)

    assert "but none to train on; expected train beside it" in message


def test_prediction_reads_a_folder_or_one_file(make: Callable[..., Any], tmp_path: Path) -> None:
    folder(tmp_path / "new", {"any": 3})
    data = make()
    assert data.facts.channels == 1

    for path, count in ((tmp_path / "new", 3), (tmp_path / "new" / "any" / "000.png", 1)):
        data.predict_path = path
        with torch.inference_mode():  # as Lightning does
            loader = data.predict_dataloader()
            (batch,) = loader
        assert batch.image.shape == (count, 1, 8, 8)
        assert batch.label.tolist() == [-1] * count
        data.trainer = SimpleNamespace(predict_dataloaders=loader)
        assert [Path(name).name for name in data.predict_names()] == [
            f"{i:03}.png" for i in range(count)
        ]
        data.trainer = None


def write_mnist(root: Path) -> None:
    """MNIST's own raw files, with a few images in them."""
    raw = root / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for name, count in (("train", 60), ("t10k", 20)):
        labels = np.arange(count, dtype=np.uint8) % 10
        images = np.broadcast_to(labels[:, None, None] * 20, (count, 28, 28)).astype(np.uint8)
        header = struct.pack(">4B3I", 0, 0, 8, 3, count, 28, 28)
        (raw / f"{name}-images-idx3-ubyte").write_bytes(header + images.tobytes())
        header = struct.pack(">4BI", 0, 0, 8, 1, count)
        (raw / f"{name}-labels-idx1-ubyte").write_bytes(header + labels.tobytes())


@pytest.mark.parametrize("size", [28, 14])
def test_torchvision_reads_its_own_files(
    make: Callable[..., Any], tmp_path: Path, size: int
) -> None:
    write_mnist(tmp_path)

    data = make(source="torchvision", dataset="MNIST", root=str(tmp_path), image_size=size)

    assert data.facts.class_names[3] == "3 - three"
    assert [len(data.examples(split)) for split in ("train", "val", "test")] == [51, 9, 20]
    (batch,) = data.test_dataloader()
    assert batch.image.shape == (20, 1, size, size)
    assert batch.label.tolist() == [*range(10), *range(10)]
    assert batch.image[9].mean() > batch.image[1].mean()


def hub_data(tmp_path: Path, labels: Any = None) -> Path:
    hub = import_module("datasets")
    images = [Image.new("RGB", (10, 10), (0, 20 * (i % 3), 0)) for i in range(30)]
    if labels is None:
        labels = hub.ClassLabel(names=["ant", "bee", "fly"])
    features = hub.Features({"picture": hub.Image(), "kind": labels, "row": hub.Value("int32")})
    kinds = [i % 3 if hasattr(labels, "names") else ("x", "y", "z")[i % 3] for i in range(30)]
    columns = {"picture": images, "kind": kinds, "row": list(range(30))}
    data = hub.Dataset.from_dict(columns, features=features)
    hub.DatasetDict(train=data, validation=data.select(range(6))).save_to_disk(tmp_path / "hub")
    return tmp_path / "hub"


def test_huggingface_reads_a_saved_data_set(make: Callable[..., Any], tmp_path: Path) -> None:
    columns = {"image_column": "picture", "label_column": "kind", "root": str(tmp_path)}
    path = str(hub_data(tmp_path))

    data = make(source="huggingface", dataset=path, image_size=6, **columns)

    assert data.facts.class_names == ["ant", "bee", "fly"]
    assert [len(data.examples(split)) for split in ("train", "val", "test")] == [26, 6, 4]
    (batch,) = data.val_dataloader()
    assert batch.image.shape == (6, 3, 6, 6)
    assert batch.label.tolist() == [0, 1, 2, 0, 1, 2]


def test_huggingface_takes_words_as_classes(make: Callable[..., Any], tmp_path: Path) -> None:
    hub = import_module("datasets")
    columns = {"image_column": "picture", "label_column": "kind", "root": str(tmp_path)}
    path = str(hub_data(tmp_path, hub.Value("string")))

    data = make(source="huggingface", dataset=path, image_size=6, **columns)

    assert data.facts.class_names == ["x", "y", "z"]
    assert data.examples("val").labels.tolist() == [0, 1, 2, 0, 1, 2]


def test_a_folder_that_is_not_there(make: Callable[..., Any], refusal: Callable[..., str]) -> None:
    message = refusal(make(source="folder", root="/no/such/place").setup)

    assert "/no/such/place" in message
    assert "CLASS" in message


def test_a_folder_with_one_class_or_none(
    make: Callable[..., Any], refusal: Callable[..., str], tmp_path: Path
) -> None:
    assert "holds no folder for a class" in refusal(make(source="folder", root=str(tmp_path)).setup)
    folder(tmp_path, {"cat": 3})

    message = refusal(make(source="folder", root=str(tmp_path)).setup)

    assert "one class only, cat" in message


def test_an_empty_class(
    make: Callable[..., Any], refusal: Callable[..., str], tmp_path: Path
) -> None:
    folder(tmp_path, {"cat": 3, "dog": 0})

    message = refusal(make(source="folder", root=str(tmp_path)).setup)

    assert "dog is a class without images" in message


def test_a_class_that_only_the_test_images_have(
    make: Callable[..., Any], refusal: Callable[..., str], tmp_path: Path
) -> None:
    folder(tmp_path / "train", {"cat": 3, "dog": 3})
    folder(tmp_path / "test", {"cat": 3, "dogs": 3})

    message = refusal(make(source="folder", root=str(tmp_path)).setup)

    assert "test/dogs" in message
    assert "did you mean dog?" in message


@pytest.mark.parametrize("in_memory_mb", [0, 100])
@pytest.mark.parametrize("workers", [0, 2])
def test_a_damaged_image(
    experiment: Modules,
    make: Callable[..., Any],
    refusal: Callable[..., str],
    tmp_path: Path,
    caplog: Any,
    in_memory_mb: int,
    workers: int,
) -> None:
    warn_of_unreadable = experiment("core.data.read_report").warn_of_unreadable
    folder(tmp_path, {"cat": 30, "dog": 30}, mode="L")
    damaged = tmp_path / "dog" / "007.png"
    damaged.write_bytes(damaged.read_bytes()[:50])
    values = {"source": "folder", "root": str(tmp_path), "in_memory_mb": in_memory_mb}
    values |= {"val_fraction": 0.1, "num_workers": workers}

    def read_all(data: Any) -> int:
        parts = data.train_dataloader(), data.val_dataloader(), data.test_dataloader()
        count = sum(len(batch.label) for part in parts for batch in part)
        warn_of_unreadable({"any": dict(enumerate(parts))})
        return count

    message = refusal(lambda: read_all(make(**values)))
    assert "dog/007.png cannot be read" in message
    assert "data.on_error=skip" in message
    skipping = make(on_error="skip", **values)
    assert read_all(skipping) == 59
    told = [*skipping.summary(), *(record.message for record in caplog.records)]
    at_the_start = f"images of 60 cannot be read: left out (1: {damaged})"
    assert any(at_the_start in line for line in told) == bool(in_memory_mb)
    assert any(line.startswith("1 of ") for line in told) == (not in_memory_mb)  # at the end


def test_a_file_that_is_no_image(
    make: Callable[..., Any], refusal: Callable[..., str], tmp_path: Path
) -> None:
    folder(tmp_path, {"cat": 10, "dog": 10})
    (tmp_path / "cat" / "notes.txt").write_text("soft")
    values = {"source": "folder", "root": str(tmp_path)}

    message = refusal(make(**values).setup)

    assert "cat/notes.txt is no image file" in message
    assert ".png" in message
    assert make(on_error="skip", **values).has("train")


def test_prediction_input_without_images(
    make: Callable[..., Any], refusal: Callable[..., str], tmp_path: Path
) -> None:
    data = make()
    assert data.facts

    assert "no such file" in refusal(lambda: data.predict_dataset(tmp_path / "none"))
    assert "holds no image" in refusal(lambda: data.predict_dataset(tmp_path))


def test_a_torchvision_data_set_that_does_not_exist(
    make: Callable[..., Any], refusal: Callable[..., str], tmp_path: Path
) -> None:
    def setup(name: str) -> Any:
        return make(source="torchvision", dataset=name, root=str(tmp_path)).setup

    assert "did you mean FashionMNIST?" in refusal(setup("FasionMNIST"))
    assert "no classification data set" in refusal(setup("CocoDetection"))


def test_a_torchvision_data_set_out_of_reach(
    make: Callable[..., Any], refusal: Callable[..., str], tmp_path: Path, monkeypatch: Any
) -> None:
    def no_network(*_: Any, **__: Any) -> None:
        raise OSError("<urlopen error [Errno -3] Temporary failure in name resolution>")

    monkeypatch.setattr("torchvision.datasets.mnist.download_and_extract_archive", no_network)
    data = make(source="torchvision", dataset="MNIST", root=str(tmp_path))

    for act in (data.prepare_data, data.setup):
        message = refusal(act)
        assert "cannot get MNIST" in message
        assert "data.source=demo" in message


def test_a_column_that_does_not_exist(
    make: Callable[..., Any], refusal: Callable[..., str], tmp_path: Path
) -> None:
    values = {"source": "huggingface", "dataset": str(hub_data(tmp_path)), "root": str(tmp_path)}

    def setup(image: str, label: str) -> str:
        return refusal(make(image_column=image, label_column=label, **values).setup)

    assert "no column pictur, only picture, kind, row; did you mean picture?" in setup(
        "pictur", "kind"
    )
    assert "data.label_column" in setup("picture", "label")
    assert "holds Value (int32), expected Image" in setup("row", "kind")


def test_a_hub_data_set_out_of_reach(
    make: Callable[..., Any], refusal: Callable[..., str], tmp_path: Path, monkeypatch: Any
) -> None:
    hub = import_module("datasets")

    def not_there(*_: Any, **__: Any) -> None:
        raise FileNotFoundError("Couldn't reach 'someone/birds' on the Hub (ConnectionError)")

    monkeypatch.setattr(hub, "load_dataset", not_there)
    (tmp_path / "odd").mkdir()
    values = {"source": "huggingface", "root": str(tmp_path)}

    assert "huggingface.co" in refusal(make(dataset="someone/birds", **values).setup)
    assert "save_to_disk" in refusal(make(dataset="odd", **values).setup)


def test_the_extra_for_hugging_face_is_named(
    make: Callable[..., Any], refusal: Callable[..., str], monkeypatch: Any
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "datasets", None)

    message = refusal(make(source="huggingface", dataset="any/thing").setup)

    assert "uv sync --extra huggingface" in message


def test_balancing_needs_classes(
    experiment: Modules, refusal: Callable[..., str], monkeypatch: Any, make: Callable[..., Any]
) -> None:
    data = make(sampler="balanced")
    data.setup()
    data.datasets["train"] = experiment("core.data.datasets").TensorData((torch.zeros(4, 1),))

    assert "data.sampler" in refusal(lambda: data.order(data.examples("train"), 0))


def test_splits_of_torchvision_are_stated(
    make: Callable[..., Any], refusal: Callable[..., str], tmp_path: Path
) -> None:
    write_mnist(tmp_path)
    values = {"source": "torchvision", "dataset": "MNIST", "root": str(tmp_path)}
    values |= {"val_fraction": 0.0, "test_fraction": 0.0}

    def sizes(splits: dict[str, str | None]) -> dict[str, int]:
        data = make(splits=splits, **values)
        data.setup()
        return {split: len(found) for split, found in data.datasets.items()}

    assert sizes({"train": "test", "test": "train"}) == {"train": 20, "test": 60}
    assert sizes({"train": "train", "test": None}) == {"train": 60}
    assert sizes({}) == {"train": 60}
    with pytest.raises(Exception, match=r"data\.splits: torchvision's MNIST has no split extra"):
        sizes({"train": "train", "test": "extra"})


def test_splits_of_torchvision_by_its_own_words(make: Callable[..., Any], tmp_path: Path) -> None:
    for split, count in (("train", 6), ("val", 4)):
        for name in ("n01440764", "n02102040"):
            folder(tmp_path / "imagenette2" / split, {name: count})
            for file in (tmp_path / "imagenette2" / split / name).iterdir():
                Image.open(file).save(file.with_suffix(".JPEG"))
    values = {"source": "torchvision", "dataset": "Imagenette", "root": str(tmp_path)}

    data = make(splits={"train": "train", "test": "val"}, val_fraction=0.0, **values)
    data.setup()

    assert {split: len(found) for split, found in data.datasets.items()} == {"train": 12, "test": 8}
