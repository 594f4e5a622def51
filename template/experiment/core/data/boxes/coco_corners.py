"""Whether a file of COCO's format has corners in place of a corner, a width and a height.

Template's file: updates replace it. To read another format, write a reader in data.py.

Both are four numbers. What else an annotation says tells which: its polygons, or without any its
area, which then is the box's own.
"""

import math
from collections.abc import Sequence
from typing import Any

from ...errors import UserError
from ..splitting import evenly

NEAR = 0.01  # how far an area or a side may be off, as tools round them
LOOKED_AT = 2000  # annotations: half of these tell


def refuse_corners(annotations: Sequence[Any], source: str) -> None:
    """See that boxes are COCO's: left, top, width and height.

    Raises:
        UserError: Most of those that tell are left, top, right and bottom.
    """
    some = evenly(len(annotations), min(len(annotations), LOOKED_AT)).tolist()
    told = [(row, _are_corners(annotations[row])) for row in some]
    corners = [row for row, are in told if are]
    if len(corners) > sum(are is False for _, are in told):
        box = annotations[corners[0]]["bbox"]
        what = "polygons" if _bounds(annotations[corners[0]]) else "area"
        raise UserError(
            f"{source}: annotations[{corners[0]}] has the bbox {box}, which by its {what} is left, "
            f"top, right, bottom, as {len(corners):,} of {len(told):,} are; expected left, top, "
            "width, height: subtract the first two from the last two"
        )


def _are_corners(one: Any) -> bool | None:
    """What an annotation tells; None: nothing, or both."""
    try:
        left, top, third, fourth = (float(side) for side in one["bbox"])
        bounds = _bounds(one)
        area = float(one.get("area") or 0)
    except (KeyError, TypeError, ValueError, AttributeError):  # reading it will say so
        return None
    if bounds:
        as_corners = _alike(bounds, (left, top, third, fourth))
        as_sides = _alike(bounds, (left, top, left + third, top + fourth))
    elif one.get("segmentation") or area <= 0:
        return None
    else:
        as_corners = third > left and fourth > top and _is_area(area, third - left, fourth - top)
        as_sides = _is_area(area, third, fourth)
    return as_corners if as_corners != as_sides else None


def _bounds(one: Any) -> tuple[float, ...]:
    """The sides of the box about its polygons; none without any."""
    parts = one.get("segmentation")
    if not isinstance(parts, list) or not parts:
        return ()
    found = parts if isinstance(parts[0], list) else [parts]
    numbers = [[float(value) for value in part] for part in found]
    across = [value for part in numbers for value in part[0::2]]
    down = [value for part in numbers for value in part[1::2]]
    return (min(across), min(down), max(across), max(down)) if down else ()


def _alike(bounds: Sequence[float], box: Sequence[float]) -> bool:
    off = max(abs(one - other) for one, other in zip(bounds, box, strict=True))
    return off <= max(1, NEAR * max(map(abs, bounds)))


def _is_area(area: float, width: float, height: float) -> bool:
    """Be it counted with the last pixels."""
    near = math.isclose(area, width * height, rel_tol=NEAR, abs_tol=0.5)
    return near or math.isclose(area, (width + 1) * (height + 1), rel_tol=NEAR)
