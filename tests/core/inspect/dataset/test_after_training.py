"""What a trained model contests: each against what was planted, and against chance."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import planted
import pytest
import torch
from core.inspect.dataset.conftest import named
from modules import Modules
from numpy.typing import NDArray

CLASSES = list(planted.CLASSES)
Examined = Callable[..., Any]


def chances_of(classes: NDArray[Any], random: Any, sure: float = 0.8) -> NDArray[np.float32]:
    """What a model says that knows the true classes, each surely but not equally so."""
    own = random.uniform(sure - 0.04, sure + 0.04, len(classes))
    rest = random.dirichlet([1.0] * (len(CLASSES) - 1), len(classes)) * (1 - own[:, None])
    chances = np.zeros((len(classes), len(CLASSES)))
    for row, label in enumerate(classes):
        chances[row, label] = own[row]
        chances[row, np.arange(len(CLASSES)) != label] = rest[row]
    return chances.astype(np.float32)


@pytest.fixture
def kinds(modules: Modules) -> Any:
    return modules("core.inspect.dataset.predicted")


@pytest.fixture
def outcomes(modules: Modules) -> Any:
    return modules("core.inspect.outcomes")


@pytest.fixture
def examined(modules: Modules, kinds: Any) -> Examined:
    """Look at a val split of texts of which a model says something, batch by batch."""

    def examine(
        batches: Sequence[Any], labels: Sequence[Any], names: Sequence[str] = (), batch: int = 7
    ) -> Any:
        random = np.random.default_rng(9)
        items: list[bytes | str] = [str(text) for text in planted.texts(len(labels), 5).items]
        folders = [f"{'ab'[int(random.integers(2))]}/{n:04}" for n in range(len(labels))]
        split = planted.Examples(items, list(labels), folders)
        data = planted.data_module(modules, {"val": split})
        collector = kinds.Collector(names, 0.5, "val")
        for one in batches:
            collector.add(one)
        predicted = collector.predicted(np.arange(len(labels)))
        look = modules("core.inspect.dataset.examine").examine
        return look(data, strict=True, predicted={"val": predicted})

    return examine


def batches_of(outcomes: Any, chances: NDArray[Any], labels: NDArray[Any]) -> list[Any]:
    """Batches of seven, the last one short."""
    return [
        outcomes.ClassOutcome(
            torch.from_numpy(chances[at : at + 7]), torch.from_numpy(labels[at : at + 7])
        )
        for at in range(0, len(labels), 7)
    ]


def finding(inspection: Any, detector: str) -> Any:
    (found,) = [one for one in inspection.findings if one.detector == detector]
    return found


def flipped(seed: int, count: int = 150, wrong: int = 12) -> tuple[Any, Any, NDArray[Any]]:
    """Chances by the true classes, labels of which some are flipped, and which."""
    random = np.random.default_rng(seed)
    true = random.integers(0, len(CLASSES), count)
    labels, places = true.copy(), random.choice(count, wrong, replace=False)
    labels[places] = (true[places] + random.integers(1, len(CLASSES), wrong)) % len(CLASSES)
    return chances_of(true, random), labels, np.sort(places)


# --- classes --------------------------------------------------------------------------------------


def test_thresholds_are_means_by_class(modules: Modules) -> None:
    learning = modules("core.inspect.dataset.confident_learning")
    chances = np.array([[0.9, 0.1, 0], [0.5, 0.5, 0], [0.3, 0.7, 0]], dtype=np.float32)
    labels = np.array([0, 0, 1])

    found = learning.thresholds(chances, labels)

    assert found.tolist() == pytest.approx([0.7, 0.7, np.inf])
    # Of the second 0.5 reaches no threshold; the first is its label's; the third is surely 1.
    assert learning.suspects(chances, labels).tolist() == [False, False, False]
    assert learning.suspects(chances, np.array([0, 0, 0])).tolist() == [False, False, False]
    assert learning.suspects(chances, np.array([1, 0, 1])).tolist() == [True, False, False]
    assert learning.own_chances(chances, labels).tolist() == pytest.approx([0.9, 0.5, 0.7])


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_flipped_labels_are_named_and_ranked_first(
    examined: Examined, outcomes: Any, seed: int
) -> None:
    chances, labels, places = flipped(seed)
    chances[places[0]] = [0.34, 0.33, 0.33]  # of one it knows nothing

    inspection = examined(
        batches_of(outcomes, chances, labels), [CLASSES[i] for i in labels], CLASSES
    )

    found = finding(inspection, "suspect_labels")
    indices = [group[0].index for group in found.groups]
    # Its own threshold is a mean, which some that are flipped do not reach.
    assert set(indices) <= set(places[1:].tolist())
    assert len(indices) >= 8
    own = chances[np.arange(len(labels)), labels]
    assert own[indices].tolist() == sorted(own[indices].tolist())
    assert set(np.argsort(own)[:12].tolist()) == set(places.tolist())
    first = indices[0]
    assert found.remarks[0].startswith(CLASSES[labels[first]])
    assert f"The model: {CLASSES[chances[first].argmax()]}" in found.remarks[0]


def test_what_the_model_gets_wrong_without_being_sure_is_not_suspect(
    examined: Examined, outcomes: Any
) -> None:
    chances, labels, _ = flipped(3, wrong=1)
    labels = chances.argmax(axis=1)
    chances[:20] = 0.2
    chances[np.arange(20), (labels[:20] + 1) % 3] = 0.4  # wrong, by a little

    inspection = examined(
        batches_of(outcomes, chances, labels), [CLASSES[i] for i in labels], CLASSES
    )

    assert named(inspection, "suspect_labels") == set()
    (confusion,) = inspection.confusions
    assert (confusion.total, confusion.right) == (150, 130)


def test_examples_without_a_label_and_unreadable_ones_do_not_shift_the_others(
    modules: Modules, kinds: Any, outcomes: Any
) -> None:
    chances, labels, places = flipped(4)
    gone = np.setdiff1d(np.arange(len(labels)), places)[:5]
    read = np.setdiff1d(np.arange(len(labels)), gone)
    labels[read[read < places[0]][:1]] = -1
    collector = kinds.Collector(CLASSES, 0.5, "val")
    for one in batches_of(outcomes, chances[read], labels[read]):
        collector.add(one)
    assert collector.predicted(np.arange(len(labels))) is None  # whose are whose is not known
    texts = [str(item) for item in planted.texts(len(labels), 5).items]
    split = planted.Examples(texts, [CLASSES[i] for i in labels])  # pyright: ignore[reportArgumentType]

    inspection = modules("core.inspect.dataset.examine").examine(
        planted.data_module(modules, {"val": split}),
        strict=True,
        predicted={"val": collector.predicted(read)},
    )

    found = {int(name) for name in named(inspection, "suspect_labels")}
    assert found <= set(places.tolist())
    assert len(found) >= 8


# --- weak groups ----------------------------------------------------------------------------------


def with_errors(share_of_bar: float, seed: int, count: int = 400) -> tuple[Any, Any]:
    """A model that is wrong on 5 % of all classes but the last, never surely."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, len(CLASSES), count)
    wrong = random.random(count) < np.where(labels == 2, share_of_bar, 0.05)
    said = np.where(wrong, (labels + 1) % 3, labels)
    return chances_of(said, random, sure=0.6), labels


def test_a_weak_class_is_named_with_its_counts(examined: Examined, outcomes: Any) -> None:
    chances, labels = with_errors(0.4, 0)

    inspection = examined(
        batches_of(outcomes, chances, labels), [CLASSES[i] for i in labels], CLASSES
    )

    found = finding(inspection, "weak_groups")
    wrong = (chances.argmax(axis=1) != labels) & (labels == 2)
    assert f"class bar: {wrong.sum()} of {(labels == 2).sum()} are wrong" in found.text
    assert {group[0].index for group in found.groups} == set(np.flatnonzero(wrong).tolist())


def test_chance_names_no_group(examined: Examined, outcomes: Any) -> None:
    for seed in range(8):
        chances, labels = with_errors(0.05, seed)
        inspection = examined(
            batches_of(outcomes, chances, labels), [CLASSES[i] for i in labels], CLASSES
        )
        assert named(inspection, "weak_groups") == set(), seed


# --- boxes, masks, texts --------------------------------------------------------------------------


def boxed(outcomes: Any, found: Any, true: Any) -> Any:
    """An image: what was found (box, class, confidence), and what is there (box, class)."""
    columns = [torch.tensor([one[part] for one in found]) for part in range(3)]
    there = [torch.tensor([one[part] for one in true]) for part in range(2)]
    boxes = columns[0].float().reshape(1, -1, 4), there[0].float().reshape(1, -1, 4)
    return outcomes.BoxOutcome(
        boxes[0], columns[1].long()[None], columns[2].float()[None], boxes[1], there[1].long()[None]
    )


BOX, BESIDE, FAR = [10, 10, 30, 30], [20, 10, 40, 30], [60, 60, 80, 80]


def test_missing_spurious_and_badly_placed_boxes_are_told_apart(
    examined: Examined, outcomes: Any
) -> None:
    right = boxed(outcomes, [(BOX, 0, 0.9), (FAR, 1, 0.9)], [(BOX, 0), (FAR, 1)])
    planted_ones = [
        boxed(outcomes, [(BOX, 0, 0.9), (FAR, 0, 0.95)], [(BOX, 0)]),  # missing
        boxed(outcomes, [(BOX, 0, 0.9)], [(BOX, 0), (FAR, 1)]),  # spurious
        boxed(outcomes, [(BESIDE, 0, 0.95)], [(BOX, 0)]),  # badly placed: a third of overlap
        boxed(outcomes, [(BOX, 1, 0.95)], [(BOX, 0)]),  # of another class
        boxed(outcomes, [(BOX, 0, 0.9), (FAR, 0, 0.3)], [(BOX, 0)]),  # nothing: it is not sure
    ]

    inspection = examined([right] * 10 + planted_ones, ["cat"] * 15, ["cat", "dog"])

    found = {
        finding.text.split(" ", 1)[1]: [group[0].index for group in finding.groups]
        for finding in inspection.findings
        if finding.detector == "suspect_boxes"
    }
    kinds = ("lack a box", "does not see at all", "placed otherwise", "that it is another")
    by_kind = [next(where for text, where in found.items() if kind in text) for kind in kinds]
    assert by_kind == [[10], [11], [12], [13]]
    (confusion,) = inspection.confusions
    # Ten images with both, and five boxes beside that are right, missed, or of another class.
    assert confusion.names == ["cat", "dog", "(nothing)"]
    assert confusion.counts.tolist() == [[13, 1, 1], [0, 10, 1], [2, 0, 0]]
    assert confusion.table()[1] == [["cat", 15, 13, 1, 1, 2], ["dog", 11, 10, 0, 1, 0]]


def test_the_mask_that_agrees_least_is_named(examined: Examined, outcomes: Any) -> None:
    mask = torch.zeros(1, 10, 10, dtype=torch.uint8)
    mask[:, :5] = 1
    mask[:, :, 9] = 255
    shifted = mask.clone()
    shifted[:, :6] = 0
    shifted[:, 6:] = 1
    said = mask.clamp(max=1)

    batches = [outcomes.MaskOutcome(said, mask)] * 12 + [outcomes.MaskOutcome(said, shifted)]
    inspection = examined(batches, [None] * 13, ["ground", "cat"])

    found = finding(inspection, "suspect_masks")
    assert [group[0].index for group in found.groups] == [12]
    (confusion,) = inspection.confusions
    assert confusion.counts.sum() == 12 * 90 + 100  # 255 does not count; the last has none
    assert confusion.counts[0, 0] == 12 * 45 + 9


def test_the_most_surprising_text_is_named(examined: Examined, outcomes: Any) -> None:
    random = torch.Generator().manual_seed(0)
    targets = torch.randint(0, 5, (60, 8), generator=random)
    targets[3, 2:] = -1
    logits = 2.0 * torch.nn.functional.one_hot(targets.clamp(min=0), 5).float()
    logits += 0.2 * torch.rand(60, 8, 5, generator=random)
    logits[17] = -logits[17]

    batches = [outcomes.TokenOutcome(logits[:32], targets[:32])]
    batches += [outcomes.TokenOutcome(logits[32:], targets[32:])]
    inspection = examined(batches, [None] * 60)

    found = finding(inspection, "surprising_texts")
    assert [group[0].index for group in found.groups] == [17]
    loss = torch.nn.functional.cross_entropy(logits[17], targets[17]).item()
    assert found.remarks == (f"{loss:.2f} nats a token",)
    assert inspection.confusions == []


# --- what is understood ---------------------------------------------------------------------------


class Facts:
    class_names = ("a", "b", "c")


class Vocabulary:
    vocab_size = 6


@pytest.mark.parametrize(
    ("shapes", "facts", "form"),
    [
        (((4, 3), (4,)), Facts, "ClassOutcome"),
        (((4, 3, 5, 5), (4, 5, 5)), Facts, "MaskOutcome"),
        (((4, 7, 6), (4, 7)), Vocabulary, "TokenOutcome"),
        (((4, 4), (4,)), Facts, None),  # as many as the batch: similarities, say
        (((4, 3), (4, 3)), Facts, None),  # several labels each
        (((4,), (4,)), Facts, None),
        (((4, 3), (4,)), Vocabulary, None),
        (((4, 7, 6), (4, 7)), Facts, None),
    ],
)
def test_what_is_no_known_form_is_not_guessed_at(
    modules: Modules, shapes: Any, facts: Any, form: str | None
) -> None:
    understand = modules("core.module.understood_outcomes").outcome_of
    said, true = torch.rand(shapes[0]), torch.zeros(shapes[1], dtype=torch.long)

    found = understand([said, true], facts())

    assert (None if found is None else type(found).__name__) == form
    assert understand([said, true.float()], facts()) is None
    assert understand([said], facts()) is None


def test_chances_stay_as_they_are_and_scores_become_chances(modules: Modules) -> None:
    understand = modules("core.module.understood_outcomes").outcome_of
    labels = torch.zeros(2, dtype=torch.long)
    chances = torch.tensor([[0.7, 0.2, 0.1], [0.1, 0.1, 0.8]])

    assert torch.equal(understand([chances, labels], Facts()).chances, chances)
    scores = torch.tensor([[0.7, 0.2, 0.2], [0.1, 0.1, 0.8]])
    assert torch.equal(understand([scores, labels], Facts()).chances, scores.softmax(dim=1))


# --- counts ---------------------------------------------------------------------------------------


def test_the_matrix_is_that_of_a_hand_count(modules: Modules, outcomes: Any) -> None:
    counts_of = modules("core.inspect.confusion").counts_of
    chances = torch.eye(3)[[0, 1, 1, 2, 0, 2]]

    counted, counts = counts_of(
        outcomes.ClassOutcome(chances, torch.tensor([0, 1, 0, 2, 2, -1])), 3, 0.5
    )

    assert (counted, counts.tolist()) == ("examples", [[1, 1, 0], [0, 1, 0], [1, 0, 1]])
    named_confusion = modules("core.inspect.confusion").named_confusion
    confusion = named_confusion(CLASSES, counted, counts, "test")
    assert (confusion.total, confusion.right) == (5, 3)
    assert confusion.mistakes(9) == [("disc", "square", 1), ("bar", "disc", 1)]


def test_a_matrix_of_many_classes_is_drawn_small(modules: Modules) -> None:
    confusion = modules("core.inspect.confusion").named_confusion
    draw = modules("core.inspect.confusion_drawing").draw_confusion
    names = [str(number) for number in range(500)]

    few = draw(confusion(names[:10], "examples", 7 * np.eye(10, dtype=np.int64), "test"))
    many = draw(confusion(names, "examples", np.eye(500, dtype=np.int64), "test"))

    assert max(few.size) < 500
    assert many.size == (1000, 1016)
    assert many.getpixel((1, 1)) != (255, 255, 255) == many.getpixel((3, 1))
