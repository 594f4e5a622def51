"""Images with a class each.

Template's file: updates replace it. Each name is imported when it is asked for.
"""

from typing import TYPE_CHECKING

from ...imports import lazily

if TYPE_CHECKING:  # for editors and type checkers
    from .labelled_images import LabelledImages as LabelledImages
    from .labelled_images import from_pixels as from_pixels
    from .sources import download as download
    from .sources import load as load
    from .sources import load_unlabelled as load_unlabelled
    from .statistics import pixel_statistics as pixel_statistics

__getattr__ = lazily(
    __name__,
    {
        "sources": (
            "download",
            "load",
            "load_unlabelled",
        ),
        "labelled_images": (
            "LabelledImages",
            "from_pixels",
        ),
        "statistics": ("pixel_statistics",),
    },
)
