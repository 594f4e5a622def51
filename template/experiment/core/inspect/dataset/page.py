"""The page of an inspection: one file that needs nothing from elsewhere, findings first.

Template's file: updates replace it. At most 5 MB, whatever the data: pictures and lists have room
of their own, ``Budget``, and all else is bounded in number and length.
"""

import json
from html import escape
from typing import Any

from ..report.document import document, header
from ..report.page_style import COPYING
from ..report.room import Budget, shortened
from ..report.seriousness import in_numbers
from .after_training import ANCHOR, after_training
from .as_json import plain
from .finding_cards import finding_cards
from .inspection import Inspection
from .split_sections import anchor, split_sections

OF_FINDINGS, OF_SPLITS, OF_LISTS = 1_900_000, 1_900_000, 400_000  # bytes
LINES, LETTERS = 40, 300  # of what was left out
EXTRA = 20_000  # letters of what a detector wants on the page


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
        _header(inspection, title),
        f'<main><section id="findings"><h2>Findings</h2>{findings}</section>',
        after_training(inspection),
        splits,
        _left_out(inspection),
        _extra(inspection),
        f"</main>{_footer(seed)}",
    ]
    return document(f"Data: {title}", parts, COPYING)


def verdict(inspection: Inspection) -> str:
    """How many findings of which kind, in words."""
    return in_numbers(finding.seriousness for finding in inspection.findings)


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
    lead = f"{verdict(inspection)}; {looked_at(inspection)}"
    return header("A look at the data", title, lead, links)


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
