"""Draw the README's picture of ``inspect data``: the page of photographs with planted faults.

    uv run --project my-experiment python docs/draw_inspection.py

writes ``docs/inspect-data.png``, as Chromium shows the beginning of the page. The photographs are
cut out of the two that scikit-learn brings.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter
from sklearn.datasets import load_sample_images

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "benchmarks"))

from project import assemble  # noqa: E402

TARGET = ROOT / "docs" / "inspect-data.png"
WIDTH, HEIGHT = 1000, 1330  # pixels of the page that are shown
COLOURS, LARGEST = 128, 200_000  # of the picture, bytes
COUNTS = {"train": 60, "val": 20, "test": 20}  # of each class
CHROMIUM = ("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars")
QUIET = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


def photographs(folder: Path) -> Path:
    """Cuttings of two photographs, and what was not meant to be among them."""
    random = np.random.default_rng(0)
    for split, count in COUNTS.items():
        for name, whole in zip(("temple", "dahlia"), load_sample_images().images, strict=True):
            (folder / split / name).mkdir(parents=True)
            for number in range(count):
                width, height = (int(random.integers(*ends)) for ends in ((160, 320), (120, 240)))
                x, y = random.integers(whole.shape[1] - width), random.integers(427 - height)
                cutting = Image.fromarray(whole[y : y + height, x : x + width])
                cutting.save(folder / split / name / f"{number:03}.jpg", quality=90)
    train, test = folder / "train", folder / "test"
    shutil.copy(train / "temple/003.jpg", test / "temple/a copy.jpg")
    shutil.copy(train / "temple/010.jpg", train / "dahlia/060.jpg")
    blurred = Image.open(train / "temple/013.jpg").filter(ImageFilter.GaussianBlur(9))
    blurred.save(train / "temple/013.jpg")
    dark = Image.open(train / "temple/012.jpg").point(lambda value: value // 12)
    dark.save(train / "temple/012.jpg")
    return folder


def main() -> None:
    """Look at the photographs, and at the page."""
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as profile:
        project = assemble(Path(folder) / "my-experiment")
        photographs(project / "photographs")
        words = ["data.source=folder", "data.root=photographs", "data.image_size=64"]
        command = [sys.executable, "main.py", "inspect", "data", *words, "--output", "page.html"]
        subprocess.run(command, cwd=project, check=True)
        shown = [f"--user-data-dir={profile}", f"--window-size={WIDTH},{HEIGHT}"]
        shot = project / "shot.png"
        page = (project / "page.html").as_uri()
        subprocess.run([*CHROMIUM, *shown, f"--screenshot={shot}", page], check=True, **QUIET)
        Image.open(shot).convert("RGB").quantize(COLOURS).save(TARGET, optimize=True)
    size = TARGET.stat().st_size
    if size > LARGEST:
        sys.exit(f"{TARGET} has {size:,} bytes; at most {LARGEST:,} are wanted")
    print(f"{TARGET}: {size:,} bytes")


if __name__ == "__main__":
    main()
