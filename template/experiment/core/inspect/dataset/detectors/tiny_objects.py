"""Objects of which little is left once their image has data.image_size.

Template's file: updates replace it. Below 3 pixels wide or high after the image was fitted into its
square, the size that ultralytics warns of ("extremely small objects").
"""

from collections.abc import Iterable

from ..evidence import Evidence, by_split
from ..inspection import Finding, Seriousness
from .box_faults import are_shares, boxes_of, has_boxes

THRESHOLD = 3.0  # pixels
ADVICE = "Take a larger data.image_size, or cut the images into parts."


def find(evidence: Evidence) -> Iterable[Finding]:
    side = getattr(evidence.facts, "image_size", None)
    if side is None:
        evidence.skip("tiny_objects: the facts have no image_size")
        return
    found, counts = [], {}
    for split in evidence.of_kind("image"):
        if not has_boxes(split):
            continue
        shares = are_shares(split)
        width, height = split.numbers("width"), split.numbers("height")
        for place in range(len(split)):
            scale = side / max(float(width[place]), float(height[place]))
            boxes = [box * scale for _, box in boxes_of(split, place, shares)]
            least = min((min(box[2:] - box[:2]) for box in boxes), default=THRESHOLD)
            if 0 < least < THRESHOLD:
                found.append([(split.name, place)])
                counts[split.name] = counts.get(split.name, 0) + 1
    if found:
        text = f"{len(found):,} images have an object below {THRESHOLD:.0f} pixels once they are "
        text += f"{side} pixels ({by_split(counts)})"
        yield evidence.grouped("tiny_objects", Seriousness.WARNING, text, ADVICE, found)
