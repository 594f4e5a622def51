"""What a reader found: images, the objects that are annotated in them, and what cannot be used.

Template's file: updates replace it. To read another format, write a reader in data.py.

What is dropped, clipped or worked out goes to the notes, which a start says. What cannot be used is
refused with its place; ``data.on_error=skip`` leaves out the whole image, since one that lacks an
object teaches that there is none.
"""

from dataclasses import dataclass, field
from pathlib import Path

from ...files import shown
from ..errors import DataError
from ..images.files import UNREADABLE, open_file, unreadable
from ..notes import Notes

Box = tuple[float, float, float, float]
Row = tuple[int, Box]  # of an object: class number and box
ORIENTATION, TURNED = 0x0112, (5, 6, 7, 8)  # EXIF's: height and width change places


@dataclass
class FoundObject:
    """An object as an annotation has it.

    Args:
        class_name: What it is.
        box: Left, top, right, bottom, in the units of the image's size.
        place: Where the annotation stands, such as ``labels/a.txt:3``.
    """

    class_name: str
    box: Box
    place: str


@dataclass
class FoundImage:
    """An image as a reader found it.

    Args:
        file: Where it is.
        size: The height and width that its boxes are measured in; None: its own, in pixels.
        objects: What is annotated.
        fault: Why it cannot be used.
    """

    file: Path
    size: tuple[float, float] | None
    objects: list[FoundObject] = field(default_factory=list)
    fault: str | None = None


class Faults:
    """What cannot be used: raised at once, or counted, and its image left out.

    Args:
        on_error: ``raise`` or ``skip``.
        source: What is read, for messages.
        notes: Where it is counted.
    """

    def __init__(self, on_error: str, source: str, notes: Notes) -> None:
        self.on_error, self.source, self.notes = on_error, source, notes

    def of(self, image: FoundImage, sentence: str) -> None:
        """Note why an image cannot be used: a place, what is wrong there, and what was expected.

        Raises:
            DataError: With that sentence, unless such images are left out.
        """
        self._refuse(sentence)
        image.fault = image.fault or sentence

    def add(self, kind: str, sentence: str) -> None:
        """The same of what belongs to no image.

        Args:
            kind: What to count it as, such as "label files belong to no image: passed over".
            sentence: The place, what is wrong there, and what was expected.
        """
        self._refuse(sentence)
        self.notes.add(kind, sentence)

    def _refuse(self, sentence: str) -> None:
        if self.on_error == "raise":
            raise DataError(f"{sentence}: mend it, or set data.on_error=skip")


def size_of(file: Path) -> tuple[float, float]:
    """Height and width of an image as it is seen, from the beginning of its file.

    Raises:
        DataError: It is no image.
    """
    try:
        with open_file([file], 0) as image:
            turned = image.getexif().get(ORIENTATION) in TURNED
            return (image.width, image.height) if turned else (image.height, image.width)
    except UNREADABLE as error:
        raise DataError(unreadable(shown(file), error)) from None
