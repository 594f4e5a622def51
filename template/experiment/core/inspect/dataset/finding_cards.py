"""The findings on the page: what was seen, what to do, and the examples that it is about.

Template's file: updates replace it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from ...data.samples import MaskSample, TextSample
from ..report.card import NOTHING, card
from ..report.room import Budget, shortened
from .findings import count_of, ids_of, ranked
from .inspection import ExampleId, Finding, Inspection
from .raw_examples import CannotBeShown, raw_sample
from .thumbnails import caption_of, thumbnail

PICTURES = 240  # on the page, of all findings together
FEWEST, MOST = 2, 12  # of one finding
IDS = 500  # in the list of a finding; --json has all that are known


def finding_cards(inspection: Inspection, datamodule: Any, pictures: Budget, lists: Budget) -> str:
    """All findings, the most serious first, or the sentence that there are none."""
    findings = ranked(inspection.findings)
    if not findings:
        return NOTHING
    each = min(MOST, max(FEWEST, PICTURES // len(findings)))
    drawn = Drawn(datamodule, inspection.pictures, pictures)
    return "\n".join(_card(one, drawn, each, lists) for one in findings)


@dataclass
class Drawn:
    """Where pictures come from, and how many bytes there are for them.

    Args:
        datamodule: Whose examples they are.
        ready: Samples that are not drawn from their files, by the detector and the example.
        budget: For the pictures.
    """

    datamodule: Any
    ready: Mapping[tuple[str, ExampleId], Any]
    budget: Budget

    def sample(self, detector: str, example: ExampleId) -> Any:
        """The example in a form that can be drawn; CannotBeShown, if it has none."""
        ready = self.ready.get((detector, example))
        return raw_sample(self.datamodule, example) if ready is None else ready


def _card(finding: Finding, drawn: Drawn, each: int, lists: Budget) -> str:
    count = count_of(finding)
    concerned = f"{count:,} example{'s' * (count != 1)} · " if count else ""
    about = _tiles(finding, drawn, each) + _list(finding, count, lists)
    return card(
        finding.seriousness, finding.detector, finding.text, finding.advice, concerned, about
    )


def _tiles(finding: Finding, drawn: Drawn, each: int) -> str:
    """The first examples; those that belong together, together."""
    shown, html = 0, []
    for place, group in enumerate(finding.groups):
        if shown >= each or drawn.budget.left <= 0:
            break
        remark = finding.remarks[place] if place < len(finding.remarks) else ""
        tiles = [_tile(finding.detector, one, drawn, remark) for one in group[: each - shown]]
        shown += len(tiles)
        row = "".join(tiles)
        html.append(f'<div class="group">{row}</div>' if len(group) > 1 else row)
    return f'<div class="tiles">{"".join(html)}</div>' if html else ""


def _tile(detector: str, example: ExampleId, drawn: Drawn, remark: str) -> str:
    label, kind = "", "tile"
    try:
        sample = drawn.sample(detector, example)
    except CannotBeShown as reason:
        picture = f'<p class="missing">cannot be shown: {escape(shortened(str(reason), 160))}</p>'
    else:
        label = caption_of(sample)
        alt = f"{label or 'example'} of {example.split}: {example.id}"
        picture = thumbnail(sample, alt, drawn.budget)
        kind += " broad" if isinstance(sample, TextSample | MaskSample) else ""
    words = f"<b>{escape(shortened(remark or label, 90))}</b> " if remark or label else ""
    return (
        f'<figure class="{kind}">{picture}<figcaption>{words}{escape(shortened(example.split, 40))}'
        f'<br><span class="id">{escape(shortened(example.id, 70))}</span></figcaption></figure>'
    )


def _list(finding: Finding, count: int, budget: Budget) -> str:
    """The ids, one a line, to be copied."""
    ids = ids_of(finding)
    lines: list[str] = []
    for one in ids[:IDS]:
        line = f"{escape(one)}\n"
        if not budget.takes(line):
            break
        lines.append(line)
    if not lines:
        return ""
    rest = max(count, len(ids)) - len(lines)
    more = f" of {max(count, len(ids)):,}; <code>--json</code> has more" if rest > 0 else ""
    return (
        f"<details><summary>{len(lines):,} id{'s' * (len(lines) != 1)}{more}</summary>"
        f'<pre tabindex="0">{"".join(lines)}</pre>'
        '<button type="button" data-copy>Copy</button></details>'
    )
