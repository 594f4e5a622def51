"""Images with boxes about their objects.

Template's file: updates replace it. Each name is imported when it is asked for.
"""

from typing import TYPE_CHECKING

from ...imports import lazily

if TYPE_CHECKING:  # for editors and type checkers
    from .boxed_images import BoxedImages as BoxedImages
    from .geometry import image_out_of_square as image_out_of_square
    from .geometry import out_of_square as out_of_square
    from .sources import download as download
    from .sources import load as load
    from .sources import load_unlabelled as load_unlabelled
    from .transforms import DropLostBoxes as DropLostBoxes
    from .transforms import FirstObjects as FirstObjects

__getattr__ = lazily(
    __name__,
    {
        "sources": (
            "download",
            "load",
            "load_unlabelled",
        ),
        "boxed_images": ("BoxedImages",),
        "geometry": (
            "image_out_of_square",
            "out_of_square",
        ),
        "transforms": (
            "DropLostBoxes",
            "FirstObjects",
        ),
    },
)
