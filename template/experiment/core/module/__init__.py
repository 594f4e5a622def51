"""What a LightningModule inherits.

Template's file: updates replace it. Each name is imported when it is asked for.
"""

from typing import TYPE_CHECKING

from ..imports import lazily

if TYPE_CHECKING:  # for editors and type checkers
    from .box_metrics import BoxPrecision as BoxPrecision
    from .detectors import Detections as Detections
    from .detectors import Detector as Detector
    from .detectors import TorchvisionDetector as TorchvisionDetector
    from .mask_metrics import MaskOverlap as MaskOverlap
    from .module import Module as Module
    from .segmenters import TorchvisionSegmenter as TorchvisionSegmenter

__getattr__ = lazily(
    __name__,
    {
        "module": ("Module",),
        "detectors": (
            "Detections",
            "Detector",
            "TorchvisionDetector",
        ),
        "box_metrics": ("BoxPrecision",),
        "segmenters": ("TorchvisionSegmenter",),
        "mask_metrics": ("MaskOverlap",),
    },
)
