"""The smallest run of this task, for tests that train, and what its README speaks of."""

from pathlib import Path

# A few thousand weights and 8 batches an epoch: a run takes a second or two.
SMALL = ("data.limit=64", "data.batch_size=8", "model.width=4", "model.levels=2")


def bring(project: Path) -> None:
    """Two images to predict, as a reader would bring: not square, and of different sizes."""
    from PIL import Image

    folder = project / "my-images"
    folder.mkdir(exist_ok=True)
    for width in (40, 90):
        Image.new("L", (width, 60), 2 * width).save(folder / f"{width}.png")
