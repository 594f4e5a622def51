"""The list of examples to leave out, made of findings: ``main.py inspect data --exclude FILE``.

Template's file: updates replace it. Of findings that concern examples one by one, and are warnings
or errors. Of copies all but one are listed: the one that stays is the test's, or else that of
validation, as a leak is mended in what is trained on. Findings stand alone: whoever deletes the
lines of one changes nothing about the others.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ...data.datasets import base_of
from ...data.leaving_out import ids_below
from ...data.listed import AreOfDocuments, Listed, listed
from ...errors import UserError
from ...runs.exclude_list import as_written
from ..report.seriousness import NAMES, Seriousness
from .findings import count_of, ranked
from .inspection import ExampleId, Finding, Inspection

# Whose examples are faulty one by one.
ONE_BY_ONE = {"unreadable", "empty", "two_labels", "dark", "light", "blurred", "low_information"}
ONE_BY_ONE |= {"odd_size", "odd_shape", "grey_among_colour", "turned", "box_faults"}
ONE_BY_ONE |= {"read_otherwise", "wrongly_decoded", "repeated_lines"}
# Whose examples are faulty for there being others.
COPIES = {"exact_duplicates", "near_duplicate_images", "near_duplicate_texts"}
# A copy stays in the last of these that has one; any other split stands before the last.
LEAST_FIRST = ("train", "val", "", "test")
HEAD = """\
# Examples to leave out: data.exclude. A line is a digest of the content, and the id.
# Delete the lines that you disagree with; # begins a comment.
"""


class Reason(NamedTuple):
    """Why an example is listed.

    Args:
        finding: That concerns it.
        stays: Which one stays in its place; None: no other.
    """

    finding: Finding
    stays: ExampleId | None = None


@dataclass
class ToLeaveOut:
    """What is listed, and what cannot be.

    Args:
        text: Of the file; empty if nothing is listed.
        count: How many examples it names, those of an earlier list apart.
        remarks: A line for each kind of thing that is not in it.
    """

    text: str = ""
    count: int = 0
    remarks: list[str] = field(default_factory=list)


def to_leave_out(inspection: Inspection, data: Any) -> ToLeaveOut:
    """The list of what the findings concern; goes on with the list that the data was read by.

    Args:
        inspection: With its findings.
        data: The DataModule that was looked at.

    Raises:
        UserError: Examples that are to be listed have no ids.
    """
    found = ToLeaveOut()
    reasons = _reasons(inspection)
    lines = _Lines(data)
    listing = {example: lines.of(example) for example in reasons}
    windows = [example for example in reasons if lines.is_window(example)]
    documents = lines.of_documents(windows)
    listing.update(documents)
    written: set[str] = set()
    parts: list[str] = []
    for finding in ranked(inspection.findings):
        own = [example for example, why in reasons.items() if why[0].finding is finding]
        rows: list[str] = []
        for example in own:
            line = listing[example]
            if line is not None and line not in written:
                written.add(line)
                rows += [*_comments(reasons[example], lines), line]
        if rows:
            head = f"# {finding.detector} ({NAMES[finding.seriousness].lower()}): {finding.text}"
            parts.append("\n".join([as_written(head), *rows, ""]))
        found.remarks += _not_handed_on(finding)
    left = sum(1 for example in windows if documents.get(example) is None)
    if left:
        found.remarks.append(
            f"{left:,} windows of texts are a small part of their documents, which stay"
        )
    unnamed = sum(1 for e, line in listing.items() if line is None and not lines.is_window(e))
    if unnamed:
        found.remarks.append(f"{unnamed:,} examples have no id, since they cannot be read")
    if written:
        before = data.exclusions.found.text.rstrip("\n") + "\n" if data.exclusions.found else HEAD
        found.text, found.count = "\n".join([before, *parts]), len(written)
    return found


def _reasons(inspection: Inspection) -> dict[ExampleId, list[Reason]]:
    """Each example to list, with the findings that concern it, the most serious first."""
    reasons: dict[ExampleId, list[Reason]] = {}
    for finding in ranked(inspection.findings):
        if finding.seriousness < Seriousness.WARNING:
            continue
        for example, stays in _concerned(finding):
            why = reasons.setdefault(example, [])
            if all(reason.finding is not finding for reason in why):
                why.append(Reason(finding, stays))
    return reasons


def _concerned(finding: Finding) -> Iterator[tuple[ExampleId, ExampleId | None]]:
    """The examples of a finding that are listed, and what stays in their place."""
    for group in finding.groups:
        if finding.detector in ONE_BY_ONE:
            yield from ((example, None) for example in group)
        elif finding.detector in COPIES:
            stays = max(group, key=_worth)  # of equals the first
            yield from ((example, stays) for example in group if example != stays)


def _worth(example: ExampleId) -> int:
    """The greater, the sooner a copy stays in this split."""
    known = example.split if example.split in LEAST_FIRST else ""
    return LEAST_FIRST.index(known)


def _comments(why: list[Reason], lines: "_Lines") -> Iterable[str]:
    first, *others = why
    if first.stays is not None:
        yield f"# as {lines.name(first.stays)} of {first.stays.split}, which stays"
    if others:
        yield f"# also: {', '.join(dict.fromkeys(reason.finding.detector for reason in others))}"


def _not_handed_on(finding: Finding) -> Iterable[str]:
    """That a finding has more than it names."""
    named = sum(map(len, finding.groups))
    is_listed = finding.detector in ONE_BY_ONE | COPIES and finding.groups
    if is_listed and finding.seriousness >= Seriousness.WARNING and named < count_of(finding):
        yield (
            f"{finding.detector}: {named:,} of {count_of(finding):,} examples were gone through; "
            "look again with this list"
        )


class _Lines:
    """Makes the lines of a list, each split's ids being looked up once."""

    def __init__(self, data: Any) -> None:
        self.data = data
        self.splits: dict[str, tuple[Listed, list[str | None]]] = {}

    def is_window(self, example: ExampleId) -> bool:
        """Whether it is a part of a document, not all of it."""
        return isinstance(self._base(example.split), AreOfDocuments)

    def name(self, example: ExampleId) -> str:
        """What an example is called in a comment."""
        return ids_below(self.data.root, [example.id])[0] or example.id

    def of(self, example: ExampleId) -> str | None:
        """The line; None where the example has no id, or is a window.

        Raises:
            UserError: None of its split has.
        """
        if self.is_window(example):
            return None
        if example.split not in self.splits:
            found = listed(self.data.examples(example.split))
            if found is None:
                raise UserError(
                    f"--exclude: the dataset of {example.split} has no record(index), by whose ids "
                    "examples are left out; write it in data.py, as core/data/records.py says"
                )
            self.splits[example.split] = found, ids_below(self.data.root, found.ids)
        found, ids = self.splits[example.split]
        name = ids[example.index]
        return None if name is None else f"{found.digests([example.index])[0]}  {name}"

    def of_documents(self, windows: list[ExampleId]) -> dict[ExampleId, str]:
        """The lines of the documents of which half of the windows, or more, are among these."""
        lines: dict[ExampleId, str] = {}
        for split in dict.fromkeys(example.split for example in windows):
            base: Any = self._base(split)
            inside = base_of(self.data.examples(split))[1]
            texts, documents = base.file.texts, base.documents()
            if texts is None or documents is None:
                continue
            listed_texts = texts.listed()
            ids = ids_below(self.data.root, listed_texts.ids)
            own = [example for example in windows if example.split == split]
            rows = [e.index if inside is None else int(inside[e.index]) for e in own]
            for place in sorted({int(documents[row]) for row in rows} - {-1}):
                there = [e for e, row in zip(own, rows, strict=True) if documents[row] == place]
                if 2 * len(there) >= int((documents == place).sum()):
                    line = f"{listed_texts.digests([place])[0]}  {ids[place]}"
                    lines.update(dict.fromkeys(there, line))
        return lines

    def _base(self, split: str) -> Any:
        return base_of(self.data.examples(split))[0]
