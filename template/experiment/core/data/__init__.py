"""From datasets to the batches that a step gets.

Template's file: updates replace it. Each name is imported when it is asked for.
"""

from typing import TYPE_CHECKING

from ..imports import lazily

if TYPE_CHECKING:  # for editors and type checkers
    from .datamodule import DataModule as DataModule
    from .datasets import Subset as Subset
    from .datasets import TensorData as TensorData
    from .errors import DataError as DataError
    from .records import Record as Record
    from .samples import BoxSample as BoxSample
    from .samples import ImageSample as ImageSample
    from .samples import MaskSample as MaskSample
    from .samples import Sample as Sample
    from .samples import TextSample as TextSample
    from .samples import with_prediction as with_prediction
    from .views import Views as Views

__getattr__ = lazily(
    __name__,
    {
        "datamodule": ("DataModule",),
        "datasets": (
            "Subset",
            "TensorData",
        ),
        "errors": ("DataError",),
        "records": ("Record",),
        "samples": (
            "BoxSample",
            "ImageSample",
            "MaskSample",
            "Sample",
            "TextSample",
            "with_prediction",
        ),
        "views": ("Views",),
    },
)
