"""Texts, and the tokens they become.

Template's file: updates replace it. Each name is imported when it is asked for.
"""

from typing import TYPE_CHECKING

from ...imports import lazily

if TYPE_CHECKING:  # for editors and type checkers
    from .documents import Texts as Texts
    from .documents import from_strings as from_strings
    from .prompts import Prompts as Prompts
    from .sources import download as download
    from .sources import load as load
    from .token_files import encode as encode
    from .token_files import tokenizer_for as tokenizer_for
    from .token_windows import UNSCORED as UNSCORED
    from .token_windows import RandomWindow as RandomWindow
    from .token_windows import TokenWindows as TokenWindows
    from .tokenizer import BytePairs as BytePairs

__getattr__ = lazily(
    __name__,
    {
        "sources": (
            "download",
            "load",
        ),
        "documents": (
            "Texts",
            "from_strings",
        ),
        "tokenizer": ("BytePairs",),
        "token_files": (
            "encode",
            "tokenizer_for",
        ),
        "token_windows": (
            "UNSCORED",
            "RandomWindow",
            "TokenWindows",
        ),
        "prompts": ("Prompts",),
    },
)
