"""Groups of held-out examples on which the trained model is much worse than over all.

Template's file: updates replace it. Groups are a class, a source folder, a group of the data, a
split, and a quarter of the examples by each property that is shown. One is named if its mean error
is ``WORSE`` times that over all, and lies farther above than any group's does in any of
``SHUFFLES`` shuffles of the errors (Westfall and Young's largest statistic): with chance alone, one
look in two hundred names anything, however many groups there are.
"""

from collections.abc import Iterable, Sequence
from itertools import chain, pairwise

import numpy as np
from numpy.typing import NDArray

from ...report.seriousness import Seriousness
from ..evidence import Evidence, Position, share
from ..inspection import Finding
from ..naive_bayes import some
from ..predicted import Predicted, PredictedClasses
from ..reading import SplitRead
from ..split_look import SHOWN, UNITS

SHUFFLES = 200
WORSE = 1.5
LEAST = 10  # examples of a group
PARTS = 4  # of a property's range, equally full
MOST = 60  # values of a kind, such as folders
NAMED = 10  # findings
ADVICE = "See what these have in common, and bring more of them into training."
Groups = dict[str, NDArray[np.bool_]]


def find(evidence: Evidence) -> Iterable[Finding]:
    parts = list(evidence.predicted.values())
    positions = [position for part in parts for position in evidence.places(part)]
    errors = np.concatenate([part.errors for part in parts]) if parts else np.zeros(0)
    known = np.flatnonzero(np.isfinite(errors))
    known = known[some(len(known))] if len(known) else known
    if len(known) < 2 * LEAST:
        if parts:
            evidence.skip(f"weak_groups: {len(known)} held-out examples are too few to compare")
        return
    positions, errors = [positions[one] for one in known.tolist()], errors[known]
    groups = dict(_groups(evidence, positions))
    labels = list(groups)
    if not labels or errors.std() == 0:
        return
    table = np.stack([groups[label] for label in labels])
    scores = _scores(table, errors[:, None])[:, 0]
    chance = _chance(table, errors, evidence.seed)
    usual = float(errors.mean())
    weak = [
        (float(errors[mark].mean()), label, mark)
        for label, mark, score in zip(labels, table, scores, strict=True)
        if score > chance and errors[mark].mean() >= WORSE * usual
    ]
    for mean, label, mark in sorted(weak, key=lambda one: -one[0])[:NAMED]:
        yield _finding(evidence, parts[0], label, mark, positions, errors, (mean, usual))


def _finding(
    evidence: Evidence,
    kind: Predicted,
    label: str,
    mark: NDArray[np.bool_],
    positions: Sequence[Position],
    errors: NDArray[np.float64],
    means: tuple[float, float],
) -> Finding:
    members = np.flatnonzero(mark)
    members = members[np.argsort(-errors[members], kind="stable")]
    if isinstance(kind, PredictedClasses):
        wrong = int(errors[members].sum())
        of_all = f"{share(means[1])} of all {len(errors):,}"
        text = f"the model is weak on {label}: {wrong:,} of {len(members):,} are wrong "
        text += f"({share(means[0])}), and {of_all}"
        members = members[:wrong]
    else:
        text = f"the model is weak on {label}, {len(members):,} of {len(errors):,} examples: "
        text += f"{kind.measure} {means[0]:.3g}, over all {means[1]:.3g}"
    groups = [[positions[one]] for one in members.tolist()]
    return evidence.grouped("weak_groups", Seriousness.WARNING, text, ADVICE, groups)


def _scores(table: NDArray[np.bool_], errors: NDArray[np.float64]) -> NDArray[np.float64]:
    """How many deviations each group's mean lies above that over all.

    Shape:
        - table: ``(groups, examples)``
        - errors: ``(examples, shuffles)``
        - output: ``(groups, shuffles)``
    """
    counts, total = table.sum(axis=1, keepdims=True), table.shape[1]
    means = (table.astype(np.float64) @ errors) / counts
    deviation = errors.std(axis=0) * np.sqrt((total - counts) / (counts * (total - 1)))
    return (means - errors.mean(axis=0)) / np.maximum(deviation, 1e-12)


def _chance(table: NDArray[np.bool_], errors: NDArray[np.float64], seed: int) -> float:
    """The greatest score that any group has in any shuffle."""
    random = np.random.default_rng(seed)
    batches = (
        _scores(table, np.stack([random.permutation(errors) for _ in range(20)], axis=1))
        for _ in range(SHUFFLES // 20)
    )
    return max(float(scores.max()) for scores in batches)


def _groups(evidence: Evidence, positions: Sequence[Position]) -> Iterable[tuple[str, NDArray]]:
    """Groups that are large enough and not everything, by what they are called."""
    splits, places = zip(*positions, strict=True)
    looks = [evidence.splits[split].looks[place] for split, place in positions]
    folders = [look.id.rpartition("/")[0] for look in looks]
    kinds = {
        "class": [str(x.label) if isinstance(x.label, (str, int)) else "" for x in looks],
        "folder": folders,
        "group": ["" if look.group is None else str(look.group) for look in looks],
        "split": list(splits),
    }
    found = [_values(kind, values) for kind, values in kinds.items()]
    for label, mark in chain(*found, _properties(evidence, splits, np.array(places))):
        if LEAST <= mark.sum() < len(mark):
            yield label, mark


def _values(kind: str, values: Sequence[str]) -> Iterable[tuple[str, NDArray[np.bool_]]]:
    """One group a value, where they are not too many."""
    array = np.array(values)
    names, counts = np.unique(array, return_counts=True)
    for name in names[np.argsort(-counts, kind="stable")][:MOST].tolist():
        if name:
            yield f"{kind} {name}", array == name


def _properties(
    evidence: Evidence, splits: Sequence[str], places: NDArray[np.int64]
) -> Iterable[tuple[str, NDArray[np.bool_]]]:
    """Quarters of the examples by each number that the page shows of them."""
    array = np.array(splits)
    there: list[SplitRead] = [evidence.splits[name] for name in dict.fromkeys(splits)]
    for name in SHOWN.get(there[0].kind, ()) if len({one.kind for one in there}) == 1 else ():
        values = np.full(len(places), np.nan)
        for split in there:
            mine = array == split.name
            values[mine] = split.numbers(name)[places[mine]]
        known = values[np.isfinite(values)]
        if not len(known):
            continue
        edges = np.unique(np.quantile(known, np.linspace(0, 1, PARTS + 1)))
        for low, high in pairwise(edges):
            last = high == edges[-1]
            mark = (values >= low) & ((values <= high) if last else (values < high))
            unit = f" {UNITS[name]}" if name in UNITS else ""
            yield f"{name} {low:.3g} to {high:.3g}{unit}", mark
