"""Promises of the data: a batch is a pure function of its place, bad input gets a sentence."""

import hashlib
import json
import math
import random
import struct
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
import pytorch_lightning as pl
import torch
from PIL import Image
from torchvision import tv_tensors
from torchvision.transforms import v2
from torchvision.transforms.v2 import functional

Modules = Callable[[str], ModuleType]


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """The same draws in every test run, and no quarrel about the cores."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def make(experiment: Modules) -> Callable[..., Any]:
    """The experiment's data with some values of its configuration set."""

    def make_data(run: Any = None, **values: Any) -> Any:
        return experiment("data").ExperimentData(experiment("config").DataConfig(**values), run)

    return make_data


@pytest.fixture
def refusal(experiment: Modules) -> Callable[[Callable[[], Any]], str]:
    """The sentence with which something is refused."""

    def sentence(act: Callable[[], Any]) -> str:
        with pytest.raises(experiment("core.errors").UserError) as error:
            act()
        assert "\n" not in str(error.value)
        return str(error.value)

    return sentence


def batch_of(experiment: Modules, count: int = 64, channels: int = 3, size: int = 12) -> Any:
    pixels = torch.randint(1, 256, (1, channels, size, size + 2), dtype=torch.uint8)
    image = tv_tensors.Image(pixels.expand(count, -1, -1, -1).clone())
    return experiment("data").Batch(image, torch.arange(count))


def distinct(images: Any) -> int:
    return len({image.numpy().tobytes() for image in images.as_subclass(torch.Tensor)})


def batches(loader: Any) -> list[tuple[str, list[int]]]:
    return [
        (hashlib.sha256(batch.image.numpy().tobytes()).hexdigest(), batch.label.tolist())
        for batch in loader
    ]


# --- transforms of whole batches ----------------------------------------------------------------


class BlackOut(v2.Transform):
    """A researcher's own: blackens the image by chance."""

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        return {"keep": float(torch.rand(()) < 0.5)}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return inpt * params["keep"] if isinstance(inpt, tv_tensors.Image) else inpt


def test_color_jitter_differs_for_every_image_of_a_batch(experiment: Modules) -> None:
    batch = batch_of(experiment)
    transform = experiment("core.transforms").BatchTransform(v2.ColorJitter(0.5, 0.5, 0.5))

    result = transform(batch)

    assert distinct(result.image) == len(batch.label)
    assert isinstance(result.image, tv_tensors.Image)
    assert result.label.equal(batch.label)


def test_a_transform_of_ones_own_draws_for_every_image(experiment: Modules) -> None:
    batch = batch_of(experiment, count=400)

    black = (experiment("core.transforms").BatchTransform(BlackOut())(batch).image == 0).all(-1)

    assert 150 < black.all(-1).all(-1).sum() < 250


@pytest.mark.parametrize(
    ("transform", "change"),
    [
        (v2.RandomHorizontalFlip(0.3), functional.horizontal_flip),
        (v2.RandomVerticalFlip(0.3), functional.vertical_flip),
        (v2.RandomInvert(0.3), functional.invert),
        (v2.RandomGrayscale(0.3), lambda x: functional.rgb_to_grayscale(x, 3)),
    ],
)
def test_by_chance_each_image_is_changed_exactly_or_not_at_all(
    experiment: Modules, transform: Any, change: Callable[[Any], Any]
) -> None:
    batch = batch_of(experiment, count=2000)
    form = experiment("core.transforms").BatchTransform(transform)

    image = form(batch).image

    changed = (image == change(batch.image)).flatten(1).all(1)
    same = (image == batch.image).flatten(1).all(1)
    assert (changed ^ same).all()
    assert abs(changed.float().mean().item() - 0.3) < 4 * math.sqrt(0.3 * 0.7 / 2000)


def test_random_crop_takes_one_whole_window_for_each_image(experiment: Modules) -> None:
    batch = batch_of(experiment, count=300)
    crop = v2.RandomCrop((8, 9), padding=(2, 1), fill=7)
    padded = functional.pad(batch.image[0], [2, 1, 2, 1], fill=7)
    rows, columns = range(padded.shape[1] - 8 + 1), range(padded.shape[2] - 9 + 1)
    windows = {padded[:, y : y + 8, x : x + 9].numpy().tobytes() for y in rows for x in columns}

    image = experiment("core.transforms").BatchTransform(crop)(batch).image

    drawn = {one.numpy().tobytes() for one in image.as_subclass(torch.Tensor)}
    assert drawn <= windows
    assert len(drawn) > 0.8 * len(windows)


@pytest.mark.parametrize("interpolation", ["nearest", "bilinear"])
@pytest.mark.parametrize("fill", [0, [10.0, 20.0, 30.0]])
@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32])
def test_affine_moves_every_image_as_torchvision_does(
    experiment: Modules, interpolation: Any, fill: Any, dtype: Any, monkeypatch: Any
) -> None:
    transforms, drawn = experiment("core.transforms"), []
    warp = transforms.warp
    monkeypatch.setattr(transforms, "warp", lambda t, maps: drawn.append(maps) or warp(t, maps))
    batch = batch_of(experiment, count=32)
    batch = batch._replace(image=functional.to_dtype(batch.image, dtype))
    affine = v2.RandomAffine(
        (-30, 30),
        (0.2, 0.1),
        (0.8, 1.3),
        (-10, 10, -5, 5),
        interpolation=v2.InterpolationMode(interpolation),
        fill=fill,
    )

    image = transforms.BatchTransform(affine)(batch).image

    (maps,) = drawn
    assert distinct(image) == 32
    for one, moved, angle, x, y, scale, *shear in zip(
        batch.image, image, *(draw.tolist() for draw in maps), strict=True
    ):
        one, shift = tv_tensors.Image(one), [float(x), float(y)]
        expected = functional.affine(
            one, angle, shift, scale, shear, v2.InterpolationMode(interpolation), fill
        )
        error = (moved.float() - expected.float()).abs()
        assert error.mean() < 0.01  # one grey level here and there, where a half is rounded
        assert error.max() <= 1


def test_rotation_moves_masks_with_their_image(experiment: Modules) -> None:
    batch = batch_of(experiment, count=16, channels=1)
    batch = batch._replace(label=tv_tensors.Mask(batch.image[:, 0].clone()))

    result = experiment("core.transforms").BatchTransform(v2.RandomRotation((-60, 60)))(batch)

    assert result.image[:, 0].equal(result.label.as_subclass(torch.Tensor))
    assert distinct(result.image) > 10


def test_boxes_move_with_their_image(experiment: Modules) -> None:
    transforms = experiment("core.transforms")
    corners: Any = [[1, 2, 5, 6]]
    box = tv_tensors.BoundingBoxes(corners, format="XYXY", canvas_size=(12, 14))  # pyright: ignore[reportCallIssue]
    image = tv_tensors.Image(torch.zeros(1, 12, 14, dtype=torch.uint8))
    image[:, 2:6, 1:5] = 255
    batch = transforms.stack([experiment("data").Batch(image, box)] * 40)
    chain = v2.Compose([v2.RandomHorizontalFlip(), v2.RandomCrop((12, 14), padding=2)])

    result = transforms.BatchTransform(chain)(batch)

    assert isinstance(result.label, tv_tensors.BoundingBoxes)
    assert len({tuple(box) for box in result.label[:, 0].tolist()}) > 10
    for moved, (left, top, right, bottom) in zip(
        result.image[:, 0], result.label[:, 0].tolist(), strict=True
    ):
        assert moved[top:bottom, left:right].eq(255).all()
        assert moved.eq(255).sum() == (bottom - top) * (right - left)


def test_what_is_not_random_runs_once_on_the_whole_tensor(experiment: Modules) -> None:
    batch = batch_of(experiment)
    chain = v2.Compose(
        [v2.Resize(8), v2.ToDtype(torch.float32, scale=True), v2.Normalize([0.5], [2])]
    )
    form = experiment("core.transforms").BatchTransform(chain)

    result = form(batch)

    assert form.seed is None
    expected = torch.stack([chain(tv_tensors.Image(one)) for one in batch.image])
    torch.testing.assert_close(result.image.as_subclass(torch.Tensor), expected)


# --- order and position -------------------------------------------------------------------------


def test_a_seed_becomes_the_same_order_for_ever(experiment: Modules) -> None:
    sampling = experiment("core.sampling")
    labels = torch.arange(1000) % 7

    orders = sampling.shuffled(1000, 3, 5), sampling.balanced(labels, 3, 5)

    digests = [hashlib.sha256(o.astype("<i8").tobytes()).hexdigest()[:16] for o in orders]
    assert digests == ["f3c47f27c40ddb7a", "e66be15ba4c89e3f"]
    assert sorted(orders[0].tolist()) == list(range(1000))


def test_epochs_differ_and_repeat_themselves(make: Callable[..., Any]) -> None:
    data = make()

    first, second, again = data.order(0), data.order(1), data.order(0)

    examples = data.examples("train")
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

    assert "one by one" in alone.summary()[0]
    assert batches(alone.train_dataloader()) == batches(shared.train_dataloader())


def test_a_position_seeds_torch_python_and_numpy(experiment: Modules) -> None:
    seeding = experiment("core.seeding")

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
    seeds = experiment("core.step_seeds").StepSeeds(3)

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
    seeds = experiment("core.step_seeds").StepSeeds(3)
    seeds.epoch(5, rank=0)
    draw()

    seeds.look()

    assert seeds.looks is None


@pytest.mark.parametrize("own", ["transform", "dataset", "neither"])
def test_whoever_draws_from_numpy_gets_the_same_in_each_place(
    experiment: Modules, own: str
) -> None:
    datasets, key = experiment("core.datasets"), experiment("core.sampling").BatchKey
    batch = batch_of(experiment)

    class Noisy(datasets.TensorData):
        def __getitems__(self, indices: Any) -> Any:
            images, labels = super().__getitems__(indices)
            return type(batch)(images, labels + np.random.randint(2**31))

    class Noise(torch.nn.Module):
        def forward(self, sample: Any) -> Any:
            return sample._replace(label=sample.label + random.getrandbits(31))

    flip = v2.RandomHorizontalFlip()
    data = (Noisy if own == "dataset" else datasets.TensorData)(batch)
    chain = v2.Compose([flip, Noise()]) if own == "transform" else flip

    fetch = datasets.Fetch(data, chain)
    places = [key(0, number, np.arange(8)) for number in (0, 1, 1, 0)]
    labels = [fetch[place].label.tolist() for place in places]

    assert labels[:2] == labels[:1:-1]
    assert (labels[0] == labels[1]) == (own == "neither")


def test_ranks_share_a_batch(experiment: Modules) -> None:
    sampling = experiment("core.sampling")

    ranks = [
        list(sampling.BatchSampler(lambda _: np.arange(11), 11, 4, rank=rank, world_size=2))
        for rank in (0, 1)
    ]

    assert [key.indices.tolist() for key in ranks[0]] == [[0, 2, 4, 6], [8, 10]]
    assert [key.indices.tolist() for key in ranks[1]] == [[1, 3, 5, 7], [9]]
    assert {key.batch for rank in ranks for key in rank} == {0, 1, 2, 3}  # each draws its own


class Recorder(pl.LightningModule):
    """Learns nothing, remembers every batch, and saves itself once, between two batches."""

    def __init__(self, checkpoint: Path) -> None:
        super().__init__()
        self.layer, self.seen, self.checkpoint = torch.nn.Linear(1, 1), [], checkpoint

    def on_train_batch_start(self, batch: Any, batch_idx: int) -> None:
        if (self.current_epoch, batch_idx) == (1, 2) and not self.checkpoint.exists():
            self.trainer.save_checkpoint(self.checkpoint)

    def training_step(self, batch: Any, batch_idx: int) -> Any:
        digest = hashlib.sha256(batch.image.numpy().tobytes()).hexdigest()
        self.seen.append((self.current_epoch, batch_idx, digest))
        return self.layer(batch.image.mean().view(1, 1)).sum()

    def configure_optimizers(self) -> Any:
        return torch.optim.SGD(self.parameters(), lr=0.0)


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning")
def test_a_resumed_run_gets_the_remaining_batches(
    make: Callable[..., Any], tmp_path: Path, workers: int
) -> None:
    def fit(resumed: bool) -> list[tuple[int, int, str]]:
        recorder = Recorder(tmp_path / "middle.ckpt")
        trainer = pl.Trainer(
            max_epochs=3,
            accelerator="cpu",
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            use_distributed_sampler=False,
        )
        data = make(batch_size=200, limit=800, num_workers=workers)
        trainer.fit(recorder, data, ckpt_path=recorder.checkpoint if resumed else None)
        return recorder.seen

    whole = fit(resumed=False)
    rest = fit(resumed=True)

    assert [place[:2] for place in rest] == [(1, 2), (1, 3), (2, 0), (2, 1), (2, 2), (2, 3)]
    assert rest == whole[6:]
    assert len({digest for _, _, digest in whole}) == 12


def test_balanced_draws_every_class_alike(experiment: Modules, make: Callable[..., Any]) -> None:
    sampling = experiment("core.sampling")
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


# --- splits and slices --------------------------------------------------------------------------


def test_overfitting_trains_and_validates_on_the_same_few_batches_as_they_are(
    make: Callable[..., Any],
) -> None:
    data = make(overfit_batches=2, batch_size=16)

    training = batches(data.train_dataloader())
    first_epoch, later = data.order(0), data.order(7)

    assert len(training) == 2
    assert {len(labels) for _, labels in training} == {16}
    assert batches(data.val_dataloader()) == training
    assert first_epoch.tolist() == later.tolist()
    assert training == batches(
        make(overfit_batches=2, batch_size=16, augment=False).val_dataloader()
    )
    assert len(set(training[0][1] + training[1][1])) == 10  # spread over the classes


def test_split_is_stratified_and_fixed(make: Callable[..., Any]) -> None:
    data, again, other = make(), make(), make(split_seed=1)
    for each in (data, again, other):
        each.setup()

    val, train = data.datasets["val"], data.datasets["train"]
    counts = torch.bincount(val.labels) / torch.bincount(torch.cat([val.labels, train.labels]))
    assert (counts - 0.15).abs().max() < 0.01
    assert not set(val.indices) & set(train.indices)
    assert (val.indices == again.datasets["val"].indices).all()
    assert len(val) == len(other.datasets["val"])
    assert (val.indices != other.datasets["val"].indices).any()


def test_the_digits_are_split_as_scikit_learn_does(make: Callable[..., Any]) -> None:
    sklearn_data = import_module("sklearn.datasets")
    from sklearn.model_selection import train_test_split

    images, labels = sklearn_data.load_digits(return_X_y=True)
    arguments = {"test_size": 0.25, "stratify": labels, "random_state": 0}
    _, test_images, _, _ = train_test_split(images, labels, **arguments)

    data = make()
    data.setup()

    ours = data.datasets["test"].examples.image.flatten(1)
    expected = (torch.tensor(test_images) * 255 / 16).round().byte()
    assert sorted(ours.tolist()) == sorted(expected.tolist())


@pytest.mark.parametrize("limit", [10, 35, 100])
def test_limit_takes_of_each_class_alike(make: Callable[..., Any], limit: int) -> None:
    data = make(limit=limit)

    for split in ("train", "val", "test"):
        counts = torch.bincount(data.examples(split).labels, minlength=10)
        assert counts.sum() == limit
        assert counts.max() - counts.min() <= 1


def test_indices_are_exactly_the_training_examples(
    make: Callable[..., Any], refusal: Callable[..., str]
) -> None:
    data = make(indices=[5, 3, 5])

    assert data.examples("train").labels.tolist() == [
        make().examples("train").labels[i].item() for i in (5, 3, 5)
    ]
    assert len(data.examples("val")) == 202
    message = refusal(lambda: make(indices=[5000]).examples("train"))
    assert "data.indices: 5000" in message
    assert "1144" in message


# --- facts --------------------------------------------------------------------------------------


def test_facts_are_found_once(make: Callable[..., Any], tmp_path: Path, monkeypatch: Any) -> None:
    run = SimpleNamespace(seed=0, facts_file=tmp_path / "runs" / "wide" / "facts.json")
    facts = make(run).facts
    monkeypatch.setattr("experiment.data.ExperimentData.find_facts", None)

    again = make(run).facts

    assert again == facts
    assert facts.num_classes == 10
    assert (facts.channels, facts.image_size) == (1, 8)
    assert json.loads(run.facts_file.read_text())["class_names"] == [str(i) for i in range(10)]


def test_facts_of_another_form_are_refused(
    make: Callable[..., Any], refusal: Callable[..., str], tmp_path: Path
) -> None:
    run = SimpleNamespace(seed=0, facts_file=tmp_path / "facts.json")
    run.facts_file.write_text('{"classes": 3}')

    message = refusal(lambda: make(run).facts)

    assert "facts.json" in message
    assert "classes" in message
    assert "delete it" in message


def test_batches_have_the_documented_shape(make: Callable[..., Any]) -> None:
    batch = next(iter(make().train_dataloader()))

    assert (tuple(batch.image.shape), batch.image.dtype) == ((128, 1, 8, 8), torch.float32)
    assert (tuple(batch.label.shape), batch.label.dtype) == ((128,), torch.int64)
    assert type(batch.image) is torch.Tensor
    assert abs(batch.image.mean()) < 0.2


# --- sources ------------------------------------------------------------------------------------


def folder(root: Path, classes: dict[str, int], mode: str = "RGB", size: int = 20) -> Path:
    """An ImageFolder; the grey level of every image tells its class."""
    for number, (name, count) in enumerate(classes.items()):
        (root / name).mkdir(parents=True)
        for index in range(count):
            level = 40 + 60 * number + index % 10
            color = level if mode == "L" else (level,) * 3
            Image.new(mode, (size + index % 3, size), color).save(root / name / f"{index:03}.png")
    return root


@pytest.mark.parametrize("in_memory_mb", [0, 100])
def test_a_folder_with_splits(make: Callable[..., Any], tmp_path: Path, in_memory_mb: int) -> None:
    for split, count in (("train", 20), ("val", 5), ("test", 4)):
        folder(tmp_path / split, {"cat": count, "dog": count})
    data = make(source="folder", root=str(tmp_path), image_size=16, in_memory_mb=in_memory_mb)

    batch = next(iter(data.test_dataloader()))

    assert data.facts.class_names == ["cat", "dog"]
    assert (data.facts.channels, data.facts.image_size) == (3, 16)
    assert [len(data.examples(split)) for split in ("train", "val", "test")] == [40, 10, 8]
    assert batch.label.tolist() == [0] * 4 + [1] * 4
    assert batch.image.shape == (8, 3, 16, 16)
    assert batch.image[4:].mean() > batch.image[:4].mean()


def test_a_folder_without_splits_is_split_here(make: Callable[..., Any], tmp_path: Path) -> None:
    folder(tmp_path, {"cat": 40, "dog": 40, "emu": 40}, mode="L")
    (tmp_path / "cat" / ".DS_Store").write_text("")

    data = make(source="folder", root=str(tmp_path), image_size=8, val_fraction=0.25)

    assert data.facts.class_names == ["cat", "dog", "emu"]
    assert data.facts.channels == 1
    assert len(data.examples("test")) == 30
    assert torch.bincount(data.examples("val").labels).tolist() in ([8, 7, 7], [7, 8, 7], [7, 7, 8])


@pytest.mark.parametrize(("dtype", "suffix"), [(np.uint16, "png"), (">u2", "tiff"), ("i4", "tiff")])
@pytest.mark.parametrize("channels", [1, 3])
def test_images_of_16_bits_keep_their_greys(
    experiment: Modules, tmp_path: Path, dtype: Any, suffix: str, channels: int
) -> None:
    levels = np.arange(256).reshape(16, 16)
    file = tmp_path / f"deep.{suffix}"
    Image.fromarray((257 * levels).astype(dtype)).save(file)

    images = experiment("core.formats.image_folder").load_unlabelled(file, ["one"], channels)

    assert Image.open(file).mode.startswith("I")
    assert (images.read(0, 16).numpy() == levels).all()
    assert experiment("core.formats.images").common_channels(1, images.open) == 1


@pytest.mark.parametrize("in_memory_mb", [0, 100])
def test_the_pixels_are_measured_in_parts(
    make: Callable[..., Any], experiment: Modules, tmp_path: Path, in_memory_mb: int
) -> None:
    folder(tmp_path, {"cat": 60, "dog": 45})
    for broken in (*range(16), 40):  # a whole part, where files are read one by one
        (tmp_path / "cat" / f"{broken:03}.png").write_bytes(b"\x89PNG")
    statistics = experiment("core.pixel_statistics")
    data = make(
        source="folder",
        root=str(tmp_path),
        image_size=16,
        in_memory_mb=in_memory_mb,
        on_error="skip",
    )

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(statistics, "PART", 7)
        mean, std = statistics.pixel_statistics(data)

    image = data.some(2000).image.as_subclass(torch.Tensor) / 255
    torch.testing.assert_close(torch.tensor(mean), image.mean(dim=(0, 2, 3)))
    torch.testing.assert_close(torch.tensor(std), image.std(dim=(0, 2, 3)))
    assert data.facts.mean == mean


@pytest.mark.parametrize("held_out", [["val"], ["test"], ["valid", "test"]])
def test_a_folder_with_nothing_to_train_on(
    make: Callable[..., Any], refusal: Callable[..., str], tmp_path: Path, held_out: list[str]
) -> None:
    for split in held_out:
        folder(tmp_path / split, {"cat": 20, "dog": 20})

    message = refusal(make(source="folder", root=str(tmp_path)).setup)

    assert "but none to train on; expected train beside it" in message


def test_prediction_reads_a_folder_or_one_file(make: Callable[..., Any], tmp_path: Path) -> None:
    folder(tmp_path / "new", {"any": 3})
    data = make()
    assert data.facts.channels == 1

    for path, count in ((tmp_path / "new", 3), (tmp_path / "new" / "any" / "000.png", 1)):
        data.predict_path = path
        with torch.inference_mode():  # as Lightning does
            (batch,) = data.predict_dataloader()
        assert batch.image.shape == (count, 1, 8, 8)
        assert batch.label.tolist() == [-1] * count
        assert [Path(name).name for name in data.predict_names()] == [
            f"{i:03}.png" for i in range(count)
        ]


def write_mnist(root: Path) -> None:
    """MNIST's own raw files, with a few images in them."""
    raw = root / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for name, count in (("train", 60), ("t10k", 20)):
        labels = np.arange(count, dtype=np.uint8) % 10
        images = np.broadcast_to(labels[:, None, None] * 20, (count, 28, 28)).astype(np.uint8)
        header = struct.pack(">4B3I", 0, 0, 8, 3, count, 28, 28)
        (raw / f"{name}-images-idx3-ubyte").write_bytes(header + images.tobytes())
        header = struct.pack(">4BI", 0, 0, 8, 1, count)
        (raw / f"{name}-labels-idx1-ubyte").write_bytes(header + labels.tobytes())


@pytest.mark.parametrize("size", [28, 14])
def test_torchvision_reads_its_own_files(
    make: Callable[..., Any], tmp_path: Path, size: int
) -> None:
    write_mnist(tmp_path)

    data = make(source="torchvision", dataset="MNIST", root=str(tmp_path), image_size=size)

    assert data.facts.class_names[3] == "3 - three"
    assert [len(data.examples(split)) for split in ("train", "val", "test")] == [51, 9, 20]
    (batch,) = data.test_dataloader()
    assert batch.image.shape == (20, 1, size, size)
    assert batch.label.tolist() == [*range(10), *range(10)]
    assert batch.image[9].mean() > batch.image[1].mean()


def hub_data(tmp_path: Path, labels: Any = None) -> Path:
    hub = import_module("datasets")
    images = [Image.new("RGB", (10, 10), (0, 20 * (i % 3), 0)) for i in range(30)]
    if labels is None:
        labels = hub.ClassLabel(names=["ant", "bee", "fly"])
    features = hub.Features({"picture": hub.Image(), "kind": labels, "row": hub.Value("int32")})
    kinds = [i % 3 if hasattr(labels, "names") else ("x", "y", "z")[i % 3] for i in range(30)]
    columns = {"picture": images, "kind": kinds, "row": list(range(30))}
    data = hub.Dataset.from_dict(columns, features=features)
    hub.DatasetDict(train=data, validation=data.select(range(6))).save_to_disk(tmp_path / "hub")
    return tmp_path / "hub"


def test_huggingface_reads_a_saved_data_set(make: Callable[..., Any], tmp_path: Path) -> None:
    columns = {"image_column": "picture", "label_column": "kind", "root": str(tmp_path)}
    path = str(hub_data(tmp_path))

    data = make(source="huggingface", dataset=path, image_size=6, **columns)

    assert data.facts.class_names == ["ant", "bee", "fly"]
    assert [len(data.examples(split)) for split in ("train", "val", "test")] == [26, 6, 4]
    (batch,) = data.val_dataloader()
    assert batch.image.shape == (6, 3, 6, 6)
    assert batch.label.tolist() == [0, 1, 2, 0, 1, 2]


def test_huggingface_takes_words_as_classes(make: Callable[..., Any], tmp_path: Path) -> None:
    hub = import_module("datasets")
    columns = {"image_column": "picture", "label_column": "kind", "root": str(tmp_path)}
    path = str(hub_data(tmp_path, hub.Value("string")))

    data = make(source="huggingface", dataset=path, image_size=6, **columns)

    assert data.facts.class_names == ["x", "y", "z"]
    assert data.examples("val").labels.tolist() == [0, 1, 2, 0, 1, 2]


# --- bad input ----------------------------------------------------------------------------------


def test_a_folder_that_is_not_there(make: Callable[..., Any], refusal: Callable[..., str]) -> None:
    message = refusal(make(source="folder", root="/no/such/place").setup)

    assert "/no/such/place" in message
    assert "CLASS" in message


def test_a_folder_with_one_class_or_none(
    make: Callable[..., Any], refusal: Callable[..., str], tmp_path: Path
) -> None:
    assert "holds no folder for a class" in refusal(make(source="folder", root=str(tmp_path)).setup)
    folder(tmp_path, {"cat": 3})

    message = refusal(make(source="folder", root=str(tmp_path)).setup)

    assert "one class only, cat" in message


def test_an_empty_class(
    make: Callable[..., Any], refusal: Callable[..., str], tmp_path: Path
) -> None:
    folder(tmp_path, {"cat": 3, "dog": 0})

    message = refusal(make(source="folder", root=str(tmp_path)).setup)

    assert "dog is a class without images" in message


def test_a_class_that_only_the_test_images_have(
    make: Callable[..., Any], refusal: Callable[..., str], tmp_path: Path
) -> None:
    folder(tmp_path / "train", {"cat": 3, "dog": 3})
    folder(tmp_path / "test", {"cat": 3, "dogs": 3})

    message = refusal(make(source="folder", root=str(tmp_path)).setup)

    assert "test/dogs" in message
    assert "did you mean dog?" in message


@pytest.mark.parametrize("in_memory_mb", [0, 100])
@pytest.mark.parametrize("workers", [0, 2])
def test_a_damaged_image(
    make: Callable[..., Any],
    refusal: Callable[..., str],
    tmp_path: Path,
    caplog: Any,
    in_memory_mb: int,
    workers: int,
) -> None:
    folder(tmp_path, {"cat": 30, "dog": 30}, mode="L")
    damaged = tmp_path / "dog" / "007.png"
    damaged.write_bytes(damaged.read_bytes()[:50])
    values = {"source": "folder", "root": str(tmp_path), "in_memory_mb": in_memory_mb}
    values |= {"val_fraction": 0.1, "num_workers": workers}

    def read_all(data: Any) -> int:
        parts = data.train_dataloader(), data.val_dataloader(), data.test_dataloader()
        count = sum(len(batch.label) for part in parts for batch in part)
        data.teardown("fit")
        data.teardown("test")
        return count

    message = refusal(lambda: read_all(make(**values)))
    assert "dog/007.png cannot be read" in message
    assert "data.on_error=skip" in message
    assert read_all(make(on_error="skip", **values)) == 59
    assert any("1 of " in record.message for record in caplog.records)


def test_a_file_that_is_no_image(
    make: Callable[..., Any], refusal: Callable[..., str], tmp_path: Path
) -> None:
    folder(tmp_path, {"cat": 10, "dog": 10})
    (tmp_path / "cat" / "notes.txt").write_text("soft")
    values = {"source": "folder", "root": str(tmp_path)}

    message = refusal(make(**values).setup)

    assert "cat/notes.txt is no image file" in message
    assert ".png" in message
    assert make(on_error="skip", **values).has("train")


def test_prediction_input_without_images(
    make: Callable[..., Any], refusal: Callable[..., str], tmp_path: Path
) -> None:
    data = make()
    assert data.facts

    assert "no such file" in refusal(lambda: data.predict_dataset(tmp_path / "none"))
    assert "holds no image" in refusal(lambda: data.predict_dataset(tmp_path))


def test_a_torchvision_data_set_that_does_not_exist(
    make: Callable[..., Any], refusal: Callable[..., str], tmp_path: Path
) -> None:
    def setup(name: str) -> Any:
        return make(source="torchvision", dataset=name, root=str(tmp_path)).setup

    assert "did you mean FashionMNIST?" in refusal(setup("FasionMNIST"))
    assert "no classification data set" in refusal(setup("CocoDetection"))


def test_a_torchvision_data_set_out_of_reach(
    make: Callable[..., Any], refusal: Callable[..., str], tmp_path: Path, monkeypatch: Any
) -> None:
    def no_network(*_: Any, **__: Any) -> None:
        raise OSError("<urlopen error [Errno -3] Temporary failure in name resolution>")

    monkeypatch.setattr("torchvision.datasets.mnist.download_and_extract_archive", no_network)
    data = make(source="torchvision", dataset="MNIST", root=str(tmp_path))

    for act in (data.prepare_data, data.setup):
        message = refusal(act)
        assert "cannot get MNIST" in message
        assert "data.source=demo" in message


def test_a_column_that_does_not_exist(
    make: Callable[..., Any], refusal: Callable[..., str], tmp_path: Path
) -> None:
    values = {"source": "huggingface", "dataset": str(hub_data(tmp_path)), "root": str(tmp_path)}

    def setup(image: str, label: str) -> str:
        return refusal(make(image_column=image, label_column=label, **values).setup)

    assert "no column pictur, only picture, kind, row; did you mean picture?" in setup(
        "pictur", "kind"
    )
    assert "data.label_column" in setup("picture", "label")
    assert "holds Value, expected Image" in setup("row", "kind")


def test_a_hub_data_set_out_of_reach(
    make: Callable[..., Any], refusal: Callable[..., str], tmp_path: Path, monkeypatch: Any
) -> None:
    hub = import_module("datasets")

    def not_there(*_: Any, **__: Any) -> None:
        raise FileNotFoundError("Couldn't reach 'someone/birds' on the Hub (ConnectionError)")

    monkeypatch.setattr(hub, "load_dataset", not_there)
    (tmp_path / "odd").mkdir()
    values = {"source": "huggingface", "root": str(tmp_path)}

    assert "huggingface.co" in refusal(make(dataset="someone/birds", **values).setup)
    assert "save_to_disk" in refusal(make(dataset="odd", **values).setup)


def test_the_extra_for_hugging_face_is_named(
    make: Callable[..., Any], refusal: Callable[..., str], monkeypatch: Any
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "datasets", None)

    message = refusal(make(source="huggingface", dataset="any/thing").setup)

    assert "uv sync --extra huggingface" in message


def test_balancing_needs_classes(
    experiment: Modules, refusal: Callable[..., str], monkeypatch: Any, make: Callable[..., Any]
) -> None:
    data = make(sampler="balanced")
    data.setup()
    data.datasets["train"] = experiment("core.datasets").TensorData((torch.zeros(4, 1),))

    assert "data.sampler" in refusal(lambda: data.order(0))


# --- looking at it ------------------------------------------------------------------------------


def test_preview_is_drawn(experiment: Modules, make: Callable[..., Any], tmp_path: Path) -> None:
    samples = make().preview(6, "test")

    experiment("core.drawing").save_grid(samples, tmp_path / "grid.png")

    assert len({sample.text for sample in samples}) > 1
    with Image.open(tmp_path / "grid.png") as sheet:
        assert sheet.width > 3 * 90
        assert sheet.height > 2 * 90
