"""A finding on the page: what was seen, what to do, and what it is about.

Template's file: updates replace it. Free of torch.
"""

from html import escape

from .room import shortened
from .seriousness import NAMES, Seriousness

WORDS = 700  # letters of a sentence
NOTHING = '<div class="card good"><p><b>Nothing was found that is wrong.</b></p></div>'


def card(
    kind: Seriousness, detector: str, text: str, advice: str, concerned: str = "", about: str = ""
) -> str:
    """The HTML.

    Args:
        kind: How much it matters.
        detector: The name of its file.
        text: What was seen, a sentence.
        advice: What to do about it.
        concerned: What stands before the detector's name, such as how many examples.
        about: What it is about, as HTML.
    """
    name = NAMES[kind]
    return (
        f'<article class="card finding {name.lower()}">'
        f'<span class="badge">{name}</span><span class="of">{escape(concerned)}'
        f"{escape(shortened(detector, 60).replace('_', ' '))}</span>"
        f"<h3>{escape(shortened(text, WORDS))}</h3>"
        f'<p class="advice">{escape(shortened(advice, WORDS))}</p>'
        f"{about}</article>"
    )
