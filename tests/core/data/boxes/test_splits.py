"""Which images are which split, however folders, files and keys are spelled."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from boxed_files import coco, voc_xml, write_images, write_voc, yolo_rows

Read = Callable[..., tuple[dict[str, list[str]], str]]
Splits = dict[str, str]  # from split to the names of its images, a letter each
SIZES = {"a": (80, 40), "b": (40, 80), "c": (64, 64), "d": (50, 50)}


def write_yolo_part(images: Path, labels: Path, names: str) -> None:
    write_images(images, names)
    labels.mkdir(parents=True, exist_ok=True)
    for name in names:
        (labels / f"{name}.txt").write_text(yolo_rows(name))


def write_voc_part(images: Path, annotations: Path, names: str) -> None:
    from boxed_files import IMAGES

    write_images(images, names)
    annotations.mkdir(parents=True, exist_ok=True)
    for name in names:
        size, objects = IMAGES[name]
        xml = voc_xml(name, objects, size).replace(".jpg", ".png")
        (annotations / f"{name}.xml").write_text(xml)


def write_coco_part(images: Path, file: Path, names: str) -> None:
    write_images(images, names)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(coco(names)))


SPELLINGS = [
    ("train2017", "val2017", "test2017"),
    ("Train", "Valid", "Test"),
    ("Training", "Validation", "Testing"),
    ("train_set", "dev_set", "test_set"),
    ("TRAIN", "VAL", "TEST"),
]


@pytest.mark.parametrize("names", SPELLINGS, ids=[names[0] for names in SPELLINGS])
@pytest.mark.parametrize("layout", ["images first", "split first", "beside"])
def test_folders_of_yolo(read: Read, tmp_path: Path, names: tuple[str, ...], layout: str) -> None:
    (tmp_path / "classes.txt").write_text("cat\ndog\n")
    for name, images in zip(names, ("ab", "d", "a"), strict=True):
        folders = {
            "images first": (tmp_path / "images" / name, tmp_path / "labels" / name),
            "split first": (tmp_path / name / "images", tmp_path / name / "labels"),
            "beside": (tmp_path / name, tmp_path / name),
        }
        write_yolo_part(*folders[layout], images)

    assert read()[0] == {"train": ["a", "b"], "val": ["d"], "test": ["a"]}


@pytest.mark.parametrize("names", SPELLINGS, ids=[names[0] for names in SPELLINGS])
@pytest.mark.parametrize("layout", ["official", "beside", "in images", "data inside"])
def test_files_of_coco(read: Read, tmp_path: Path, names: tuple[str, ...], layout: str) -> None:
    for name, images in zip(names, ("ab", "d", "a"), strict=True):
        folder, file = {
            "official": (tmp_path / name, tmp_path / "annotations" / f"instances_{name}.json"),
            "beside": (tmp_path / name, tmp_path / name / "_annotations.coco.json"),
            "in images": (tmp_path / "images" / name, tmp_path / f"{name}.json"),
            "data inside": (tmp_path / name / "data", tmp_path / name / "labels.json"),
        }[layout]
        write_coco_part(folder, file, images)

    assert read()[0] == {"train": ["a", "b"], "val": ["d"], "test": ["a"]}


@pytest.mark.parametrize("names", SPELLINGS, ids=[names[0] for names in SPELLINGS])
@pytest.mark.parametrize("layout", ["beside", "apart", "split first", "flat, by lists"])
def test_folders_of_voc(read: Read, tmp_path: Path, names: tuple[str, ...], layout: str) -> None:
    for name, images in zip(names, ("ab", "d", "c"), strict=True):
        folders = {
            "beside": (tmp_path / name, tmp_path / name),
            "apart": (tmp_path / "JPEGImages" / name, tmp_path / "Annotations" / name),
            "split first": (tmp_path / name / "images", tmp_path / name / "annotations"),
            "flat, by lists": (tmp_path / "JPEGImages", tmp_path / "Annotations"),
        }
        write_voc_part(*folders[layout], images)
        if layout == "flat, by lists":
            (tmp_path / "ImageSets" / "Main").mkdir(parents=True, exist_ok=True)
            rows = "\n".join(images)
            (tmp_path / "ImageSets" / "Main" / f"{name}.txt").write_text(rows)

    assert read()[0] == {"train": ["a", "b"], "val": ["d"], "test": ["c"]}


def test_one_folder_more_as_archives_have_it(read: Read, tmp_path: Path) -> None:
    inside = tmp_path / "fruits.v1i.yolov8"
    write_yolo_part(inside / "train" / "images", inside / "train" / "labels", "ab")
    (inside / "data.yaml").write_text("names: [cat, dog]\n")
    (tmp_path / "__MACOSX").mkdir()

    assert read()[0] == {"train": ["a", "b"]}


YAMLS: list[tuple[str, str, Splits]] = [
    ("relative to path", "path: {root}\ntrain: one\nval: two", {"train": "ab", "val": "d"}),
    ("relative to the file", "train: one\nval: two\ntest:", {"train": "ab", "val": "d"}),
    ("as Roboflow", "train: ../one\nval: ../two\n", {"train": "ab", "val": "d"}),
    ("with ./", "path: .\ntrain: ./one/\nval: ./two/images", {"train": "ab", "val": "d"}),
    ("path beside the folder", "path: {name}\ntrain: one\nval: two", {"train": "ab", "val": "d"}),
    ("lists of folders", "train: [one, two]\nval: [three]", {"train": "abd", "val": "c"}),
    ("a list of images", "train: train.txt\nval: two", {"train": "a", "val": "d"}),
    (
        "of another machine",
        "path: /content/fruits\ntrain: one/images\nval: /x/two/images",
        {"train": "ab", "val": "d"},
    ),
    ("of Windows", "train: C:\\data\\one\\images\nval: C:\\data\\two", {"train": "ab", "val": "d"}),
    ("other words", "Train: one\nvalidation: two\nTesting: three", {"train": "ab", "val": "d"}),
]


@pytest.mark.parametrize(
    ("text", "expected"), [row[1:] for row in YAMLS], ids=[row[0] for row in YAMLS]
)
def test_data_yaml_is_followed(
    read: Read, tmp_path: Path, text: str, expected: dict[str, str]
) -> None:
    for folder, names in (("one", "ab"), ("two", "d"), ("three", "c")):
        write_yolo_part(tmp_path / folder / "images", tmp_path / folder / "labels", names)
    (tmp_path / "three" / "labels" / "c.txt").write_text("0 0.5 0.5 0.1 0.1")
    (tmp_path / "train.txt").write_text("./one/images/a.png\n\n")
    text = text.replace("{root}", str(tmp_path)).replace("{name}", tmp_path.name)
    (tmp_path / "data.yaml").write_text(f"{text}\nnames: [cat, dog]\nnc: 2\n")

    found, lines = read()

    if "Testing" in text:
        expected = {**expected, "test": "c"}
    assert found == {split: list(names) for split, names in expected.items()}
    used = {name for names in expected.values() for name in names}
    assert ("images lie in no split: passed over" in lines) == (used != set("abcd"))
    assert ("found by their ends" in lines) == ("content" in text or "C:" in text)


def test_what_data_yaml_leaves_open_is_found_by_folders(read: Read, tmp_path: Path) -> None:
    """Roboflow's older exports have a folder test that their data.yaml does not name."""
    for folder, names in (("train", "ab"), ("valid", "d"), ("test", "a")):
        write_yolo_part(tmp_path / folder / "images", tmp_path / folder / "labels", names)
    file = tmp_path / "data.yaml"
    file.write_text("train: ../train/images\nval: ../valid/images\nnames: [cat, dog]\n")
    assert read()[0] == {"train": ["a", "b"], "val": ["d"], "test": ["a"]}

    file.write_text("train: train/images\nval: valid/images\ntest:\nnames: [cat, dog]\n")

    assert read()[0] == {"train": ["a", "b"], "val": ["d"]}


def test_data_yaml_that_leads_nowhere(refused: Callable[..., str], tmp_path: Path) -> None:
    write_yolo_part(tmp_path / "one" / "images", tmp_path / "one" / "labels", "ab")
    (tmp_path / "data.yaml").write_text("train: /content/two/images\nnames: [cat, dog]\n")

    message = refused(tmp_path)

    assert "data.yaml: train is /content/two/images, which is not there" in message
    assert "nor is two/images below" in message

    (tmp_path / "data.yaml").write_text("train: list.txt\nnames: [cat, dog]\n")
    (tmp_path / "list.txt").write_text("one/images/a.png\none/images/z.png\n")
    assert "list.txt:2: one/images/z.png is not there" in refused(tmp_path)

    (tmp_path / "list.txt").write_text("\n")
    assert "list.txt holds no image" in refused(tmp_path)


def test_validating_on_what_trains_is_said(read: Read, tmp_path: Path) -> None:
    """coco128.yaml does so on purpose."""
    write_yolo_part(tmp_path / "images" / "train2017", tmp_path / "labels" / "train2017", "ab")
    (tmp_path / "coco128.yaml").write_text(
        "train: images/train2017\nval: images/train2017\nnames: [cat, dog]\n"
    )

    found, lines = read()

    assert found == {"train": ["a", "b"], "val": ["a", "b"]}
    assert "images are for training, too (2, the first: " in lines


@pytest.mark.parametrize("prefix", ["data/", "", "/home/somebody/darknet/data/", "x\\"])
def test_lists_of_darknet(read: Read, tmp_path: Path, prefix: str) -> None:
    for split, names in (("train", "ab"), ("valid", "d")):
        folder = tmp_path / f"obj_{split}_data"
        write_yolo_part(folder, folder, names)
        rows = "".join(f"{prefix}obj_{split}_data/{name}.png\r\n" for name in names)
        (tmp_path / f"{split}.txt").write_text(rows)
    (tmp_path / "obj.names").write_text("cat\ndog\n")
    (tmp_path / "obj.data").write_text(
        f"classes = 2\ntrain = {prefix}train.txt\nvalid = {prefix}valid.txt\n"
        f"names = {prefix}obj.names\nbackup = backup/\n"
    )

    assert read()[0] == {"train": ["a", "b"], "val": ["d"]}


def test_a_single_subset_of_cvat(read: Read, tmp_path: Path) -> None:
    folder = tmp_path / "obj_default_data"
    write_yolo_part(folder, folder, "abd")
    (tmp_path / "default.txt").write_text("data/obj_default_data/a.png\n")
    (tmp_path / "obj.names").write_text("cat\ndog\n")
    (tmp_path / "obj.data").write_text("classes = 2\ndefault = data/default.txt\n")

    assert read()[0] == {"train": ["a", "b", "d"]}


def test_trains_in_pictures_are_no_split(read: Read, tmp_path: Path) -> None:
    for name, images in (("bus", "a"), ("planes", "b")):
        write_yolo_part(tmp_path / "images" / name, tmp_path / "labels" / name, images)
    (tmp_path / "classes.txt").write_text("cat\ndog\n")

    assert read()[0] == {"train": ["a", "b"]}


def test_folders_that_can_be_read_in_two_ways(
    read: Read, refused: Callable[..., str], tmp_path: Path
) -> None:
    for name, images in (("train", "a"), ("bus", "b")):
        write_yolo_part(tmp_path / "images" / name, tmp_path / "labels" / name, images)
    (tmp_path / "classes.txt").write_text("cat\ndog\n")

    message = refused(tmp_path)

    assert "as splits ({train: train}) or as folders of one set: train, bus" in message
    assert read(splits={})[0] == {"train": ["b", "a"]}
    assert read(splits={"train": "train"})[0] == {"train": ["a"]}
    found, lines = read(splits={"train": "images/bus", "val": "train"})
    assert found == {"train": ["b"], "val": ["a"]}
    assert "passed over" not in lines


def test_stated_splits(read: Read, refused: Callable[..., str], tmp_path: Path) -> None:
    for name, images in (("one", "ab"), ("two", "d")):
        write_coco_part(tmp_path / name, tmp_path / name / "boxes.json", images)
        write_voc_part(tmp_path / "voc" / name, tmp_path / "voc" / name, images)
        write_coco_part(tmp_path / name, tmp_path / "annotations" / f"{name}.json", images)
    annotations = {"train": "annotations/one.json", "val": "annotations/two.json"}
    assert read(splits=annotations)[0] == {"train": ["a", "b"], "val": ["d"]}

    folders = tmp_path / "voc"
    assert read(folders, splits={"train": "one", "val": "two"})[0]["train"] == ["a", "b"]
    assert sorted(read(folders, splits={})[0]["train"]) == ["a", "b", "d"]
    message = refused(folders, splits={"train": "three"})
    assert "data.splits: train is three, which is not there; there is one, two" in message
    (folders / "voc.txt").unlink(missing_ok=True)


def test_stated_splits_of_vocs_lists(read: Read, tmp_path: Path) -> None:
    root = write_voc(tmp_path) / "VOCdevkit" / "VOC2012"
    (root / "ImageSets" / "Main" / "mine.txt").write_text("a\nb\n")

    found, _ = read(splits={"train": "mine", "test": "val"})

    assert found == {"train": ["a", "b"], "test": ["a", "b", "c", "d"]}


def test_coco_folders_by_stated_name(read: Read, tmp_path: Path) -> None:
    for name, images in (("eins", "ab"), ("zwei", "d")):
        write_coco_part(tmp_path / name, tmp_path / name / "_annotations.coco.json", images)

    found, _ = read(splits={"train": "eins", "test": "zwei"})

    assert found == {"train": ["a", "b"], "test": ["d"]}


def test_files_whose_names_say_nothing(refused: Callable[..., str], tmp_path: Path) -> None:
    for name, images in (("eins", "ab"), ("zwei", "d")):
        write_coco_part(tmp_path / "images", tmp_path / f"{name}.json", images)

    message = refused(tmp_path)

    assert "several files of annotations, eins.json, zwei.json" in message
    assert "data.splits=" in message


def test_one_file_that_is_for_testing(refused: Callable[..., str], tmp_path: Path) -> None:
    write_coco_part(tmp_path / "test", tmp_path / "test" / "_annotations.coco.json", "ab")

    assert "has examples for test, but none to train on" in refused(tmp_path)


def test_two_formats_at_once(read: Read, refused: Callable[..., str], tmp_path: Path) -> None:
    write_yolo_part(tmp_path / "images" / "train", tmp_path / "labels" / "train", "ab")
    (tmp_path / "classes.txt").write_text("cat\ndog\n")
    file = tmp_path / "annotations" / "instances_train.json"
    write_coco_part(tmp_path / "images" / "train", file, "ab")
    assert "holds annotations of YOLO (labels in text files) and COCO (" in refused(tmp_path)
    assert read(splits={"train": "annotations/instances_train.json"})[0] == {"train": ["a", "b"]}

    file.rename(file.with_name("instances_val.json"))  # as Ultralytics' own COCO has it
    found, lines = read()

    assert found == {"train": ["a", "b"]}
    assert "annotations in another format lie there" in lines


def test_images_of_coco_that_train_and_validate_are_said(read: Read, tmp_path: Path) -> None:
    """A validation file that was drawn from a training file that still has them all."""
    write_coco_part(tmp_path / "images", tmp_path / "train.json", "abd")
    write_coco_part(tmp_path / "images", tmp_path / "val.json", "d")

    found, lines = read()

    assert found == {"train": ["a", "b", "d"], "val": ["d"]}
    assert "images are for training, too (1: " in lines


def test_images_that_no_file_of_coco_lists_are_said(read: Read, tmp_path: Path) -> None:
    write_coco_part(tmp_path / "images", tmp_path / "annotations.json", "ab")
    write_images(tmp_path / "images", "d")

    found, lines = read(val_fraction=0)

    assert found == {"train": ["a", "b"]}
    assert "images are in no file of annotations that is read: passed over (1: " in lines


def test_splits_of_voc_below_annotations(read: Read, tmp_path: Path) -> None:
    """ImageNet's detection: Annotations/DET/train beside Data/DET/train."""
    for split, names in (("train", "ab"), ("val", "d")):
        images, annotations = (tmp_path / part / "DET" / split for part in ("Data", "Annotations"))
        write_voc_part(images, annotations, names)

    assert read()[0] == {"train": ["a", "b"], "val": ["d"]}


def test_splits_of_voc_in_two_places_are_refused(
    refused: Callable[..., str], tmp_path: Path
) -> None:
    for place in ("day", "night"):
        for split, names in (("train", "ab"), ("val", "d")):
            folder = tmp_path / place / split
            write_voc_part(folder, folder, names)

    sentence = refused(tmp_path)

    assert "has splits in several places" in sentence
    assert "day ({train: train, val: val})" in sentence
    assert "night ({train: train, val: val})" in sentence


def test_masks_beside_the_xml_files_are_not_the_images(read: Read, tmp_path: Path) -> None:
    """Oxford's pets: annotations/xmls/a.xml is about images/a.jpg, not about trimaps/a.png."""
    from boxed_files import IMAGES

    annotations = tmp_path / "annotations"
    write_images(annotations / "trimaps", "abd", mode="L")
    write_voc_part(tmp_path / "images", annotations / "xmls", "abd")
    for name in "abd":
        (tmp_path / "images" / f"{name}.png").rename(tmp_path / "images" / f"{name}.jpg")
        size, objects = IMAGES[name]
        (annotations / "xmls" / f"{name}.xml").write_text(voc_xml(name, objects, size))

    found, lines = read(val_fraction=0)

    assert found == {"train": ["a", "b", "d"]}
    assert "images have no XML file: passed over (3, the first: " in lines
    assert "trimaps/a.png)" in lines


def test_an_xml_file_whose_image_is_there_twice_is_refused(
    refused: Callable[..., str], tmp_path: Path
) -> None:
    write_voc_part(tmp_path / "small", tmp_path / "annotations" / "xmls", "ab")
    write_images(tmp_path / "large", "ab")

    sentence = refused(tmp_path)

    assert "the image a.png may be " in sentence
    assert "large/a.png or " in sentence
    assert "small/a.png" in sentence
