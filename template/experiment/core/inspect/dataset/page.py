"""The page of an inspection: one file that needs nothing from elsewhere, findings first.

Template's file: updates replace it. At most 5 MB, whatever the data: pictures and lists have room
of their own, ``Budget``, and all else is bounded in number and length.
"""

import json
from collections import Counter
from html import escape
from typing import Any

from ...files import writable
from .after_training import ANCHOR, after_training
from .as_json import plain
from .finding_cards import finding_cards
from .findings import NAMES
from .inspection import Inspection, Seriousness
from .page_style import SCRIPT, STYLE
from .split_sections import anchor, split_sections
from .thumbnails import Budget, shortened

OF_FINDINGS, OF_SPLITS, OF_LISTS = 1_900_000, 1_900_000, 400_000  # bytes
LINES, LETTERS = 40, 300  # of what was left out
EXTRA = 20_000  # letters of what a detector wants on the page
# Nothing is fetched from anywhere, even if something that was not escaped asked for it.
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"


def page(inspection: Inspection, datamodule: Any, title: str, seed: int = 0) -> str:
    """The HTML.

    Args:
        inspection: What was seen.
        datamodule: Whose examples are shown.
        title: What the data is called.
        seed: Which random page of examples is shown.
    """
    lists = Budget(OF_LISTS)
    findings = finding_cards(inspection, datamodule, Budget(OF_FINDINGS), lists)
    splits = split_sections(inspection, datamodule, seed, Budget(OF_SPLITS))
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>Data: {escape(shortened(title, 80))}</title>",
        f"<style>{STYLE}</style></head><body>",
        '<a class="skip" href="#findings">to the findings</a>',
        _header(inspection, title),
        f'<main><section id="findings"><h2>Findings</h2>{findings}</section>',
        after_training(inspection),
        splits,
        _left_out(inspection),
        _extra(inspection),
        f"</main>{_footer(seed)}<script>{SCRIPT}</script></body></html>\n",
    ]
    return writable("\n".join(filter(None, parts)))


def verdict(inspection: Inspection) -> str:
    """How many findings of which kind, in words."""
    counts = Counter(finding.seriousness for finding in inspection.findings)
    words = [
        f"{counts[kind]:,} {NAMES[kind].lower()}{'s' * (counts[kind] != 1)}"
        for kind in sorted(Seriousness, reverse=True)
        if counts[kind]
    ]
    return ", ".join(words) or "nothing found"


def looked_at(inspection: Inspection) -> str:
    """How many examples were looked at, in how long."""
    looked = sum(len(split.indices) for split in inspection.splits)
    known = [split.count for split in inspection.splits]
    total = sum(count for count in known if count is not None)
    of = f" of {total:,}" if None not in known and total != looked else ""
    return f"{looked:,}{of} examples in {inspection.seconds:.1f} s"


def _header(inspection: Inspection, title: str) -> str:
    links = [("findings", f"{len(inspection.findings):,}", "findings")]
    if inspection.confusions:
        links.append((ANCHOR, f"{len(inspection.confusions):,}", "confusion matrices"))
    for place, split in enumerate(inspection.splits[:LINES]):
        count = "stream" if split.count is None else f"{split.count:,}"
        links.append((anchor(place), count, shortened(split.name, 40)))
    chips = "".join(
        f'<a href="#{name}"><b>{count}</b><span>{escape(words)}</span></a>'
        for name, count, words in links
    )
    return (
        f'<header><p class="over">A look at the data</p><h1>{escape(shortened(title, 120))}</h1>'
        f'<p class="lead">{verdict(inspection)}; {looked_at(inspection)}</p>'
        f'<nav aria-label="Sections">{chips}</nav></header>'
    )


def _left_out(inspection: Inspection) -> str:
    if not inspection.skipped:
        return ""
    lines = inspection.skipped[:LINES]
    rest = len(inspection.skipped) - len(lines)
    more = f"<li>and {rest:,} more: <code>--json</code></li>" if rest else ""
    items = "".join(f"<li>{escape(shortened(line, LETTERS))}</li>" for line in lines)
    return f'<section><h2>What was not looked at</h2><ul class="facts">{items}{more}</ul></section>'


def _extra(inspection: Inspection) -> str:
    if not inspection.extra:
        return ""
    text = json.dumps(plain(inspection.extra), indent=1, ensure_ascii=False)
    shown = escape(shortened(text, EXTRA))
    return f"<details><summary>More from the detectors</summary><pre>{shown}</pre></details>"


def _footer(seed: int) -> str:
    return (
        f"<footer>Made by <code>main.py inspect data</code>. <code>--seed {seed + 1}</code> turns "
        "to other examples, <code>--json</code> gives all of it to a program, and your files were "
        "not touched.</footer>"
    )
