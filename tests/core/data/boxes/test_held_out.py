"""A test split that nobody knows the objects of, names that differ, links: said or refused."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from boxed_files import coco, write_coco, write_images, write_voc, write_yolo

# --- without labels -------------------------------------------------------------------------------


def write_unlabelled(root: Path, layout: str) -> None:
    """A training and a validation split with labels, and a test split of two images without."""
    if layout.startswith("yolo"):
        write_yolo(root)
        write_images(root / "images" / "test2017", "ad")
        if layout == "yolo, empty folder":
            (root / "labels" / "test2017").mkdir()
        if layout == "yolo, stated":
            (root / "data.yaml").write_text(
                "train: images/train\nval: images/val\ntest: images/test2017\nnames: [cat, dog]\n"
            )
    if layout.startswith("coco"):
        write_coco(root)
        write_images(root / "test2017", "ad")
        content = {"images": coco("ad")["images"]}
        if layout == "coco, empty":
            content |= {"annotations": [], "categories": coco()["categories"]}
        name = "instances" if layout == "coco, empty" else "image_info"
        file = root / "annotations" / f"{name}_test2017.json"
        file.write_text(json.dumps(content))
    if layout.startswith("voc"):
        write_voc(root, "abcd")
        folder = root / "VOCdevkit" / "VOC2012"
        (folder / "ImageSets" / "Main" / "test.txt").write_text("e\nf\n")
        for name, new in (("a", "e"), ("d", "f")):
            image = (folder / "JPEGImages" / f"{name}.jpg").read_bytes()
            (folder / "JPEGImages" / f"{new}.jpg").write_bytes(image)


LAYOUTS = [
    "yolo",
    "yolo, empty folder",
    "yolo, stated",
    "coco, image_info",
    "coco, empty",
    "voc, by lists",
]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("in_memory_mb", [0, 100])
def test_a_test_split_without_labels(
    make: Callable[..., Any], tmp_path: Path, layout: str, in_memory_mb: int
) -> None:
    write_unlabelled(tmp_path, layout)

    data = make(
        source="folder", root=str(tmp_path), image_size=16, in_memory_mb=in_memory_mb, batch_size=2
    )

    assert (data.has("train"), data.has("val"), data.has("test")) == (True, True, False)
    assert data.holds("test")
    data.predict_split = "test"
    (batch,) = data.predict_dataloader()
    assert batch.label.tolist() == [[-1] * 3] * 2
    assert [len(data.datasets[split]) for split in ("train", "val", "test")] == [4, 4, 2]
    (line,) = [line for line in data.summary() if line.startswith("test")]
    assert line.split(",")[:2] == ["test          2 examples", " without labels: for predict alone"]


def test_validation_without_labels_is_refused(refused: Callable[..., str], tmp_path: Path) -> None:
    write_yolo(tmp_path)
    for file in (tmp_path / "labels" / "val").iterdir():
        file.unlink()

    message = refused(tmp_path)

    assert "images/val has images, but no text file for any of them" in message
    assert "labels/val/a.txt" in message


def test_predict_says_what_it_passed_over(
    experiment: Any, make: Callable[..., Any], tmp_path: Path
) -> None:
    write_images(tmp_path / "new", "ab")
    (tmp_path / "new" / "notes.txt").write_text("mine")
    (tmp_path / "new" / "gone.png").symlink_to(tmp_path / "nothing.png")
    data = make()

    dataset = data.predict_dataset(tmp_path / "new")

    assert [Path(name).name for name in dataset.names] == ["a.png", "b.png"]
    assert dataset.labelled is False
    lines = "\n".join(dataset.notes.lines())
    assert "links lead nowhere: passed over (1: " in lines
    assert "files are no images: passed over (1: " in lines


# --- names and numbers ----------------------------------------------------------------------------


def test_names_that_differ_are_refused(refused: Callable[..., str], tmp_path: Path) -> None:
    """A stale classes.txt must not rename every class."""
    write_yolo(tmp_path)
    (tmp_path / "classes.txt").write_text("dog\ncat\n")
    message = refused(tmp_path)
    assert "data.yaml names the classes cat, dog, " in message
    assert "classes.txt dog, cat: delete the one that is wrong" in message

    (tmp_path / "classes.txt").write_text("cat\ndog\nhelmet\n")
    assert "classes.txt cat, dog, helmet: delete" in refused(tmp_path)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("labels/train/classes.txt", "dog\ncat\n"),  # labelImg's own
        ("labels/classes.txt", "dog\ncat\n"),
        ("other.yaml", "names: {0: dog, 1: cat}\n"),
        ("obj.names", "dog\ncat\n"),
    ],
)
def test_two_sources_of_names(
    refused: Callable[..., str],
    read: Callable[..., Any],
    tmp_path: Path,
    name: str,
    text: str,
) -> None:
    write_yolo(tmp_path)
    (tmp_path / name).write_text(text)
    assert "delete the one that is wrong" in refused(tmp_path)

    swapped = text.replace("dog", "x").replace("cat", "dog").replace("x", "cat")
    (tmp_path / name).write_text(swapped)

    assert list(read()[0]) == ["train", "val"]


def test_a_number_of_classes_that_is_another(refused: Callable[..., str], tmp_path: Path) -> None:
    write_yolo(tmp_path)
    (tmp_path / "data.yaml").write_text("nc: 3\nnames: [cat, dog]\n")

    assert "data.yaml says there are 3 classes" in refused(tmp_path)


def test_two_files_that_state_splits(refused: Callable[..., str], tmp_path: Path) -> None:
    write_yolo(tmp_path)
    (tmp_path / "old.yaml").write_text("train: images/val\nnames: [cat, dog]\n")

    assert "both say which images are for training" in refused(tmp_path)


def ids_as(kind: str, content: dict[str, Any]) -> dict[str, Any]:
    def written(number: int) -> Any:
        return {"text": str(number), "padded": f"{number:012}", "float": float(number)}[kind]

    for one in content["images"]:
        one["id"] = written(one["id"])
    return content


@pytest.mark.parametrize("kind", ["text", "padded", "float"])
def test_numbers_of_images_under_two_types(
    make: Callable[..., Any], tmp_path: Path, kind: str
) -> None:
    root = write_coco(tmp_path)
    content = ids_as(kind, coco())
    (root / "annotations" / "instances_train2017.json").write_text(json.dumps(content))

    data = make(source="folder", root=str(root), test_fraction=0, image_size=16)
    data.setup()

    assert (data.some(4, "train").label >= 0).sum() == 6
    lines = "\n".join(data.summary())
    assert ("numbered as text in one list" in lines) == (kind != "float")


def test_categories_of_splits_are_matched_by_name(
    make: Callable[..., Any], refused: Callable[..., str], tmp_path: Path
) -> None:
    root = write_coco(tmp_path)
    content = coco()
    content["categories"] = [{"id": 1, "name": "cat"}, {"id": "7", "name": "dog"}]
    for one in content["annotations"]:
        one["category_id"] = {17: "1", 18: 7}[one["category_id"]]
    content["categories"].append({"id": 9, "name": "bird"})
    file = root / "annotations" / "instances_val2017.json"
    file.write_text(json.dumps(content))
    data = make(source="folder", root=str(root), test_fraction=0, image_size=16)
    data.setup()
    assert data.some(4, "val").label.tolist() == data.some(4, "train").label.tolist()
    lines = "\n".join(data.summary())
    assert (
        "categories are none of the training's, and without annotations: passed over (1: " in lines
    )
    assert "val2017.json: bird)" in lines

    content["annotations"][0]["category_id"] = 9
    file.write_text(json.dumps(content))

    message = refused(root)

    assert "val2017.json: annotations[0] (id 1): the class bird is unknown" in message


# --- links ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("write", [write_coco, write_yolo], ids=["coco", "yolo"])
def test_folders_that_are_links(
    read: Callable[..., Any], tmp_path: Path, write: Callable[[Path], Path]
) -> None:
    """A data set put together of links to where its parts are."""
    store = write(tmp_path / "store")
    root = tmp_path / "mine"
    root.mkdir()
    for path in store.iterdir():
        (root / path.name).symlink_to(path)
    folder = next(path for path in root.rglob("*") if path.name in ("train2017", "images"))
    assert folder.is_symlink()

    found, lines = read(root)

    assert found == {"train": ["a", "b", "c", "d"], "val": ["a", "b", "c", "d"]}
    assert lines == ""


def test_names_are_those_of_the_links(experiment: Any, tmp_path: Path) -> None:
    write_yolo(tmp_path)
    cache = tmp_path.parent / f"{tmp_path.name}-cache"
    cache.mkdir()
    for number, file in enumerate(sorted((tmp_path / "images").rglob("*.png"))):
        file.rename(cache / f"{number:08x}.png")
        file.symlink_to(cache / f"{number:08x}.png")
    config = experiment("config").DataConfig(source="folder", root=str(tmp_path))

    found = experiment("core.data.boxes.folder").load(config, tmp_path)["train"]

    assert [Path(name).name for name in found.names] == ["a.png", "b.png", "c.png", "d.png"]


def test_links_that_lead_nowhere_or_around_and_hidden_files(
    read: Callable[..., Any], tmp_path: Path
) -> None:
    write_yolo(tmp_path)
    train = tmp_path / "images" / "train"
    (train / "gone.png").symlink_to(tmp_path / "gone.png")
    (train / "around").symlink_to(tmp_path / "images")
    (train / "._a.png").write_bytes(b"\x00")
    (tmp_path / "labels" / "train" / "._a.txt").write_bytes(b"\x00")

    found, lines = read()

    assert found["train"] == found["val"] == ["a", "b", "c", "d"]
    assert "links lead nowhere: passed over (1: " in lines
    assert "links lead back to a folder that they are in: not followed" in lines


def test_an_image_that_is_a_dead_link_in_coco(refused: Callable[..., str], tmp_path: Path) -> None:
    root = write_coco(tmp_path)
    (root / "train2017" / "a.png").unlink()
    (root / "train2017" / "a.png").symlink_to(tmp_path / "nothing")

    assert "images[0]: the image a.png is not there, looked for in" in refused(root)
