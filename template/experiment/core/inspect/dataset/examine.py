"""``examine``: read a data set once, and have every detector look at what was kept of it.

Template's file: updates replace it.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from operator import attrgetter
from typing import Any

from ...data.datamodule import DataModule
from ...data.datasets import is_stream
from ...data.leaving_out import ids_below
from ...errors import UserError
from .detectors.registry import DETECTORS, Detector
from .evidence import Evidence
from .inspection import Finding, Inspection
from .predicted import Predicted
from .reading import Looks, Progress, SplitRead, read_split
from .split_look import split_look

USUAL = ("train", "val", "test")


def examine(
    datamodule: DataModule[Any],
    most: int | None = None,
    seed: int = 0,
    progress: Progress | None = None,
    strict: bool = False,
    predicted: Mapping[str, Predicted] | None = None,
    refusal: str | None = None,
) -> Inspection:
    """Look at each example of each split, and say what is wrong.

    Args:
        datamodule: Whose data it is; not set up yet, so that files are read here and not before.
        most: Of each split at so many, drawn by ``seed``; None: at 200,000.
        seed: Of all that is drawn.
        progress: Is told how many more examples were read.
        strict: Whether a detector that fails raises; else a line of ``skipped`` says so.
        predicted: What a trained model says of held-out splits, of the examples that are read.
        refusal: What training says of the data, where it does not take it as it is.
    """
    started = time.perf_counter()
    _as_it_lies(datamodule)
    evidence = Evidence({}, datamodule, seed=seed, predicted=dict(predicted or {}), refusal=refusal)
    splits = _splits(datamodule, evidence)
    evidence.facts = _facts(datamodule, evidence)
    tokenizer = _tokenizer(evidence)
    for name in splits:
        looks = Looks(
            datamodule.examples(name),
            getattr(evidence.facts, "value_range", None),
            tokenizer,
            getattr(evidence.facts, "class_names", None) or (),
        )
        split = read_split(name, looks, most, seed, progress)
        _call_as_a_list_does(split, datamodule)
        evidence.splits[name] = split
        if len(split) < split.count:
            evidence.skip(
                f"{name}: {len(split):,} of {split.count:,} examples were looked at, drawn by "
                f"seed {seed}"
            )
    _say_whose_files_are_unseen(evidence)
    findings = [finding for one in DETECTORS for finding in _found(one, evidence, strict)]
    findings.sort(key=attrgetter("seriousness"), reverse=True)
    looked = [split_look(split, evidence) for split in evidence.splits.values()]
    confusions = [one.confusion for one in evidence.predicted.values() if one.confusion]
    seconds = time.perf_counter() - started
    return Inspection(looked, findings, evidence.skipped, seconds, confusions=confusions)


def _as_it_lies(datamodule: DataModule[Any]) -> None:
    """Let files be read when they are needed, one that is broken among them, without slices.

    Has an effect only before ``setup``: what is in memory already is looked at as it is there.
    """
    datamodule.config = replace(
        datamodule.config, in_memory_mb=0, on_error="skip", overfit_batches=None
    )


def _splits(datamodule: DataModule[Any], evidence: Evidence) -> list[str]:
    """The splits that hold examples with numbers; says which do not."""
    datamodule.holds("train")  # sets up, so that all are known
    found = []
    for name in dict.fromkeys([*USUAL, *datamodule.datasets]):
        if not datamodule.holds(name):
            continue
        if is_stream(datamodule.datasets[name]):
            evidence.skip(f"{name}: a stream, whose examples have no numbers: not looked at")
        else:
            found.append(name)
    return found


def _call_as_a_list_does(split: SplitRead, datamodule: DataModule[Any]) -> None:
    """Ids as ``data.exclude`` has them: without the data's folder, which they all begin with."""
    ids = ids_below(datamodule.root, [look.id for look in split.looks])
    split.looks = [look._replace(id=name) for look, name in zip(split.looks, ids, strict=True)]


def _facts(datamodule: DataModule[Any], evidence: Evidence) -> Any:
    try:
        return datamodule.facts
    except (UserError, NotImplementedError) as error:
        evidence.skip(f"the facts cannot be found ({error}): what they promise is not checked")
        return None


def _tokenizer(evidence: Evidence) -> Any:
    """What makes text of tokens, where the facts have it."""
    text = getattr(evidence.facts, "tokenizer", None)
    if not isinstance(text, str):
        return None
    try:
        from ...data.texts.tokenizer import BytePairs

        return BytePairs(text)
    except Exception as error:  # another tokenizer's text, or the package is not there
        evidence.skip(f"tokens are not shown as text: {' '.join(str(error).split())}")
        return None


def _say_whose_files_are_unseen(evidence: Evidence) -> None:
    names = [name for name, split in evidence.splits.items() if not split.has_records]
    if names:
        evidence.skip(
            f"{', '.join(names)}: no record(index) in the dataset, so that what __getitem__ gives "
            "was looked at: what only the file says, such as EXIF or its format, is not seen"
        )


def _found(detector: Detector, evidence: Evidence, strict: bool) -> Iterable[Finding]:
    if detector.takes and not detector.takes & evidence.kinds:
        return []
    find: Callable[[Evidence], Iterable[Finding]] = detector.find
    try:
        return list(find(evidence))
    except Exception as error:  # one that fails shall stop nothing
        if strict:
            raise
        reason = " ".join(str(error).split())
        evidence.skip(f"{detector.name} failed: {type(error).__name__}: {reason}")
        return []
