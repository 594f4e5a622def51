"""What people have in place of masks, and how to make masks of it.

Template's file: updates replace it.
"""

import os
import re

from ...files import shown
from ..boxes.tree import Tree

BY_SUFFIX = {
    (".nii", ".nii.gz", ".dcm", ".nrrd", ".mha", ".mhd"): (
        "a volume: save each slice as an image and a mask of class numbers (PNG), or start from "
        "task=custom, one function of which reads it"
    ),
    (".mat",): "of MATLAB: save the array of class numbers in it as PNG or .npy",
    (".npz", ".h5", ".hdf5"): "an archive of arrays: save each mask as PNG or .npy",
    (".svg",): "a drawing: save it as PNG, a colour a class",
}
# What stands in a JSON file, what it is, and what to do.
IN_JSON = (
    (b'"segments_info"', "COCO's panoptic format: make class numbers of it by panopticapi's "
     "converters/panoptic2semantic_segmentation.py"),
    (b'"imgHeight"', "Cityscapes' polygons: cityscapesscripts' createTrainIdLabelImgs draws"),
    (b'"shapes"', "LabelMe's polygons: its labelme2voc.py draws them, with class_names.txt"),
    (b'"bitmap"', "Supervisely's: export it as masks, with masks_machine"),
    (b'"regions"', "VIA's polygons: export them as COCO"),
)  # fmt: skip


LABEL_STUDIO = re.compile(r"task-\d+-annotation-\d+-")
BRUSH = (
    "Label Studio's brush export, which names its task and no image: export COCO, or rename each "
    "mask as its image is called"
)


RUN_LENGTHS = re.compile(rb"EncodedPixels|rle", re.IGNORECASE)
RUNS = "run lengths, as Kaggle has them: draw them as a mask for each image (PNG of class numbers)"


def hint_of(tree: Tree) -> str:
    """The end of a sentence about the first such file; empty if there is none."""
    if brush := [path for path in tree.files if LABEL_STUDIO.match(os.path.basename(path))]:
        return f"; {shown(brush[0])} is of {BRUSH}"
    for suffixes, what in BY_SUFFIX.items():
        if found := tree.ending(*suffixes):
            return f"; {shown(found[0])} is {what}"
    for path in tree.ending(".csv")[:20]:
        with open(path, "rb") as file:
            if RUN_LENGTHS.search(file.readline(1000)):
                return f"; {shown(path)} is of {RUNS}"
    for path in tree.ending(".json")[:20]:
        start = b'"segments_info"' if os.path.basename(path).startswith("panoptic") else b""
        with open(path, "rb") as file:
            start += file.read(20000)
        for words, what in IN_JSON:
            if words in start:
                return f"; {shown(path)} is {what}"
    return ""
