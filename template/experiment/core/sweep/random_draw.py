"""Random search: a point of a sweep, drawn from its number.

Template's file: updates replace it.
"""

from random import Random
from typing import Any

from .sweep_file import Sweep

Values = dict[str, Any]


def random_draw(sweep: Sweep, seed: int, number: int) -> Values:
    """A share of each parameter's distribution, from 0 to 1, for the trial of this number."""
    # Each from a text of its own: consecutive whole numbers as seeds are not uniform, and a
    # parameter added to the file leaves the draws of the others as they were.
    return {p.key: Random(f"{seed}/{number}/{p.key}").random() for p in sweep.parameters}
