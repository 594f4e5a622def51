"""Clean data sets, and faults that are planted into them, by code apart from what finds them."""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

Random = np.random.Generator
Modules = Callable[[str], ModuleType]
CLASSES = ("disc", "square", "bar")
WORDS = [f"{a}{b}{c}" for a in "bdfklmnprst" for b in ("a", "ei", "o", "u") for c in "klmnrst"]


@dataclass
class Examples:
    """Some examples of a split: images as files' bytes, or texts.

    Args:
        items: One each.
        labels: The class of each; boxes with names where an image has several objects.
        names: What each is called.
        groups: What each must not be parted from.
    """

    items: list[bytes | str]
    labels: list[Any]
    names: list[str] = field(default_factory=list)
    groups: list[Any] | None = None

    def __post_init__(self) -> None:
        self.names = self.names or [f"{number:05}" for number in range(len(self.items))]

    def __len__(self) -> int:
        return len(self.items)

    def named(self, split: str) -> "Examples":
        """The same, each called by its split."""
        return Examples(
            self.items, self.labels, [f"{split}/{name}" for name in self.names], self.groups
        )


def image(random: Random, shape: int | None = None, size: tuple[int, int] | None = None) -> Any:
    """Leaves that lie on each other, grained; on top a shape that says its class."""
    width, height = size or (int(random.integers(48, 97)), int(random.integers(48, 97)))
    shown = Image.new("RGB", (width, height), _colour(random))
    draw = ImageDraw.Draw(shown)
    for _ in range(60):
        radius = 3 / max(0.04, random.random()) ** 0.8
        x, y = random.random() * width, random.random() * height
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=_colour(random))
    if shape is not None:
        x, y, r = width * random.uniform(0.3, 0.7), height * random.uniform(0.3, 0.7), height / 6
        wide = (1.0, 1.0, 2.2)[shape]
        box = (x - r * wide, y - r / wide, x + r * wide, y + r / wide)
        (draw.ellipse if shape == 0 else draw.rectangle)(box, fill=_colour(random))
    grain = random.normal(0, 6, (height, width, 1))
    return Image.fromarray((np.asarray(shown) + grain).clip(0, 255).astype(np.uint8))


def _colour(random: Random) -> tuple[int, int, int]:
    grey, apart = random.uniform(20, 235), random.normal(0, 30, 3)
    red, green, blue = (int(value) for value in (grey + apart).clip(0, 255))
    return red, green, blue


def saved(shown: Any, kind: str = "PNG", **options: Any) -> bytes:
    """An image as a file has it."""
    file = io.BytesIO()
    shown.save(file, kind, **options)
    return file.getvalue()


def opened(item: bytes | str) -> Any:
    assert isinstance(item, bytes)
    return Image.open(io.BytesIO(item))


def images(count: int, seed: int) -> Examples:
    """Clean images of three classes."""
    random = np.random.default_rng(seed)
    labels = [int(number) for number in random.integers(0, len(CLASSES), count)]
    return Examples(
        [saved(image(random, label)) for label in labels], [CLASSES[label] for label in labels]
    )


def texts(count: int, seed: int, vocabulary: Sequence[str] = WORDS) -> Examples:
    """Clean texts of two classes, each with some words of its own."""
    random = np.random.default_rng(seed)
    chances = 1 / (np.arange(len(vocabulary)) + 3)
    items: list[bytes | str] = []
    labels = [("calm", "loud")[number] for number in random.integers(0, 2, count)]
    for label in labels:
        chosen = random.choice(vocabulary, int(random.integers(20, 80)), p=chances / chances.sum())
        words = [*chosen.tolist(), *[label] * 2]
        random.shuffle(words)
        items.append(" ".join(words).capitalize() + ".")
    return Examples(items, labels)


# --- faults of an image, and of a text -----------------------------------------------------------


def unreadable(item: bytes, random: Random) -> bytes:
    return item[: len(item) // 2]


def dark(item: bytes, random: Random) -> bytes:
    return saved(opened(item).point(lambda value: int(value * random.uniform(0.15, 0.28))))


def light(item: bytes, random: Random) -> bytes:
    return saved(opened(item).point(lambda value: 243 + value // 22))


def blurred(item: bytes, random: Random) -> bytes:
    shown = opened(item)
    return saved(shown.filter(ImageFilter.GaussianBlur(max(shown.size) / random.uniform(16, 26))))


def low_information(item: bytes, random: Random) -> bytes:
    shown = Image.new("RGB", opened(item).size, _colour(random))
    x, y = (int(length * random.uniform(0.2, 0.6)) for length in shown.size)
    ImageDraw.Draw(shown).rectangle((x, y, x + 12, y + 12), fill=_colour(random))
    return saved(shown)


def odd_size(item: bytes, random: Random) -> bytes:
    scale = random.choice([0.12, 9.0])
    width, height = opened(item).size
    return saved(opened(item).resize((int(width * scale), int(height * scale))))


def odd_shape(item: bytes, random: Random) -> bytes:
    long, short = 140, int(random.integers(30, 44))
    return saved(image(random, None, (long, short) if random.random() < 0.5 else (short, long)))


def grey_among_colour(item: bytes, random: Random) -> bytes:
    grey = opened(item).convert("L")
    return saved(grey if random.random() < 0.5 else grey.convert("RGB"))


def turned(item: bytes, random: Random) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = int(random.choice([3, 6, 8]))
    return saved(opened(item), "JPEG", quality=95, exif=exif)


def empty(item: bytes, random: Random) -> bytes:
    return saved(Image.new("RGB", opened(item).size, _colour(random)))


def near(item: bytes, random: Random) -> bytes:
    """The same scene saved again: smaller, brighter, cut a little at the border."""
    shown = opened(item).convert("RGB")
    width, height = shown.size
    cut = 1 + int(min(width, height) * random.uniform(0, 0.02))
    shown = shown.crop((cut, cut, width - cut, height - cut))
    scale = random.uniform(0.7, 1.3)
    shown = shown.resize((int(width * scale), int(height * scale)))
    factor = random.uniform(0.85, 1.15)
    return saved(shown.point(lambda value: int(value * factor)), "JPEG", quality=60)


IMAGE_FAULTS = {
    fault.__name__: fault
    for fault in (
        unreadable, dark, light, blurred, low_information, odd_size, odd_shape, grey_among_colour,
        turned, empty,
    )
}  # fmt: skip


def wrongly_decoded(item: str, random: Random) -> str:
    words = item.split(" ")
    for place in random.choice(len(words), 4, replace=False):
        words[place] += "é"
    return " ".join(words).encode("utf-8").decode("latin-1")


def near_text(item: str, random: Random) -> str:
    """The same text, one word in twenty another one."""
    words = item.split(" ")
    for place in random.choice(len(words), 1 + len(words) // 20, replace=False):
        words[place] = "otherwise"
    return " ".join(words)


# --- as a DataModule ------------------------------------------------------------------------------


def data_module(
    experiment: Modules, splits: dict[str, Examples], facts: Any = None, **settings: Any
) -> Any:
    """A DataModule with these splits, whose datasets have ``record``."""
    base = experiment("core.data.datamodule").DataModule

    class PlantedData(base):
        facts_type = type(facts)

        def setup(self, stage: str | None = None) -> None:
            for name, examples in splits.items():
                self.datasets[name] = dataset(experiment, examples)

        def find_facts(self) -> Any:
            if facts is None:
                raise NotImplementedError("this data tells nothing")
            return facts

    return PlantedData(experiment("config").DataConfig(**settings))


class Files:
    """A dataset of examples: of images its items are ``(pixels, class number)``."""

    def __init__(self, examples: Examples, record_type: Any) -> None:
        self.examples, self.record_type = examples, record_type
        self.names = examples.names
        if isinstance(examples.labels[0], str | int | None):
            self.class_names = sorted({str(label) for label in examples.labels})
            numbers = {name: number for number, name in enumerate(self.class_names)}
            self.labels = np.array([numbers[str(label)] for label in examples.labels])

    def __len__(self) -> int:
        return len(self.examples)

    def __getitem__(self, index: int) -> Any:
        item = self.examples.items[index]
        if isinstance(item, str):
            return {"text": item, "label": int(self.labels[index])}
        pixels: NDArray[Any] = np.asarray(opened(item).convert("L").resize((32, 32)))
        return {"image": pixels[None].astype(np.float32) / 255}

    def record(self, index: int) -> Any:
        examples = self.examples
        item = examples.items[index]
        group = None if examples.groups is None else examples.groups[index]
        raw = item if isinstance(item, str) else opened(item)
        return self.record_type(examples.names[index], raw, examples.labels[index], group)


def dataset(experiment: Modules, examples: Examples) -> Files:
    return Files(examples, experiment("core.data.records").Record)
