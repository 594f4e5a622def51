"""Which examples make a batch, and what is drawn for them: pure functions of their place."""

import hashlib
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from harness.image_batches import batch_of, batches
from harness.short_fits import fit
from modules import Modules
from torchvision.transforms import v2


def test_a_seed_becomes_the_same_order_for_ever(experiment: Modules) -> None:
    sampling = experiment("core.data.sampling")
    labels = torch.arange(1000) % 7

    orders = sampling.shuffled(1000, 3, 5), sampling.balanced(labels, 3, 5)

    digests = [hashlib.sha256(o.astype("<i8").tobytes()).hexdigest()[:16] for o in orders]
    assert digests == ["f3c47f27c40ddb7a", "e66be15ba4c89e3f"]
    assert sorted(orders[0].tolist()) == list(range(1000))


def test_epochs_differ_and_repeat_themselves(make: Callable[..., Any]) -> None:
    data = make()

    examples = data.examples("train")

    first, second, again = (data.order(examples, epoch) for epoch in (0, 1, 0))

    assert (first == again).all()
    assert (first != second).any()
    assert sorted(first) == list(range(len(examples)))


def test_workers_do_not_change_a_batch(make: Callable[..., Any]) -> None:
    alone = batches(make().train_dataloader())
    shared = batches(make(num_workers=2).train_dataloader())

    assert alone == shared
    assert [len(labels) for _, labels in alone] == [128] * 8 + [121]  # the last one is kept


def test_one_by_one_is_as_reproducible_as_in_memory(make: Callable[..., Any]) -> None:
    alone = make(in_memory_mb=0, limit=150)
    shared = make(in_memory_mb=0, limit=150, num_workers=2)

    assert "read as they are needed" in alone.summary()[0]
    assert batches(alone.train_dataloader()) == batches(shared.train_dataloader())


def test_a_position_seeds_torch_python_and_numpy(experiment: Modules) -> None:
    seeding = experiment("core.data.seeding")

    def draws() -> list[float]:
        return [random.gauss(0, 1), random.random(), np.random.rand(), float(torch.rand(1))]

    seeding.seed_all(3, 2, 5, 7)
    first = draws()  # gauss keeps its second number for the next call
    seeding.seed_all(5, 7, after=seeding.key_seed(3, 2))
    again = draws()
    seed = seeding.key_seed(3, 2, 5, 7)
    random.seed(seed)
    np.random.seed(seed & 0xFFFFFFFF)
    torch.manual_seed(seed)

    assert first == again == draws()
    seeding.seed_all(3, 2, 5, 8)
    assert not {*first} & {*draws()}


def test_steps_seed_python_and_numpy_only_when_somebody_draws(experiment: Modules) -> None:
    seeds = experiment("core.data.step_seeds").StepSeeds(3)

    def stepped(looks: int | None, *, batches: range, drawing: tuple[int, ...] = ()) -> list[float]:
        seeds.epoch(5, rank=0, looks=looks)
        drawn = []
        for batch in batches:
            seeds.look()
            seeds.step(batch, rank=0)
            if batch in drawing:
                drawn += [random.gauss(0, 1), np.random.rand(), float(torch.rand(1))]
        return drawn

    assert not stepped(0, batches=range(3))
    assert seeds.looks == 3  # nobody has drawn
    whole = stepped(0, batches=range(8), drawing=(4, 6))
    assert seeds.looks is None
    assert stepped(3, batches=range(3, 8), drawing=(4, 6)) == whole
    assert stepped(None, batches=range(6, 8), drawing=(6,)) == whole[3:]
    assert len({*whole}) == 6


@pytest.mark.parametrize("draw", [random.random, np.random.rand, lambda: np.random.seed(0)])
def test_no_draw_is_overlooked(experiment: Modules, draw: Callable[[], object]) -> None:
    seeds = experiment("core.data.step_seeds").StepSeeds(3)
    seeds.epoch(5, rank=0)
    draw()

    seeds.look()

    assert seeds.looks is None


@pytest.mark.parametrize("own", ["transform", "dataset", "neither"])
def test_whoever_draws_from_numpy_gets_the_same_in_each_place(
    experiment: Modules, own: str
) -> None:
    datasets, key = experiment("core.data.datasets"), experiment("core.data.sampling").BatchKey
    fetching = experiment("core.data.fetch")
    batch = batch_of(experiment)

    class Noisy(datasets.TensorData):
        def get_batch(self, indices: Any) -> Any:
            images, labels = super().get_batch(indices)
            return type(batch)(images, labels + np.random.randint(2**31))

    class Noise(torch.nn.Module):
        def forward(self, sample: Any) -> Any:
            return sample._replace(label=sample.label + random.getrandbits(31))

    flip = v2.RandomHorizontalFlip()
    data = (Noisy if own == "dataset" else datasets.TensorData)(batch)
    chain = v2.Compose([flip, Noise()]) if own == "transform" else flip

    fetch = fetching.Fetch(data, chain)
    places = [key(0, number, np.arange(8)) for number in (0, 1, 1, 0)]
    labels = [fetch[place].label.tolist() for place in places]

    assert labels[:2] == labels[:1:-1]
    assert (labels[0] == labels[1]) == (own == "neither")


def test_ranks_share_a_batch(experiment: Modules) -> None:
    sampling = experiment("core.data.sampling")

    ranks = [
        list(sampling.BatchSampler(lambda _: np.arange(11), 11, 4, rank=rank, world_size=2))
        for rank in (0, 1)
    ]

    assert [key.indices.tolist() for key in ranks[0]] == [[0, 2, 4, 6], [8, 10]]
    assert [key.indices.tolist() for key in ranks[1]] == [[1, 3, 5, 7], [9]]
    assert {key.batch for rank in ranks for key in rank} == {0, 1, 2, 3}  # each draws its own


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning")
def test_a_resumed_run_gets_the_remaining_batches(
    make: Callable[..., Any], tmp_path: Path, workers: int
) -> None:
    def seen(resumed: bool) -> list[tuple[int, int, str]]:
        data = make(batch_size=200, limit=800, num_workers=workers)
        return fit(data, tmp_path, (1, 2), resumed)

    whole, rest = seen(resumed=False), seen(resumed=True)

    assert [place[:2] for place in rest] == [(1, 2), (1, 3), (2, 0), (2, 1), (2, 2), (2, 3)]
    assert rest == whole[6:]
    assert len({digest for _, _, digest in whole}) == 12


def test_balanced_draws_every_class_alike(experiment: Modules, make: Callable[..., Any]) -> None:
    sampling = experiment("core.data.sampling")
    labels = torch.tensor([0] * 90 + [1] * 9 + [2])

    order = sampling.balanced(labels, 0, 0)

    assert torch.bincount(labels[order]).tolist() == [34, 33, 33]
    assert len(set(order[labels[order].numpy() == 0])) > 20  # with replacement, yet not always one
    data = make(sampler="balanced")
    assert {len(batch.label) for batch in data.train_dataloader()} == {128, 121}


def test_evaluation_is_in_order_and_draws_nothing(make: Callable[..., Any]) -> None:
    data = make()
    state = torch.get_rng_state()

    first, second = batches(data.val_dataloader()), batches(data.val_dataloader())

    assert first == second
    labels = [label for _, labels in first for label in labels]
    assert labels == data.examples("val").labels.tolist()
    assert torch.get_rng_state().equal(state)


def test_overfitting_trains_and_validates_on_the_same_few_batches_as_they_are(
    make: Callable[..., Any],
) -> None:
    data = make(overfit_batches=2, batch_size=16)

    training = batches(data.train_dataloader())
    examples = data.examples("train")
    first_epoch, later = data.order(examples, 0), data.order(examples, 7)

    assert len(training) == 2
    assert {len(labels) for _, labels in training} == {16}
    assert batches(data.val_dataloader()) == training
    assert first_epoch.tolist() == later.tolist()
    assert training == batches(
        make(overfit_batches=2, batch_size=16, augment=False).val_dataloader()
    )
    assert len(set(training[0][1] + training[1][1])) == 10  # spread over the classes
