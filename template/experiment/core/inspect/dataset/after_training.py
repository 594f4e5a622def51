"""What a trained model made of each held-out split, on the page: which class it took for which.

Template's file: updates replace it.
"""

from html import escape

from ..confusion import Confusion
from ..confusion_drawing import draw_confusion
from ..report.room import shortened
from .inspection import Inspection
from .thumbnails import encoded

ANCHOR = "after-training"
SPLITS, WIDEST = 4, 900  # matrices on the page, and pixels of each
MISTAKES = 10


def after_training(inspection: Inspection) -> str:
    """A card a split; nothing before training, or where there are no classes."""
    if not inspection.confusions:
        return ""
    cards = "".join(_card(one) for one in inspection.confusions[:SPLITS])
    return f'<section id="{ANCHOR}"><h2>After training</h2>{cards}</section>'


def _card(confusion: Confusion) -> str:
    picture = draw_confusion(confusion)
    picture.thumbnail((WIDEST, WIDEST))
    width, height = picture.size
    title = escape(shortened(confusion.title, 60))
    right = f"{confusion.right:,} of {confusion.total:,} {confusion.counted} right"
    return (
        f'<div class="card"><h3>{title} <small>{right}; a row a class, a column what it was taken '
        f'for</small></h3><div class="two"><div><img src="{encoded(picture)}" width="{width}" '
        f'height="{height}" style="max-width:100%;height:auto" alt="confusion matrix of {title}">'
        f"</div><div>{_mistakes(confusion)}</div></div></div>"
    )


def _mistakes(confusion: Confusion) -> str:
    """The most frequent ones, a row each."""
    mistakes = confusion.mistakes(MISTAKES)
    if not mistakes:
        return "<p>All are right.</p>"
    rows = "".join(
        f'<tr><th scope="row"><div>{escape(shortened(true, 40))}</div></th>'
        f"<td>{escape(shortened(taken, 40))}</td>"
        f"<td>{count:,}</td></tr>"
        for true, taken, count in mistakes
    )
    head = (
        f"<tr><th><div>true</div></th><td>taken for</td><td>{escape(confusion.counted)}</td></tr>"
    )
    return f'<table class="classes"><thead>{head}</thead><tbody>{rows}</tbody></table>'
