"""Images with boxes by ``data.source``: which reader reads what.

Template's file: updates replace it. For a source of your own, override ``read_source`` in data.py.
"""

from pathlib import Path

from ...config.data import BoxDataConfig
from ...errors import UserError
from ...spelling import did_you_mean, nearest
from ..images.find_range import set_range
from ..images.sources import ImageFacts
from ..images.sources import load_unlabelled as load_images
from ..leaving_out import leave_out
from . import demo_scenes, folder, voc
from .boxed_images import BoxedImages, without_boxes

# Data sets of torchvision that have boxes. Our own reader reads COCO's files, without the package
# that torchvision's class needs.
TORCHVISION = {"CocoDetection": folder.load_coco, "VOCDetection": voc.load}


def download(config: BoxDataConfig, root: Path) -> None:
    """Download what is not there yet, where torchvision can: VOC, not COCO.

    Raises:
        UserError: torchvision has no such data set, or it cannot be downloaded.
    """
    if config.source == "torchvision" and _known(config) == "VOCDetection":
        voc.download(config, root)


def load(
    config: BoxDataConfig, root: Path, known: ImageFacts | None = None
) -> dict[str, BoxedImages]:
    """The images of the source by split, as they are: those splits that it has, "train" always.

    Args:
        config: The section ``data``.
        root: Its folder.
        known: The facts of a run that goes on, whose value range holds whatever is there by now.

    Raises:
        UserError: They are not there, or (unless skipped) an annotation is faulty; says which, and
            what is right.
    """
    splits = _read(config, root)
    leave_out(splits, config)
    set_range(splits, config.value_range, known)
    return splits


def _read(config: BoxDataConfig, root: Path) -> dict[str, BoxedImages]:
    match config.source:
        case "demo":
            return {split: found.boxed() for split, found in demo_scenes.load().items()}
        case "torchvision":
            return TORCHVISION[_known(config)](config, root)
        case "folder":
            return folder.load(config, root)
    raise UserError(f"data.source: {config.source} is read by nothing in core/data/boxes/")


def load_unlabelled(path: Path, facts: ImageFacts, config: BoxDataConfig) -> BoxedImages:
    """One image, or every image below a folder, of whose objects nothing is known.

    Raises:
        UserError: There is no such file or folder, or no image in it.
    """
    return without_boxes(load_images(path, facts, config))


def _known(config: BoxDataConfig) -> str:
    name = str(config.dataset)
    if name not in TORCHVISION:
        hint = did_you_mean(nearest(name, TORCHVISION, cutoff=0.4))
        raise UserError(
            f"data.dataset: {name} is none of torchvision's {' and '.join(TORCHVISION)}{hint}"
        )
    return name
