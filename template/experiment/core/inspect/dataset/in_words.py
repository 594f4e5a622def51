"""The findings as lines for the terminal, the most serious first.

Template's file: updates replace it.
"""

from collections.abc import Iterator

from ...files import writable
from ..report.room import shortened
from ..report.seriousness import NAMES
from .findings import count_of, ids_of, ranked
from .inspection import Finding, Inspection
from .page import looked_at, verdict

LINES = 30  # findings; the page has all
IDS = 3  # of each finding


def in_words(inspection: Inspection) -> Iterator[str]:
    """A line a finding, and one with its advice; what was not looked at; how many of each."""
    findings = ranked(inspection.findings)
    for finding in findings[:LINES]:
        yield f"{NAMES[finding.seriousness].lower():9} {writable(finding.text)}{_first(finding)}"
        yield f"{'':9} {writable(finding.advice)}"
    if len(findings) > LINES:
        yield f"{'':9} and {len(findings) - LINES:,} more, which the page has"
    for line in inspection.skipped:
        yield f"{'skipped':9} {writable(line)}"
    yield f"{'found':9} {verdict(inspection)}; looked at {looked_at(inspection)}"


def _first(finding: Finding) -> str:
    """How many, and the first of their ids."""
    ids = ids_of(finding)
    if not ids:
        return ""
    named = ", ".join(shortened(writable(name), 60) for name in ids[:IDS])
    return f" ({count_of(finding):,}: {named}{', ...' if count_of(finding) > IDS else ''})"
