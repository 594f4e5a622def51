"""The name that was probably meant.

Template's file: updates replace it.
"""

from collections.abc import Iterable
from itertools import takewhile


def nearest(word: str, known: Iterable[str], cutoff: float = 0.6) -> str | None:
    """The known word most like ``word``, or None when none is at least ``cutoff`` alike.

    One slip of the finger (a wrong, missing, extra letter or two swapped) goes before all others:
    ``exa`` is nearer to ``ema`` than to ``extra``, which has all of its letters.
    """
    import difflib  # 5 ms that only a mistake has to pay

    known = list(known)
    slips = [name for name in known if _is_one_slip(word, name)]
    return next(iter(difflib.get_close_matches(word, slips or known, n=1, cutoff=cutoff)), None)


def did_you_mean(name: str | None) -> str:
    """The end of a sentence that offers ``name``; empty without one."""
    return f"; did you mean {name}?" if name else ""


def _is_one_slip(one: str, other: str) -> bool:
    one, other = _without_prefix(one, other)
    one, other = _without_prefix(one[::-1], other[::-1])
    return max(len(one), len(other)) <= 1 or (len(one) == 2 and one == other[::-1])


def _without_prefix(one: str, other: str) -> tuple[str, str]:
    pairs = zip(one, other, strict=False)
    shared = len(list(takewhile(lambda pair: pair[0] == pair[1], pairs)))
    return one[shared:], other[shared:]
