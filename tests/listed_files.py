"""Folders of examples for tests of what a list leaves out, and the lines of such a list."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
from boxed_files import write_yolo
from modules import Modules
from PIL import Image
from written_texts import write


def digest(file: Path) -> str:
    """What stands before an id in a list."""
    return hashlib.sha256(file.read_bytes()).hexdigest()[:16]


def line_of(root: Path, name: str) -> str:
    """The line that leaves out a file below ``root``."""
    return f"{digest(root / name)}  {name}"


def pictures(root: Path) -> Path:
    """Images in folders of their classes; returns one to leave out, as all of these do."""
    for kind, base in (("cats", 40), ("dögs", 90)):
        for number in range(6):
            file = root / kind / f"a picture {number}.png"
            file.parent.mkdir(parents=True, exist_ok=True)
            Image.new("L", (8, 8), base + number).save(file)
    return root / "cats/a picture 2.png"


def boxes(root: Path) -> Path:
    write_yolo(root)
    return root / "images/train/c.png"


def masks(root: Path) -> Path:
    for number in range(6):
        for folder, value in (("images", 40 + number), ("masks", number % 2)):
            file = root / folder / f"scene {number}.png"
            file.parent.mkdir(parents=True, exist_ok=True)
            Image.new("L", (8, 8), value).save(file)
    return root / "images/scene 2.png"


def texts(root: Path) -> Path:
    words = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta"]
    write(root, {f"train/é {word}.txt": f"{word} " * 200 for word in words})
    write(root, {"test/other.txt": "other " * 200})
    return root / "train/é gamma.txt"


def arrays(root: Path) -> Path:
    root.mkdir(parents=True, exist_ok=True)
    for number in range(6):
        cards = np.full((6, 10), number, dtype=np.float32)
        np.savez(root / f"hand {number}.npz", cards=cards, label=number % 2)
    return root / "hand 2.npz"


MAKERS = {
    "image_classification": pictures,
    "object_detection": boxes,
    "semantic_segmentation": masks,
    "language_modeling": texts,
    "custom": arrays,
}


def made(modules: Modules, root: Path, *lines: str, **values: Any) -> Any:
    """A task's data below ``root``, without what the lines of a list name."""
    if lines:
        file = root.parent / "exclude.txt"
        file.write_text("\n".join(lines), encoding="utf-8")
        values["exclude"] = str(file)
    settings: dict[str, Any] = {"source": "folder", "root": str(root), **values}
    settings.setdefault("cache", str(root.parent / "cache"))
    config = modules("config").DataConfig
    known = {name: value for name, value in settings.items() if name in config.__annotations__}
    known |= {n: v for n, v in settings.items() if hasattr(config, n) or n == "root"}
    return modules("data").ExperimentData(config(**known))
