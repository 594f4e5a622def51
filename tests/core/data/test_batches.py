"""What samples may be, and the batches that they make; datasets as other libraries have them."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from modules import Modules
from PIL import Image
from torch.utils._pytree import tree_flatten
from torch.utils.data import Dataset, TensorDataset, default_collate
from torch.utils.data import Subset as TorchSubset
from torchvision import tv_tensors
from torchvision.datasets import FakeData
from torchvision.transforms import v2

Make = Callable[..., Any]


class Pair(NamedTuple):
    one: torch.Tensor
    other: int | None


SAMPLES: dict[str, Callable[[int], Any]] = {
    "tuple": lambda i: (torch.full((3,), i), i),
    "named tuple": lambda i: Pair(torch.full((3,), i), i),
    "dict": lambda i: {"input": torch.full((2,), float(i)), "id": f"row {i}", "weight": i / 2},
    "nested": lambda i: {"a": (i, {"b": np.full(2, i)}), "c": [i, i + 1]},
    "tensor": lambda i: torch.full((2, 2), i),
    "int": lambda i: i,
    "float": lambda i: i / 4,
    "string": lambda i: f"text {i}",
    "array": lambda i: np.full((2,), i, dtype=np.float32),
}


class Listed(Dataset[Any]):
    def __init__(self, samples: list[Any]) -> None:
        self.samples = samples

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, index: int) -> Any:
        return self.samples[index]


class Described(Listed):
    """One that says something of its examples."""

    targets: Any = (0, 1, 0, 1, 0, 1)
    labels: Any = None
    labelled: Any = None
    groups: Any = None


class Picture(NamedTuple):
    image: Image.Image


def same(one: Any, other: Any) -> bool:
    (values, kind), (others, other_kind) = tree_flatten(one), tree_flatten(other)
    return kind == other_kind and all(
        torch.equal(a, b) and a.dtype == b.dtype if isinstance(a, torch.Tensor) else a == b
        for a, b in zip(values, others, strict=True)
    )


@pytest.mark.parametrize("form", SAMPLES)
@pytest.mark.parametrize("workers", [0, 1])
def test_samples_of_any_form_become_what_torch_makes_of_them(
    make: Make, form: str, workers: int
) -> None:
    if workers and form not in {"dict", "tuple"}:
        return  # the processes are the same for all
    samples = [SAMPLES[form](i) for i in range(6)]
    data = make(batch_size=4, num_workers=workers)
    data.transforms = lambda split: None

    batches = list(data.loader("val", Listed(samples)))

    assert same(batches[0], default_collate(samples[:4]))
    assert same(batches[1], default_collate(samples[4:]))


def test_a_transform_gets_a_sample_of_any_form(make: Make) -> None:
    data = make(batch_size=3)
    data.transforms = lambda split: lambda sample: {**sample, "weight": sample["weight"] + 1}

    (batch,) = data.loader("val", Listed([SAMPLES["dict"](i) for i in range(3)]))

    assert batch["weight"].tolist() == [1.0, 1.5, 2.0]
    assert batch["id"] == ["row 0", "row 1", "row 2"]


@pytest.mark.parametrize(
    ("samples", "sentence"),
    [
        ([{"a": 1}, {"a": 2, "b": 3}], "a sample has not always b"),
        ([(torch.zeros(2),), (torch.zeros(3),)], "field 0 has shapes such as (2,) and (3,)"),
        ([{"x": torch.zeros(1, 2)}, {"x": torch.zeros(1, 4)}], "field x has shapes such as (1, 2)"),
        ([Pair(torch.zeros(1), 2), Pair(torch.zeros(1), None)], "field other is NoneType or int"),
        ([(1, 2), (1, 2, 3)], "a sample has 2 or 3 entries"),
        ([Picture(Image.new("L", (2, 2)))] * 2, "field image is a Image"),
    ],
)
def test_samples_that_make_no_batch(
    make: Make, refusal: Callable[..., str], samples: list[Any], sentence: str
) -> None:
    data = make()
    data.transforms = lambda split: None

    message = refusal(lambda: next(iter(data.loader("val", Listed(samples)))))

    assert sentence in message
    assert "collate()" in message


def test_images_stay_images_until_the_batch_is_made(experiment: Modules) -> None:
    batches = experiment("core.data.batches")
    box = tv_tensors.BoundingBoxes(torch.ones(1, 4), format="XYXY", canvas_size=(4, 5))  # pyright: ignore[reportCallIssue]
    samples = [{"image": tv_tensors.Image(torch.zeros(1, 4, 5)), "boxes": box}] * 2

    batch = batches.stack(samples)

    assert isinstance(batch["image"], tv_tensors.Image)
    assert batch["boxes"].canvas_size == (4, 5)
    assert [type(value) for value in batches.plain(batch).values()] == [torch.Tensor] * 2
    again = batches.unstack(batch)
    assert all(torch.equal(sample["image"], samples[0]["image"]) for sample in again)


def test_a_tensor_dataset_is_fetched_whole(experiment: Modules, make: Make) -> None:
    data = make(batch_size=4, limit=5)
    data.transforms = lambda split: lambda sample: (sample[0] * 2, sample[1])
    data.setup = data.prepare_data = lambda *_, **__: None
    data.datasets = {"train": TensorDataset(torch.arange(10.0), torch.arange(10) % 2)}

    assert "in memory" in data.summary()[0]
    first, second = data.loader("val", data.examples("train"))
    assert (len(first[0]), len(second[0])) == (4, 1)
    assert first[0].tolist() == [index * 2 for index in (0, 2, 4, 6)]


@pytest.mark.parametrize("workers", [0, 2])
def test_a_dataset_of_torchvision_as_it_is(make: Make, workers: int) -> None:
    data = make(batch_size=8, num_workers=workers, val_fraction=0.25, test_fraction=0.0)
    data.setup = data.prepare_data = lambda *_, **__: None
    data.datasets = {"train": FakeData(20, (3, 8, 8), 4)}
    data.hold_out(data.datasets)
    data.transforms = lambda split: v2.Compose(
        [v2.ToImage(), v2.RandomHorizontalFlip(), v2.ToDtype(torch.float32, scale=True)]
    )

    image, label = next(iter(data.train_dataloader()))

    assert image.shape == (8, 3, 8, 8)
    assert type(image) is torch.Tensor
    assert label.dtype == torch.int64
    assert len(data.datasets["val"]) == 5


def test_what_a_dataset_says_of_itself(experiment: Modules) -> None:
    datasets = experiment("core.data.datasets")
    samples = [(i, i % 2) for i in range(6)]
    described = Described(samples)

    assert datasets.labels_of(described).tolist() == [0, 1] * 3
    assert datasets.labels_of(TorchSubset(described, [1, 3, 4])).tolist() == [1, 1, 0]
    chosen = datasets.Subset(TorchSubset(described, [1, 3, 4]), [2, 0])
    assert datasets.labels_of(chosen).tolist() == [0, 1]
    assert chosen[0] == samples[4]
    for unclear in ([0.5] * 6, [[0, 1]] * 6, [0, 1], None, [[0], [0, 1], [], [], [], []]):
        described.targets = unclear  # a regression, several classes each, another length
        assert datasets.labels_of(described) is None
    described.labels = ["cat", "dog", "cat", "ant", "dog", "cat"]
    assert datasets.labels_of(described).tolist() == [1, 2, 1, 0, 2, 1]
    assert datasets.is_labelled(described)
    described.labels = np.full(6, -1)
    assert not datasets.is_labelled(datasets.Subset(described, [0, 1]))
    described.labelled = True
    assert datasets.is_labelled(described)


def test_groups_are_not_parted(experiment: Modules, make: Make) -> None:
    samples = Described([(i,) for i in range(40)])
    samples.groups = [f"patient {i // 4}" for i in range(40)]

    rest, held = make().split(samples, 0.2)

    patients = [{samples.groups[i] for i in part.indices} for part in (rest, held)]
    assert not patients[0] & patients[1]
    assert len(held) == 8
    again = make(split_seed=1).split(samples, 0.2)[1]
    assert set(again.indices) != set(held.indices)


def test_a_split_that_nobody_knows_the_labels_of(make: Make, refusal: Callable[..., str]) -> None:
    def data(**values: Any) -> Any:
        made = make(val_fraction=0.0, **values)
        made.setup = made.prepare_data = lambda *_, **__: None
        unknown = Described([(0.0,)] * 7)
        unknown.labelled = False
        made.datasets = {"train": TensorDataset(torch.arange(20.0)), "test": unknown}
        made.hold_out(made.datasets)
        return made

    as_it_comes, by_hand = data(), data(test_fraction=0.25)

    assert not as_it_comes.has("test")
    assert as_it_comes.holds("test")
    assert len(as_it_comes.datasets["train"]) == 20
    assert "for predict alone" in as_it_comes.summary()[1]
    assert by_hand.has("test")
    assert {name: len(part) for name, part in by_hand.datasets.items()} == {
        "train": 15,
        "test": 5,
        "unlabelled": 7,
    }
    for made, split in ((as_it_comes, "test"), (by_hand, "unlabelled")):
        made.transforms = lambda split: None
        made.predict_split = split
        assert len(next(iter(made.predict_dataloader()))[0]) == 7


def test_views_of_an_image(experiment: Modules, make: Make) -> None:
    views = experiment("core.data").Views
    batch_type = experiment("data").Batch
    pixels = torch.randint(1, 256, (6, 3, 8, 8), dtype=torch.uint8)
    whole = experiment("core.data").TensorData(
        batch_type(tv_tensors.Image(pixels), torch.arange(6))
    )
    transform = views(v2.Compose([v2.RandomCrop(6), v2.ToDtype(torch.float32, scale=True)]), 3)
    data = make(batch_size=6)
    data.transforms = lambda split: transform

    together = next(iter(data.loader("val", whole)))
    one_by_one = next(iter(data.loader("val", Listed([whole[i] for i in range(6)]))))

    for batch in (together, one_by_one):
        assert batch.image.shape == (6, 3, 3, 6, 6)  # batch, views, channels, height, width
        assert batch.image.dtype == torch.float32
        assert batch.label.tolist() == list(range(6))
        distinct = {view.numpy().tobytes() for views in batch.image for view in views}
        assert len(distinct) > 12  # of 18, each drawn for itself


def test_a_record_is_what_the_source_has(experiment: Modules, make: Make) -> None:
    records = experiment("core.data.records")
    data = make(limit=5)

    found = [records.record_of(data.examples("train"), index) for index in range(5)]

    labels = data.examples("train").labels.tolist()
    assert [record.label for record in found] == [data.class_names[label] for label in labels]
    assert len({record.id for record in found}) == 5
    assert all(isinstance(record.raw, Image.Image) for record in found)
    assert records.record_of(Listed([1]), 0) is None
