"""Which names of folders, files and keys stand for which split: the one place that readers ask.

Template's file: updates replace it. Where names do not tell, ``data.splits`` does.

Exports spell them as they like: ``Training``, ``val2017``, ``test_set``, ``wiki.valid.tokens``. A
name is a split's by one of its words. Names count only together: one of them must mean training,
what else is in them must be the same (``wiki``, ``tokens``), and each must hold what its reader
expects there, which the reader says. What could be read in two ways is refused, and both quoted.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping

from ..errors import UserError

SPLITS = ("train", "val", "test")
SPELLINGS = {
    "train": ("train", "training", "trn", "trainval"),
    "val": ("val", "valid", "validation", "validate", "dev", "development"),
    "test": ("test", "testing", "tst"),
}
MEANINGS = {word: split for split, words in SPELLINGS.items() for word in words}
# Held out, but for what?
HELD_OUT = ("heldout", "holdout", "eval", "evaluation")
# What says nothing beside them, alone or at a word's end: train_set, testset, val-images.
FILLERS = ("set", "split", "data", "dataset", "images", "image", "imgs", "img", "files", "folder")
Stated = Mapping[str, str | None] | None


def meaning(name: str) -> str | None:
    """The split that a name stands for by itself, whatever else there is; None: none."""
    split, rest = _parts(name)
    return None if rest else split


def word_meaning(name: str) -> str | None:
    """The split that one of the words in a name stands for; None if none, or several, do."""
    return _parts(name)[0]


def named_splits(
    names: Iterable[str], place: str, stem: Callable[[str], str] = str
) -> dict[str, str]:
    """From split to name, of names that mean splits together; empty if none of them means training.

    Args:
        names: Of folders, files or keys that hold what the reader expects of a split.
        place: Where they are, for messages.
        stem: What of a name counts: of a file's, all but its suffix.

    Raises:
        UserError: Two names mean the same split.
    """
    groups: dict[tuple[str, ...], dict[str, list[str]]] = {}
    for name in sorted(names):
        split, rest = _parts(stem(name))
        if split is not None:
            groups.setdefault(rest, {}).setdefault(split, []).append(name)
    # A single "train" among other words is a title: "how to train your dragon".
    meant = [
        found for rest, found in groups.items() if "train" in found and (not rest or len(found) > 1)
    ]
    if len(meant) > 1:
        raise _twice("train", [name for found in meant for name in found["train"]], place)
    for split, several in meant[0].items() if meant else ():
        if len(several) > 1:
            raise _twice(split, several, place)
    return {split: meant[0][split][0] for split in SPLITS if split in meant[0]} if meant else {}


def refuse_held_out(names: Iterable[str], place: str, stem: Callable[[str], str] = str) -> None:
    """See that nothing is trained on whose name says that it is held out.

    Args:
        names: Of all that would be trained on, or of splits among others.
        place: Where they are, for the message.
        stem: What of a name counts.

    Raises:
        UserError: There is such a name, beside one that means training.
    """
    names = sorted(names)
    training = [name for name in names if word_meaning(stem(name)) == "train"]
    held = [name for name in names if any(word in HELD_OUT for word in words_of(stem(name)))]
    if training and held:
        setting = as_setting({"train": training[0], "val": held[0]})
        raise UserError(
            f"data.root: {place} has {training[0]} and {held[0]}, which may be for val or for "
            f"test: say which, as data.splits='{setting}'; data.splits='{{}}' says that there are "
            "no splits"
        )


def stated_splits(
    stated: Mapping[str, str | None], there: Callable[[str], bool], known: Collection[str]
) -> dict[str, str]:
    """From split to name, as ``data.splits`` states it.

    Args:
        stated: The setting.
        there: Whether the source has something by a name.
        known: Names that it has, for the message.

    Raises:
        UserError: There is nothing by that name.
    """
    found = {split: stated[split] for split in SPLITS if stated.get(split) is not None}
    for split, name in found.items():
        if not there(str(name)):
            names = ", ".join(sorted(known)[:8]) or "nothing"
            raise UserError(f"data.splits: {split} is {name}, which is not there; there is {names}")
    return {split: str(name) for split, name in found.items()}


def refuse_ambiguous(place: str, splits: Mapping[str, str], other: str) -> UserError:
    """The sentence about names that could be splits or something else.

    Args:
        place: Where they are.
        splits: The one reading.
        other: The other one, as "classes: train, bus, cat".
    """
    setting = as_setting(splits)
    return UserError(
        f"data.root: {place} can be read in two ways, as splits ({setting}) or as {other}: state "
        f"the first by data.splits='{setting}', the second by data.splits='{{}}'"
    )


def as_setting(splits: Mapping[str, str]) -> str:
    """Splits as a person would state them."""
    return "{" + ", ".join(f"{split}: {name}" for split, name in splits.items()) + "}"


def _twice(split: str, names: list[str], place: str) -> UserError:
    return UserError(
        f"data.root: {place} has {' and '.join(names)}, each of which may be for {split}: "
        f"say which by data.splits='{{{split}: {names[0]}, ...}}', or move the others away"
    )


def _parts(name: str) -> tuple[str | None, tuple[str, ...]]:
    """The one split that a word of a name means, and its other words; numbers say nothing."""
    words = words_of(name)
    meant = [word for word in words if word in MEANINGS]
    if len(meant) != 1:
        return None, tuple(words)
    rest = tuple(word for word in words if word not in meant and word not in FILLERS)
    return MEANINGS[meant[0]], rest


def words_of(name: str) -> list[str]:
    """The words of a name, in small letters, without numbers and fillers at their ends."""
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)  # TrainImages: train, images
    return [_bare(word) for word in re.findall(r"[^\W\d_]+", apart.lower())]


def _bare(word: str) -> str:
    """A word without a filler at its end: ``trainset``, ``testdata``."""
    for filler in FILLERS:
        if word.removesuffix(filler) in MEANINGS:
            return word.removesuffix(filler)
    return word
