"""Examples in the form in which a person looks at them; ``core/drawing.py`` draws each type.

Template's file: updates replace it. To show a new kind of example, define a dataclass in data.py
and register how it is drawn: ``@draw.register``.
"""

from dataclasses import dataclass

from jaxtyping import Float, UInt8
from torch import Tensor


@dataclass
class ImageSample:
    """An image with a word or two about it.

    Args:
        image: ``(channels, height, width)``; bytes, or floats from 0 to 1; grey or RGB.
        text: What stands below it, such as its class.
    """

    image: UInt8[Tensor, "channels height width"] | Float[Tensor, "channels height width"]
    text: str = ""


Sample = ImageSample
