"""Folders as tools and data sets have them: read as they come, or refused with what to do."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from masked_files import Read, classes, mask, said, stems
from PIL import Image

Write = Callable[..., Path]
Refused = Callable[..., str]
RED, GREEN = (128, 0, 0), (0, 128, 0)
NAMES = ["background", "cat", "dog"]


def colored() -> Any:
    return np.array([(0, 0, 0), RED, GREEN], np.uint8)[mask(0, 1, 2)]


def test_cvat(read: Read, write: Write) -> None:
    for name in "ab":
        write(f"JPEGImages/{name}.jpg")
        write(f"SegmentationClass/{name}.png", colored())
        write(f"SegmentationObject/{name}.png", np.full((6, 8, 3), 7, np.uint8))
    write("JPEGImages/c.jpg")
    write("labelmap.txt", "# label:color_rgb::\nbackground:0,0,0::\ncat:128,0,0::\ndog:0,128,0::\n")
    write("ImageSets/Segmentation/default.txt", "a\nb\n")

    found = read()

    assert stems(found) == {"train": ["a", "b"]}
    assert found["train"].class_names == NAMES
    assert classes(found["train"]) == mask(0, 1, 2).tolist()
    assert "as class numbers, too: passed over (2, the first: " in said(found)


def test_roboflow(read: Read, write: Write) -> None:
    for split in ("train", "valid", "test"):
        name = f"{split}/a{split}_jpg.rf.0a1b2c"
        write(f"{name}.jpg")
        write(f"{name}_mask.png", mask(0, 1, 2))
        write(f"{split}/_classes.csv", "Pixel Value, Class\n0, background\n1, cat\n2, dog\n")
    write("README.dataset.txt", "trained on cats\n")

    found = read()

    assert list(found) == ["train", "val", "test"]
    assert found["test"].class_names == NAMES
    assert classes(found["test"]) == mask(0, 1, 2).tolist()


def test_supervisely(read: Read, write: Write) -> None:
    for name in "ab":
        write(f"ds0/img/{name}.jpg")
        write(f"ds0/ann/{name}.jpg.json", json.dumps({"objects": [{"bitmap": {}}]}))
        write(f"ds0/masks_machine/{name}.png", np.repeat(mask(0, 1, 2)[..., None], 3, axis=2))
        write(f"ds0/masks_human/{name}.png", colored())
    write("obj_class_to_machine_color.json", json.dumps({"cat": [1] * 3, "dog": [2] * 3}))

    found = read()["train"]

    assert found.class_names == NAMES
    assert classes(found) == mask(0, 1, 2).tolist()


def test_labelme(read: Read, write: Write) -> None:
    image = Image.fromarray(mask(0, 1, 255))
    image.putpalette([0, 0, 0, *RED, *GREEN, *range(250)] * 2)
    for name in "ab":
        write(f"JPEGImages/{name}.jpg")
        write(f"SegmentationClass/{name}.npy", mask(0, 1, -1, dtype=np.int32))
        write(f"SegmentationClassPNG/{name}.png", image)
        write(f"SegmentationClassVisualization/{name}.jpg")
    write("class_names.txt", "_background_\ncat\ndog")

    found = read()["train"]

    assert found.class_names == ["_background_", "cat", "dog"]
    assert classes(found) == mask(0, 1, 255).tolist()


def test_ade20k(refused: Refused, read: Read, write: Write) -> None:
    for split in ("training", "validation"):
        write(f"images/{split}/{split}_1.jpg")
        write(f"annotations/{split}/{split}_1.png", mask(0, 1, 150))
    rows = [f"{number}\t0.1\t10\t2\t1\tthing{number}, x\n" for number in range(1, 151)]
    write("objectInfo150.txt", "Idx\tRatio\tTrain\tVal\tStuff\tName\n" + "".join(rows))

    message = refused()

    assert "training_1.png holds 0, expected class numbers 1..150" in message
    assert "state data.ignore_values" in message
    found = read(ignore_values=[0])
    assert found["train"].class_names[149] == "thing150"
    assert classes(found["val"]) == mask(255, 0, 149).tolist()


def test_camvid_of_cvat(read: Read, write: Write) -> None:
    """A task without subsets has one that is called default."""
    for name in "ab":
        write(f"default/{name}.jpg")
        write(f"defaultannot/{name}.png", colored())
    write("default.txt", "/default/a.jpg /defaultannot/a.png\n/default/b.jpg /defaultannot/b.png\n")
    write("label_colors.txt", "0 0 0 background\n128 0 0 cat\n0 128 0 dog\n")

    found = read()

    assert stems(found) == {"train": ["a", "b"]}
    assert found["train"].class_names == NAMES
    assert classes(found["train"]) == mask(0, 1, 2).tolist()


def test_bdd100k(read: Read, write: Write) -> None:
    for split, name in (("train", "a"), ("val", "b")):
        write(f"images/10k/{split}/{name}.jpg")
        write(f"labels/sem_seg/masks/{split}/{name}.png", mask(0, 1, 2, 255))
        write(f"labels/sem_seg/colormaps/{split}/{name}.png", colored())

    found = read()

    assert stems(found) == {"train": ["a"], "val": ["b"]}
    assert classes(found["val"]) == mask(0, 1, 2, 255).tolist()


def test_kitti(read: Read, write: Write) -> None:
    write("testing/image_2/000009_10.png")
    write("training/image_2/000000_10.png")
    write("training/instance/000000_10.png", mask(1792, 2049, dtype=np.uint16))
    write("training/semantic/000000_10.png", mask(7, 8))
    write("training/semantic_rgb/000000_10.png", colored())

    found = read(class_values=[7, 8], class_names=["road", "sidewalk"])

    assert stems(found) == {"train": ["000000_10"], "test": ["000009_10"]}
    assert classes(found["train"]) == mask(0, 1).tolist()


def test_vistas(read: Read, write: Write) -> None:
    for split, name in (("training", "a"), ("validation", "b")):
        write(f"{split}/images/{name}.jpg")
        write(f"{split}/instances/{name}.png", mask(0, 256, dtype=np.uint16))
        write(f"{split}/labels/{name}.png", mask(0, 1, 2))
        write(f"{split}/panoptic/{name}.png", colored())

    found = read()

    assert stems(found) == {"train": ["a"], "val": ["b"]}
    assert classes(found["val"]) == mask(0, 1, 2).tolist()


def test_drive(refused: Refused, read: Read, write: Write) -> None:
    """Its folder mask/ holds what the camera sees, not the vessels."""
    for split, folder in (("training", "training"), ("test", "test")):
        write(f"{folder}/images/21_{split}.tif")
        write(f"{folder}/1st_manual/21_manual1.gif", mask(0, 255, 0))
        write(f"{folder}/mask/21_{split}_mask.gif", mask(0, 255, 255))
    write("test/2nd_manual/21_manual2.gif", mask(255, 0))

    for on_error in ("raise", "skip"):
        message = refused(on_error=on_error)
        assert "are both masks for " in message
        assert 'data.mask_names, such as "{}_manual1.gif"' in message

    found = read(mask_names="{}_manual1.gif")
    assert stems(found) == {"train": ["21_training"], "test": ["21_test"]}
    assert classes(found["test"]) == mask(0, 1, 0).tolist()


def test_busi(refused: Refused, write: Write) -> None:
    for name in ("benign (1)", "benign (2)"):
        write(f"benign/{name}.png")
        write(f"benign/{name}_mask.png", mask(0, 255))
    write("benign/benign (2)_mask_1.png", mask(255, 0))

    for on_error in ("raise", "skip"):
        message = refused(on_error=on_error)
        assert "benign (2)_mask.png and " in message
        assert "benign (2)_mask_1.png are both masks for " in message
        assert "a mask for each object, as Kaggle's Data Science Bowl has? Merge those" in message


def test_carvana(read: Read, write: Write) -> None:
    image = Image.fromarray(mask(0, 1))
    image.putpalette([0, 0, 0, 255, 255, 255])
    write("train/f_01.jpg")
    write("train_masks/f_01_mask.gif", image)
    write("test/g_01.jpg")
    write("train_masks.csv", "img,rle_mask\nf_01.jpg,1 2\n")

    found = read()

    assert [found[split].labelled for split in ("train", "test")] == [True, False]
    assert classes(found["train"]) == mask(0, 1).tolist()


def test_lip(read: Read, write: Write) -> None:
    for split in ("train", "val"):
        write(f"{split}_images/{split}1.jpg")
        write(f"{split}_segmentations/{split}1.png", mask(0, 1, 2))
        write(f"{split}_id.txt", f"{split}1\n")
    write("test_images/t.jpg")

    assert stems(read()) == {"train": ["train1"], "val": ["val1"], "test": ["t"]}


def test_fastai(read: Read, write: Write) -> None:
    for name in "abc":
        write(f"images/{name}.png")
        write(f"labels/{name}_P.png", mask(0, 1, 2))
    write("codes.txt", "\n".join(NAMES))
    write("valid.txt", "c.png\n")

    found = read()

    assert stems(found) == {"train": ["a", "b"], "val": ["c"]}
    assert found["train"].class_names == NAMES
    assert "images are in no list of what is held out: to train on (2, the first: " in said(found)


def test_pascal_context(refused: Refused, read: Read, write: Write) -> None:
    for name in "ab":
        write(f"JPEGImages/{name}.jpg")
        write(f"SegmentationClassContext/{name}.png", mask(0, 1, 59))
    write("JPEGImages/c.jpg")
    write("ImageSets/SegmentationContext/train.txt", "a\n")
    write("ImageSets/SegmentationContext/val.txt", "b\n")

    assert "some of the numbers 0..59, name all of these by data.class_names" in refused()
    found = read(class_names=[f"c{number}" for number in range(60)])
    assert stems(found) == {"train": ["a"], "val": ["b"]}


def test_png_beside_jpg(read: Read, write: Write) -> None:
    write("a.jpg")
    write("a.png", mask(0, 1))

    found = read()["train"]

    assert (stems({"train": found}), classes(found)) == ({"train": ["a"]}, mask(0, 1).tolist())


def test_capital_letters_alone_part_no_pair(read: Read, write: Write) -> None:
    write("Images/A.JPG")
    write("Masks/a.png", mask(0, 1))

    assert stems(read()) == {"train": ["A"]}


OTHERS = {
    "a volume": (("imagesTr/a.nii.gz", "labelsTr/a.nii.gz"), "a.nii.gz is a volume: save each"),
    "MATLAB": (("images/a.jpg", "masks/a.mat"), "a.mat is of MATLAB: save the array"),
    "LabelMe": (("a.jpg", "a.json"), "a.json is LabelMe's polygons: its labelme2voc.py"),
    "Label Studio": (
        ("images/a.jpg", "masks/task-1-annotation-1-by-1-tag-Cat-0.png"),
        "names its task and no image: export COCO",
    ),
    "panoptic": (
        ("train/a.jpg", "annotations/panoptic_train2017.json"),
        "panoptic_train2017.json is COCO's panoptic format: make class numbers of it",
    ),
    "run lengths": (("train_images/a.jpg", "train.csv"), "train.csv is of run lengths, as Kaggle"),
    "no usual names": (("x/a.png", "y/a.png"), 'data.mask_names="{}_mask.png" says'),
}


@pytest.mark.parametrize("kind", OTHERS)
def test_other_formats_are_named_with_what_to_do(refused: Refused, write: Write, kind: str) -> None:
    names, expected = OTHERS[kind]
    for name in names:
        text = json.dumps({"version": "5", "shapes": []})
        text = "ImageId,ClassId,EncodedPixels\na.jpg,1,1 3\n" if name.endswith("csv") else text
        write(name, mask(0, 1) if name.endswith(("png", "jpg")) else text)

    message = refused()

    assert "holds no image with a mask; expected images/a.jpg and masks/a.png" in message
    assert expected in message


def test_numbered_names_are_no_table(refused: Refused, read: Read, write: Write) -> None:
    """COCO-Stuff's labels.txt counts from 0, its masks from 1: none is guessed."""
    write("images/train2017/a.jpg")
    write("stuffthingmaps/train2017/a.png", mask(0, 1, 255))
    write("labels.txt", "0: unlabeled\n1: person\n2: bicycle\n")

    assert "labels.txt names the classes in another form than expected" in refused()
    assert read(class_names=["person", "bicycle"])["train"].class_names == ["person", "bicycle"]
