"""Does looking at data find what is wrong with it, and nothing else?

    uv run --project my-experiment python benchmarks/findings.py --peers PYTHON [PYTHON ...]

Faults of single examples: 1, 10 and 50 of each kind among 5,000 images, texts, images with boxes
and with masks; recall and precision by the examples' names. Faults of a whole set and of its
loader: ten sets of each strength, how often they are found, and from which strength on in 95 of
100; strength 0 is a set without the fault. Clean sets: twenty of each type; how many findings one
gives. What is planted is planted by tests/planted*.py, which know nothing of the detectors; no
threshold was chosen by these seeds.

Beside it, on the same files, CleanVision, Datalab and deepchecks (peers_of_looking.py), where a
Python is named that has them: they need packages that none of ours needs, and deepchecks older ones
than Datalab. Of a peer whatever is planted counts as right in its precision, since its issues are
cut otherwise than ours. What was tried, in two environments:

    pip install "cleanlab[datalab]" cleanvision scikit-image
    pip install "deepchecks[vision]" torch torchvision textblob nltk ppscore wordcloud transformers
        seqeval numba umap-learn "numpy<2" "pandas<2.2" "scikit-learn<1.4" "setuptools<80"
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from asking_peers import Peers
from clean_sets import SETS, parted
from project import command_line, temporary_project
from whole_sets import FAULTS, NONE, Fault

import numpy as np  # isort: skip
import planted  # isort: skip  # pyright: ignore[reportMissingImports]
import planted_loader as loaders  # isort: skip  # pyright: ignore[reportMissingImports]
import planted_objects as objects  # isort: skip  # pyright: ignore[reportMissingImports]

SIZE, COUNTS = 5000, (1, 10, 50)
SEED = 8100  # of the first data set; tests have other ones, and rules were mended by 7000
RECALL, PRECISION = 0.95, 0.9  # at 10 and more
BEHIND = 0.02  # of a peer, at most
NUMBER, LARGE = 10, (500, 200)  # of whole sets of each strength; examples, of the loader's too
ASKED = 5  # of those, about which peers are asked: these are compared
CLEAN, SMALL = 20, 400
Splits = dict[str, Any]
Plant = dict[str, set[str]]
Asked = Mapping[str, Mapping[str, tuple[str, ...]]]  # by detector and peer, its names of the issue


def modules(name: str) -> Any:
    import importlib

    return importlib.import_module(f"experiment.{name}")


def examined(data: Any) -> list[Any]:
    return modules("core.inspect.dataset.examine").examine(data, strict=True).findings


def findings(splits: Splits, facts: Any = None, **settings: Any) -> list[Any]:
    """What is found in a data set."""
    return examined(planted.data_module(modules, splits, facts, **settings))


def named(found: list[Any], wanted: str) -> set[str]:
    """The examples that a detector names, in findings with such words: ``detector: words``."""
    detector, _, words = wanted.partition(": ")
    chosen = [one for one in found if one.detector == detector and words in one.text]
    return {example.id for one in chosen for group in one.groups for example in group}


def copied(splits: Splits) -> Splits:
    return {
        name: planted.Examples(list(one.items), list(one.labels), list(one.names))
        for name, one in splits.items()
    }


# --- faults of single examples --------------------------------------------------------------------


@dataclass
class Kind:
    """Examples of a kind, and what may be wrong with one.

    Args:
        make: So many of them, by a seed.
        faults: By who shall find it, what becomes of an item and its label.
        near: Who shall find what is nearly the same, and what makes it so.
        peers: Whom to ask for which of their issues.
        facts: What the data tells the model, where a detector goes by it.
    """

    make: Callable[[int, int], Any]
    faults: Mapping[str, Callable[[Any, Any, Any], tuple[Any, Any]]]
    near: tuple[str, Callable[[Any, Any], Any]]
    peers: Asked = field(default_factory=dict)
    facts: Any = None


def of_items(faults: Mapping[str, Callable[..., Any]]) -> dict[str, Callable[..., Any]]:
    return {
        name: lambda item, label, random, fault=fault: (fault(item, random), label)
        for name, fault in faults.items()
    }


def of_boxes() -> dict[str, Callable[..., Any]]:
    def changed(fault: Any) -> Callable[..., Any]:
        return lambda item, label, random: (item, fault(label, planted.opened(item).size, random))

    detectors = dict.fromkeys(objects.BOX_FAULTS, "box_faults")
    detectors["an object below 3 pixels"] = "tiny_objects"
    return {
        f"{detectors[words]}: {words}": changed(fault)
        for words, fault in objects.BOX_FAULTS.items()
    }


BOTH = ("Datalab, pixels", "Datalab, HOG")
NEAR = {"CleanVision": ("near_duplicates",), **dict.fromkeys(BOTH, ("near_duplicate",))}
IMAGE_PEERS: Asked = {
    "dark": {"CleanVision": ("dark",), "deepchecks": ("Brightness",)},
    "light": {"CleanVision": ("light",), "deepchecks": ("Brightness",)},
    "blurred": {"CleanVision": ("blurry",)},
    "low_information": {"CleanVision": ("low_information",), "deepchecks": ("RMS Contrast",)},
    "odd_size": {"CleanVision": ("odd_size",), "deepchecks": ("Area",)},
    "odd_shape": {"CleanVision": ("odd_aspect_ratio",), "deepchecks": ("Aspect Ratio",)},
    "grey_among_colour": {"CleanVision": ("grayscale",)},
    "empty": {"CleanVision": ("low_information",), "deepchecks": ("RMS Contrast",)},
    "exact_duplicates": {"CleanVision": ("exact_duplicates",)},
    "near_duplicate_images": NEAR,
    "two_labels": dict.fromkeys(BOTH, ("label",)),
}
WORDS = "Datalab, TF-IDF"
TEXT_PEERS: Asked = {
    "wrongly_decoded": {WORDS: ("outlier",), "deepchecks": ("special characters",)},
    "empty": {WORDS: ("outlier",)},
    "exact_duplicates": {WORDS: ("near_duplicate",), "deepchecks": ("duplicates",)},
    "near_duplicate_texts": {WORDS: ("near_duplicate",)},
    "two_labels": {WORDS: ("label",), "deepchecks": ("conflicting labels",)},
}
TEXT_FAULTS = {"wrongly_decoded": planted.wrongly_decoded, "empty": lambda item, random: " \n"}
IMAGES = ("near_duplicate_images", planted.near)
KINDS = {
    "images": Kind(planted.images, of_items(planted.IMAGE_FAULTS), IMAGES, IMAGE_PEERS),
    "texts": Kind(
        planted.texts,
        of_items(TEXT_FAULTS),
        ("near_duplicate_texts", planted.near_text),
        TEXT_PEERS,
    ),
    "boxes": Kind(objects.boxed, of_boxes(), IMAGES, facts=SimpleNamespace(image_size=32)),
    "masks": Kind(objects.masked, {}, IMAGES),
}


def another(label: Any, kinds: list[str], random: Any) -> Any:
    """A label that is not this one."""
    if not kinds:
        return objects.relabelled(label, random)
    wrong = [kind for kind in kinds if kind != label]
    return wrong[int(random.integers(len(wrong)))]


def plant_items(splits: Splits, kind: Kind, count: int) -> Plant:
    """Plant so many of each fault in a data set; returns the names by what shall find them."""
    random = np.random.default_rng(SEED + count)
    train, val = splits["train"], splits["val"]
    places = iter(random.permutation(len(train)).tolist())
    held = iter(random.permutation(len(val)).tolist())
    wanted: Plant = {}
    for name, fault in kind.faults.items():
        for place in [next(places) for _ in range(count)]:
            changed = fault(train.items[place], train.labels[place], random)
            train.items[place], train.labels[place] = changed
            wanted.setdefault(name, set()).add(train.names[place])
    for name, change in (("exact_duplicates", lambda item, random: item), kind.near):
        for _ in range(count):
            place, other = next(places), next(held)
            val.items[other] = change(train.items[place], random)
            val.labels[other] = objects.resized(
                train.labels[place], train.items[place], val.items[other]
            )
            wanted.setdefault(name, set()).update({train.names[place], val.names[other]})
    kinds = sorted(set(train.labels)) if isinstance(train.labels[0], str) else []
    for _ in range(count):
        place, other = next(places), next(places)
        train.items[place] = train.items[other]
        train.labels[place] = another(train.labels[other], kinds, random)
        both = {train.names[place], train.names[other]}
        wanted.setdefault("two_labels", set()).update(both)
        wanted["exact_duplicates"].update(both)
    return wanted


@dataclass
class Looked:
    """What is found in a data set with faults of single examples, and by whom."""

    wanted: Plant
    found: list[Any]
    seconds: float
    job: int

    def ours(self, detector: str) -> tuple[float, float]:
        return scores(named(self.found, detector), self.wanted[detector], self.wanted[detector])

    def theirs(
        self, peers: Peers, peer: str, issues: tuple[str, ...], detector: str
    ) -> tuple[float, float] | None:
        """Recall and precision of whichever of its issues fits best."""
        said = peers.said(self.job, peer)
        if said is None:
            return None
        right = set().union(*self.wanted.values())
        return max(scores(said.get(one, set()), self.wanted[detector], right) for one in issues)


def scores(seen: set[str], wanted: set[str], right: set[str]) -> tuple[float, float]:
    return len(seen & wanted) / len(wanted), len(seen & right) / len(seen) if seen else 0.0


def score_items(name: str, quick: bool, peers: Peers) -> list[str]:
    """Print how each fault of a kind of examples is found; a line of each that is missed."""
    size, counts = (200, COUNTS[:1]) if quick else (SIZE, COUNTS)
    looked = look_at_items(name, size, counts, peers)
    peers.ask()
    return print_items(name, size, looked, peers)


def look_at_items(name: str, size: int, counts: tuple[int, ...], peers: Peers) -> dict[int, Looked]:
    kind, looked = KINDS[name], {}
    clean = parted(kind.make(size, SEED))
    for count in counts:
        splits = copied(clean)
        wanted = plant_items(splits, kind, count)
        started = time.perf_counter()
        found = findings(splits, kind.facts)
        seconds = time.perf_counter() - started
        whom: dict[str, set[str]] = {}
        for peer, issues in (pair for asked in kind.peers.values() for pair in asked.items()):
            whom.setdefault(peer, set()).update(issues)
        job = peers.about(splits, whom) if whom else -1
        looked[count] = Looked(wanted, found, seconds, job)
        tell(f"{name}: {count} of each planted, looked at in {seconds:.1f} s")
    return looked


def print_items(name: str, size: int, looked: Mapping[int, Looked], peers: Peers) -> list[str]:
    """Recall and precision of ours and theirs; a line for each that is not as it must be."""
    faults, kind = [], KINDS[name]
    print(f"\n{name}: recall and precision at {', '.join(map(str, looked))} of {size:,}")
    for detector in next(iter(looked.values())).wanted:
        mine = {count: one.ours(detector) for count, one in looked.items()}
        show(detector, "ours", [f"{recall:.2f} {right:.2f}" for recall, right in mine.values()])
        faults += [
            f"{name}, {detector}: {recall:.2f} {right:.2f} at {count}"
            for count, (recall, right) in mine.items()
            if count >= COUNTS[1] and (recall < RECALL or right < PRECISION)
        ]
        for peer, issues in kind.peers.get(detector, {}).items():
            cells = []
            for count, one in looked.items():
                other = one.theirs(peers, peer, issues, detector)
                cells.append("-" if other is None else f"{other[0]:.2f} {other[1]:.2f}")
                if other and any(a < b - BEHIND for a, b in zip(mine[count], other, strict=True)):
                    faults.append(f"{name}, {detector}: behind {peer} at {count}: {cells[-1]}")
            if set(cells) != {"-"}:
                show("", peer, cells)
    others = [
        ", ".join(sorted({x.detector for x in one.found} - {n.split(":")[0] for n in one.wanted}))
        for one in looked.values()
    ]
    show("not planted", "ours", [other or "none" for other in others])
    show("seconds", "ours", [f"{one.seconds:.1f}" for one in looked.values()])
    for peer in {peer: 0 for one in looked.values() for peer in peers.seconds(one.job)}:
        times = [peers.seconds(one.job).get(peer, float("nan")) for one in looked.values()]
        show("", peer, [f"{seconds:.1f}" for seconds in times])
    return faults


def show(detector: str, who: str, cells: list[str]) -> None:
    shown = "  ".join(f"{cell:>10}" for cell in cells)
    print(f"  {detector:40}{who:16}{shown}")


def tell(line: str) -> None:
    """How far it is, for whoever waits."""
    print(line, file=sys.stderr, flush=True)


# --- faults of a whole set ------------------------------------------------------------------------


@dataclass
class Strength:
    """In how many of the sets a fault so strong was found."""

    hits: list[bool] = field(default_factory=list)
    jobs: list[int] = field(default_factory=list)

    def theirs(self, peers: Peers, peer: str, issue: str) -> list[bool]:
        answers = [peers.said(job, peer) for job in self.jobs]
        return [bool(said.get(issue)) for said in answers if said is not None]


def score_sets(quick: bool, peers: Peers) -> list[str]:
    """Print how strong each fault has to be; a line of each in which a peer is better."""
    numbers, sizes = (range(1), (60, 60)) if quick else (range(NUMBER), LARGE)
    pools = [make(4 * max(sizes), SEED + 1) for make in (planted.images, objects.boxed)]
    found = {
        name: look_at_sets(
            name, pools[fault.boxed], numbers, sizes[fault.loader is not None], peers
        )
        for name, fault in FAULTS.items()
    }
    peers.ask()
    print(f"\nwhole sets of {sizes[0]:,} images, of {sizes[1]:,} where the loader is at fault:")
    print("found in how many, by strength; the first is no fault")
    return print_sets(found, peers)


def look_at_sets(
    detector: str, pool: Any, numbers: range, size: int, peers: Peers
) -> dict[float, Strength]:
    fault, found = FAULTS[detector], {}
    strengths = fault.strengths[-1:] if len(numbers) == 1 else fault.strengths
    for strength in (NONE.get(detector, 0.0), *strengths):
        found[strength] = Strength()
        for number in numbers:
            random = np.random.default_rng(SEED + number)
            chosen = random.choice(len(pool), size, replace=False).tolist()
            splits = parted(
                planted.Examples([pool.items[n] for n in chosen], [pool.labels[n] for n in chosen])
            )
            fault.plant(splits, strength, random)
            seen = {one.detector for one in examined(data_of(fault, splits, strength))}
            found[strength].hits.append(detector.split(": ")[0] in seen)
            if fault.peers and number < ASKED:
                if detector == "order":
                    splits.pop("val")  # has an order of its own
                found[strength].jobs.append(peers.about(splits, fault.peers))
    tell(f"{detector}: found in {[sum(one.hits) for one in found.values()]}")
    return found


def data_of(fault: Fault, splits: Splits, strength: float) -> Any:
    if fault.loader is None:
        return planted.data_module(modules, splits, None, **fault.settings)
    return loaders.data_module(modules, splits, fault.loader(strength), **fault.settings)


def print_sets(found: Mapping[str, dict[float, Strength]], peers: Peers) -> list[str]:
    """How often each is found, and from where on nearly always; a line where a peer does better."""
    behind = []
    for detector, strengths in found.items():
        hits = {strength: one.hits for strength, one in strengths.items()}
        show(detector, "ours", [*map(share_of, hits, hits.values()), enough(hits)])
        for peer, issues in FAULTS[detector].peers.items():
            for issue in issues:
                theirs = {s: one.theirs(peers, peer, issue) for s, one in strengths.items()}
                if not any(theirs.values()):
                    continue
                cells = [*map(share_of, theirs, theirs.values()), enough(theirs)]
                show(f"    {issue}", peer, cells)
                behind += worse(f"{detector}: behind {peer}, {issue}", hits, theirs)
    return behind


def share_of(strength: float, hits: list[bool]) -> str:
    return f"{strength:g}: {sum(hits)}/{len(hits)}"


def enough(hits: Mapping[float, list[bool]]) -> str:
    """From which strength on; of who names sets without the fault, too: nothing."""
    none, *others = hits
    if sum(hits[none]) > 0.05 * len(hits[none]):
        return "names clean ones"
    reached = [one for one in others if sum(hits[one]) >= RECALL * len(hits[one])]
    return f"from {min(reached):g}" if reached else "never"


def worse(
    who: str, ours: Mapping[float, list[bool]], theirs: Mapping[float, list[bool]]
) -> list[str]:
    if enough(theirs) == "names clean ones":
        return []
    means = [
        (strength, np.mean(ours[strength][: len(other)]), np.mean(other))
        for strength, other in theirs.items()
    ]
    return [
        f"{who} at {strength:g}: {mine:.2f}, {other:.2f}"
        for strength, mine, other in means[1:]
        if mine < other - BEHIND
    ]


# --- clean sets -----------------------------------------------------------------------------------


def score_clean(quick: bool, peers: Peers) -> list[str]:
    """Print how many findings a clean set gives; a line of each kind that gives too many."""
    sets, size = (1, 60) if quick else (CLEAN, SMALL)
    faults = []
    print(f"\nclean sets, {sets} of up to {size:,} examples: findings a set")
    for place, (name, make) in enumerate({**SETS, "demo": demo}.items(), start=1):
        seeds = range(SEED + 100 * place, SEED + 100 * place + sets)
        found = [examined(clean_data(make(size, seed))) for seed in seeds]
        kinds = sorted({one.detector for each in found for one in each})
        median, most = statistics.median(map(len, found)), max(map(len, found))
        words = f"median {median:g}, most {most} ({', '.join(kinds) or 'none'})"
        print(f"  {name:14}{words}", flush=True)
        if median > 1:
            faults.append(f"clean {name}: {words}")
    return faults


def demo(size: int, seed: int) -> Any:
    """The demo's digits, parted by another seed, with a loader and facts of their own."""
    settings = modules("config").DataConfig(split_seed=seed, limit=2 * size)
    return modules("data").ExperimentData(settings)


def clean_data(data: Any) -> Any:
    return planted.data_module(modules, data) if isinstance(data, dict) else data


PARTS: dict[str, Callable[[bool, Peers], list[str]]] = {"clean": score_clean, "sets": score_sets}


def main() -> int:
    parser = command_line(__doc__)
    parser.add_argument("--peers", nargs="+", default=[], help="Pythons that have them")
    parser.add_argument("--only", nargs="+", choices=[*KINDS, *PARTS], help="a part of it")
    arguments = parser.parse_args()
    faults: list[str] = []
    with temporary_project():
        for part in arguments.only or [*KINDS, *PARTS]:
            with tempfile.TemporaryDirectory() as folder:
                peers = Peers(arguments.peers, Path(folder))
                score = PARTS.get(part, partial(score_items, part))
                faults += score(arguments.quick, peers)
                for peer, reason in peers.failures.items():
                    print(f"  {peer} failed: {reason}")
    for fault in faults:
        print(f"MISSED {fault}")
    print(f"findings: recall, precision, clean sets and peers: {'MISSED' if faults else 'holds'}")
    return 1 if faults and not arguments.quick else 0


if __name__ == "__main__":
    sys.exit(main())
