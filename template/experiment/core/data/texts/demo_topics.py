"""Python's own documentation, as ``help()`` shows it: 79 topics, 374 kB of English and code.

Template's file: updates replace it. To train on your own texts, set ``data.source``.

The Python Software Foundation, ``pydoc_data.topics``. A topic is a document, and is in one split as
a whole. The topics quote one another: half of a held-out one would stand word for word among the
training topics. So a paragraph stays where it comes first, in the held-out topics before the
others, and its repetitions are dropped.
"""

import re
from importlib import import_module

from ...errors import UserError
from .documents import Texts, from_strings

# Written down, so that no topic ever changes its split: a tenth of the text, and a twentieth, as
# they were drawn once, without the few topics that would be half a split alone.
TEST = ("assignment", "bltin-code-objects", "calls", "exceptions", "function", "if", "numbers")
TEST += ("try", "yield")
VAL = ("async", "augassign", "await", "bitwise", "bltin-type-objects", "booleans", "conversions")
VAL += ("pass", "power", "return", "shifting", "typesseq-mutable")


def load() -> dict[str, Texts]:
    """The topics by split, "train" first.

    Raises:
        UserError: This Python came without its topics.
    """
    topics = without_repetitions(_topics())
    train = [name for name in topics if name not in {*TEST, *VAL}]
    splits = {
        split: from_strings([topics[name] for name in names if topics.get(name)], split)
        for split, names in (("train", train), ("val", VAL), ("test", TEST))
    }
    for texts in splits.values():
        texts.notes.place = "Python's documentation"
    return splits


def without_repetitions(topics: dict[str, str]) -> dict[str, str]:
    """Each topic with those of its paragraphs that no topic before it has.

    Two paragraphs are the same if they differ in white space only.
    """
    seen: set[str] = set()
    unique: dict[str, str] = {}
    for name in [name for name in (*TEST, *VAL, *sorted(topics)) if name in topics]:
        if name in unique:
            continue
        kept = []
        for paragraph in re.split(r"\n\s*\n", topics[name]):
            words = " ".join(paragraph.split())
            if words and words not in seen:
                seen.add(words)
                kept.append(paragraph)
        unique[name] = "\n\n".join(kept)
    return unique


def _topics() -> dict[str, str]:
    try:
        topics = import_module("pydoc_data.topics").topics
    except (ImportError, AttributeError):
        topics = None
    if not isinstance(topics, dict) or not {*TEST, *VAL} & topics.keys():
        raise UserError(
            "data.source: demo reads Python's documentation topics (pydoc_data), which this Python "
            "came without: use another one, or set data.source=folder"
        )
    return topics
