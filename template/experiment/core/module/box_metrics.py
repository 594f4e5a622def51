"""How good detections are: the mean average precision, from torchmetrics.

Template's file: updates replace it. To measure otherwise, add a metric of yours in module.py.
"""

from typing import Any

from torch import Tensor
from torchmetrics.detection import MeanAveragePrecision
from torchmetrics.utilities.distributed import gather_all_tensors

from .detectors import Detections
from .gather_lists import sync_lists


class BoxPrecision(MeanAveragePrecision):
    """``map``, the mean over COCO's ten thresholds of overlap, and ``map_50``, that at 0.5.

    As for COCO, the surest 100 detections of an image count.
    """

    def __init__(self) -> None:
        super().__init__(backend="faster_coco_eval")  # a third of the time of pycocotools
        self.warn_on_many_detections = False

    def update(self, found: Detections, boxes: Tensor, label: Tensor) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Show it a batch.

        Shape:
            - boxes: ``(batch, objects, 4)``
            - label: ``(batch, objects)``, -1 where there is no object
        """
        detections = [
            {"boxes": at[there], "labels": number[there], "scores": sure[there]}
            for at, number, sure, there in zip(*found, found.label >= 0, strict=True)
        ]
        targets = [
            {"boxes": at[there], "labels": number[there]}
            for at, number, there in zip(boxes, label, label >= 0, strict=True)
        ]
        super().update(detections, targets)

    def compute(self) -> dict[str, Any]:
        """Both, as scalars; torchmetrics' other entries are left out."""
        values = super().compute()
        return {name: values[name].clamp(min=0) for name in ("map", "map_50")}

    def _sync_dist(self, dist_sync_fn: Any = gather_all_tensors, process_group: Any = None) -> None:
        # Of each image an entry, and processes need not have seen equally many.
        sync_lists(self, dist_sync_fn, process_group)
