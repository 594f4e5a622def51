"""How long does looking at a data set take?

    uv run --project my-experiment python benchmarks/looking.py

50,000 JPEG files of 32 to 224 pixels in a folder, of which a tenth is for validation and a tenth
for tests, and 100,000 texts. All detectors run, near duplicates across splits included, and the
page is made; making the data does not count, listing it does.
"""

import importlib
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from project import ROOT, command_line, temporary_project

sys.path.insert(0, str(ROOT / "tests"))

import numpy as np
import planted  # pyright: ignore[reportMissingImports]

IMAGES, TEXTS = 50_000, 100_000
DISTINCT = 500  # scenes; each image is a part of one, of another size
SECONDS, BYTES = 60.0, 5_000_000  # at most


def make_folder(root: Path, count: int) -> None:
    """JPEG files of ten classes in three splits; parts of scenes, drawn so that all differ."""
    random = np.random.default_rng(0)
    scenes = [planted.image(random, None, (448, 448)) for _ in range(min(DISTINCT, count))]
    for number in range(count):
        split = ("val", "test", *["train"] * 8)[number % 10]
        folder = root / split / f"class-{number // 10 % 10}"
        folder.mkdir(parents=True, exist_ok=True)
        width, height = (int(side) for side in random.integers(32, 225, 2))
        left, top = int(random.integers(0, 448 - width)), int(random.integers(0, 448 - height))
        part = scenes[number % len(scenes)].crop((left, top, left + width, top + height))
        part.save(folder / f"{number:06}.jpg", quality=90)


def look_at(data: Any, what: str) -> tuple[float, int]:
    """Look at all of it, and make the page: in how many seconds, of how many bytes."""
    dataset = importlib.import_module("experiment.core.inspect.dataset.examine")
    pages = importlib.import_module("experiment.core.inspect.dataset.page")
    started = time.perf_counter()
    inspection = dataset.examine(data, strict=True)
    seen = time.perf_counter() - started
    size = len(pages.page(inspection, data, what).encode())
    spent = time.perf_counter() - started
    count = sum(len(split.indices) for split in inspection.splits)
    kinds = ", ".join(sorted({finding.detector for finding in inspection.findings}))
    print(f"{count:,} {what} in {seen:.1f} s ({1000 * seen / count:.2f} ms each): {kinds}")
    print(f"  the page in {spent - seen:.1f} s, {size / 1e6:.2f} MB")
    return spent, size


def look_at_images(count: int) -> tuple[float, int]:
    from experiment.config import DataConfig  # pyright: ignore[reportMissingImports]
    from experiment.data import ExperimentData  # pyright: ignore[reportMissingImports]

    with tempfile.TemporaryDirectory() as folder:
        make_folder(Path(folder), count)
        config = DataConfig(source="folder", root=folder, image_size=64)
        return look_at(ExperimentData(config), "images")


def look_at_texts(count: int) -> tuple[float, int]:
    texts = planted.texts(count, 1)
    cut = count * 8 // 10
    splits = {
        "train": planted.Examples(texts.items[:cut], texts.labels[:cut]),
        "val": planted.Examples(texts.items[cut:], texts.labels[cut:]),
    }
    data = planted.data_module(lambda name: importlib.import_module(f"experiment.{name}"), splits)
    return look_at(data, "texts")


def main() -> int:
    quick = command_line(__doc__).parse_args().quick
    with temporary_project():
        images, image_page = look_at_images(200 if quick else IMAGES)
        texts, text_page = look_at_texts(200 if quick else TEXTS)
    print(f"looking: images {images:.1f} s, texts {texts:.1f} s, pages included")
    holds = max(images, texts) < SECONDS and max(image_page, text_page) <= BYTES
    return 0 if quick or holds else 1


if __name__ == "__main__":
    sys.exit(main())
