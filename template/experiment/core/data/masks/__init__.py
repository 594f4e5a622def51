"""Images with a class for each pixel.

Template's file: updates replace it. Each name is imported when it is asked for.
"""

from typing import TYPE_CHECKING

from ...imports import lazily

if TYPE_CHECKING:  # for editors and type checkers
    from .geometry import ignore_outside as ignore_outside
    from .geometry import out_of_square as out_of_square
    from .masked_images import IGNORED as IGNORED
    from .masked_images import MaskedImages as MaskedImages
    from .masked_images import from_pixels as from_pixels
    from .pictures import class_picture as class_picture
    from .pictures import overlay as overlay
    from .sources import download as download
    from .sources import load as load
    from .sources import load_unlabelled as load_unlabelled

__getattr__ = lazily(
    __name__,
    {
        "sources": (
            "download",
            "load",
            "load_unlabelled",
        ),
        "masked_images": (
            "IGNORED",
            "MaskedImages",
            "from_pixels",
        ),
        "geometry": (
            "ignore_outside",
            "out_of_square",
        ),
        "pictures": (
            "class_picture",
            "overlay",
        ),
    },
)
