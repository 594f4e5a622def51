"""Where numbers and pictures go.

Template's file: updates replace it. Each name is imported when it is asked for.
"""

from typing import TYPE_CHECKING

from ..imports import lazily

if TYPE_CHECKING:  # for editors and type checkers
    from .media import log_audio as log_audio
    from .media import log_images as log_images
    from .media import log_table as log_table

__getattr__ = lazily(
    __name__,
    {
        "media": (
            "log_audio",
            "log_images",
            "log_table",
        ),
    },
)
