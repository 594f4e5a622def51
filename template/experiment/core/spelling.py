"""The name that was probably meant.

Template's file: updates replace it.
"""

from collections.abc import Iterable


def nearest(word: str, known: Iterable[str], cutoff: float = 0.6) -> str | None:
    """The known word most like ``word``, or None when none is at least ``cutoff`` alike."""
    import difflib  # 5 ms that only a mistake has to pay

    return next(iter(difflib.get_close_matches(word, list(known), n=1, cutoff=cutoff)), None)


def did_you_mean(name: str | None) -> str:
    """The end of a sentence that offers ``name``; empty without one."""
    return f"; did you mean {name}?" if name else ""
