"""The findings on the page: what was seen, what to do, and the examples that it is about.

Template's file: updates replace it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any, NamedTuple

from ...data.samples import BoxSample, MaskSample, TextSample
from ..report.card import NOTHING, card
from ..report.room import Budget, shortened
from .findings import count_of, ids_of, ranked
from .inspection import ExampleId, Finding, Inspection
from .raw_examples import CannotBeShown, raw_sample
from .thumbnails import caption_of, drawn, placed

PICTURES = 240  # on the page, of all findings together
FEWEST, MOST = 2, 12  # of one finding
IDS = 500  # in the list of a finding; --json has all that are known


def finding_cards(inspection: Inspection, datamodule: Any, pictures: Budget, lists: Budget) -> str:
    """All findings, the most serious first, or the sentence that there are none."""
    findings = ranked(inspection.findings)
    if not findings:
        return NOTHING
    each = min(MOST, max(FEWEST, PICTURES // len(findings)))
    source = Drawn(datamodule, inspection.pictures, pictures)
    return "\n".join(_card(one, source, each, lists) for one in findings)


class Picture(NamedTuple):
    """An example as HTML, its caption, and how much room it is given."""

    html: str
    label: str
    kind: str


@dataclass
class Drawn:
    """Where pictures come from, and how many bytes there are for them.

    Args:
        datamodule: Whose examples they are.
        ready: Samples that are not drawn from their files, by the detector and the example.
        budget: For the pictures.
        known: What was drawn already: several findings may speak of one example.
    """

    datamodule: Any
    ready: Mapping[tuple[str, ExampleId], Any]
    budget: Budget
    known: dict[tuple[str, ExampleId], Picture] = field(default_factory=dict)

    def picture(self, detector: str, example: ExampleId) -> Picture:
        """The example as HTML."""
        key = (detector if (detector, example) in self.ready else "", example)
        if key not in self.known:
            self.known[key] = self._drawn(self.ready.get(key), example)
        return self.known[key]

    def _drawn(self, ready: Any, example: ExampleId) -> Picture:
        try:
            sample = raw_sample(self.datamodule, example) if ready is None else ready
        except CannotBeShown as reason:
            words = f"cannot be shown: {escape(shortened(str(reason), 160))}"
            return Picture(f'<p class="missing">{words}</p>', "", "tile")
        label = caption_of(sample)
        kind = "tile broad" if isinstance(sample, TextSample | MaskSample) else "tile"
        kind = "tile boxed" if isinstance(sample, BoxSample) else kind
        alt = f"{label or 'example'} of {example.split}: {example.id}"
        return Picture(drawn(sample, alt), label, kind)


def _card(finding: Finding, source: Drawn, each: int, lists: Budget) -> str:
    count = count_of(finding)
    concerned = f"{count:,} example{'s' * (count != 1)} · " if count else ""
    about = _colours(finding, source) + _tiles(finding, source, each)
    about += _list(finding, count, lists)
    return card(
        finding.seriousness, finding.detector, finding.text, finding.advice, concerned, about
    )


def _colours(finding: Finding, source: Drawn) -> str:
    """What the colours of boxes mean, where a model's stand beside those of the annotation."""
    of_it = [sample for (name, _), sample in source.ready.items() if name == finding.detector]
    if not any(isinstance(sample, BoxSample) for sample in of_it):
        return ""
    return '<p class="remark">green: as annotated; orange: what the model says</p>'


def _tiles(finding: Finding, source: Drawn, each: int) -> str:
    """The first examples; those that belong together, together."""
    shown, html = 0, []
    for place, group in enumerate(finding.groups):
        if shown >= each or source.budget.left <= 0:
            break
        remark = finding.remarks[place] if place < len(finding.remarks) else ""
        tiles = [_tile(finding.detector, one, source, remark) for one in group[: each - shown]]
        shown += len(tiles)
        row = "".join(tiles)
        html.append(f'<div class="group">{row}</div>' if len(group) > 1 else row)
    return f'<div class="tiles">{"".join(html)}</div>' if html else ""


def _tile(detector: str, example: ExampleId, source: Drawn, remark: str) -> str:
    html, label, kind = source.picture(detector, example)
    picture = placed(html, source.budget)
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
