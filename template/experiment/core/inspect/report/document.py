"""The frame of a page: one file that needs nothing from elsewhere.

Template's file: updates replace it. Free of torch.
"""

from collections.abc import Iterable
from html import escape

from ...files import writable
from .page_style import STYLE
from .room import shortened

# Nothing is fetched from anywhere, even if something that was not escaped asked for it.
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"


def document(title: str, parts: Iterable[str], script: str, style: str = "") -> str:
    """The HTML.

    Args:
        title: Of the window.
        parts: Of the body, as HTML; the first one leads to the section ``findings``.
        script: What runs in it.
        style: What this page has beside what all have.
    """
    head = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(shortened(title, 80))}</title>",
        f"<style>{STYLE}{style}</style></head><body>",
        '<a class="skip" href="#findings">to the findings</a>',
    ]
    lines = [*head, *parts, f"<script>{script}</script></body></html>\n"]
    return writable("\n".join(filter(None, lines)))


def header(over: str, title: str, lead: str, links: Iterable[tuple[str, str, str]]) -> str:
    """The top of it.

    Args:
        over: A word above the title, as text.
        title: As text.
        lead: Below it, as HTML.
        links: To sections: the anchor, a number, and words.
    """
    chips = "".join(
        f'<a href="#{name}"><b>{count}</b><span>{escape(words)}</span></a>'
        for name, count, words in links
    )
    return (
        f'<header><p class="over">{escape(over)}</p><h1>{escape(shortened(title, 120))}</h1>'
        f'<p class="lead">{lead}</p><nav aria-label="Sections">{chips}</nav></header>'
    )
