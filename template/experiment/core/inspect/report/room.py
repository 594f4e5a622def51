"""Bounds of a page: texts that are shortened, and bytes that are left.

Template's file: updates replace it. Free of torch.
"""

from dataclasses import dataclass

LETTERS = 420  # of a text


@dataclass
class Budget:
    """How many bytes of the page are left for pictures and lists."""

    left: int

    def takes(self, text: str) -> bool:
        """Whether there is room for it; then it is taken."""
        size = len(text.encode(errors="backslashreplace"))  # names may be no UTF-8
        if size > self.left:
            return False
        self.left -= size
        return True


def shortened(text: str, most: int = LETTERS) -> str:
    """The beginning and the end of a long text."""
    if len(text) <= most:
        return text
    tail = min(most // 3, 60)
    return f"{text[: most - tail - 1]}…{text[-tail:]}"
