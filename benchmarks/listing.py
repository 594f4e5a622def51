"""How fast is a large folder of images listed, with torchvision's ImageFolder and with our reader?

    uv run --project my-experiment python benchmarks/listing.py

A hundred classes of five hundred files each. Ours also looks for splits, links that lead nowhere
and files that are no images, opens 64 headers, and names each file. Both list in turns, and the
fastest of each is compared. Apart from that: the first bytes of each file, which a start reads of
PNG and TIFF, once a run, to know which have 16 bits; names tell it of JPEG.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from project import command_line, temporary_project

CLASSES, FILES, TIMES = 100, 500, 5
LIMIT = 3.0


def make_folder(root: Path, suffix: str, files: int) -> Path:
    """Files that all are the same small image."""
    from PIL import Image

    one = root / f"one.{suffix}"
    Image.new("L", (8, 8), 7).save(one)
    content = one.read_bytes()
    for number in range(CLASSES):
        folder = root / suffix / f"class-{number:03}"
        folder.mkdir(parents=True)
        for index in range(files):
            (folder / f"{index:05}.{suffix}").write_bytes(content)
    return root / suffix


def fastest(lists: list[Callable[[], Any]], times: int) -> list[float]:
    """The least seconds of each, measured in turns."""
    seconds: list[list[float]] = [[] for _ in lists]
    for _ in range(times):
        for one, measured in zip(lists, seconds, strict=True):
            started = time.perf_counter()
            one()
            measured.append(time.perf_counter() - started)
    return [min(measured) for measured in seconds]


def main() -> int:
    arguments = command_line(__doc__).parse_args()
    files, times = (20, 1) if arguments.quick else (FILES, TIMES)
    ratios, depth = [], 0.0
    with temporary_project(), tempfile.TemporaryDirectory() as folder:
        from torchvision.datasets import ImageFolder

        from experiment.config import DataConfig  # pyright: ignore[reportMissingImports]
        from experiment.core.data.images import (  # pyright: ignore[reportMissingImports]
            folder as reader,
        )

        config = DataConfig(source="folder")
        for suffix in ("jpg", "png"):
            root = make_folder(Path(folder), suffix, files)
            found = reader.load(config, root)["train"]
            count, theirs_count = len(found), len(ImageFolder(str(root)))
            ours, theirs, depth = fastest(
                [
                    lambda root=root: reader.load(config, root),
                    lambda root=root: ImageFolder(str(root)),
                    found.maybe_deep,
                ],
                times,
            )
            print(f"{suffix}: ours {count} files in {ours:.3f} s", end=", ")
            print(f"ImageFolder {theirs_count} files in {theirs:.3f} s, depth in {depth:.3f} s")
            ratios.append(ours / theirs)
    print(
        f"listing: ours / ImageFolder = {ratios[0]:.2f}; PNG {ratios[1]:.2f}, depth {depth:.2f} s"
    )
    return 0 if arguments.quick or max(ratios) < LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
