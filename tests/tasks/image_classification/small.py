"""The smallest run of this task, for tests that train, and what its README speaks of."""

from pathlib import Path

# A few hundred weights and 7 batches an epoch, the last one short: a run takes a second.
SMALL = ("model.width=4", "data.limit=200", "data.batch_size=32")


def bring(project: Path) -> None:
    """Two images to predict, as a reader would bring."""
    from PIL import Image

    folder = project / "my-images"
    folder.mkdir(exist_ok=True)
    for shade in (40, 200):
        Image.new("L", (16, 16), shade).save(folder / f"{shade}.png")
