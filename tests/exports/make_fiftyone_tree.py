"""Have FiftyOne write a classification tree, and keep its listing: fiftyone_tree/listing.txt.

    uv venv VENV && uv pip install --python VENV/bin/python fiftyone
    VENV/bin/python tests/exports/make_fiftyone_tree.py

FiftyOne's own exporter is run, by itself: it needs no database.
"""

import sys
import tempfile
from pathlib import Path

import fiftyone as fo  # pyright: ignore[reportMissingImports]
import fiftyone.utils.data as foud  # pyright: ignore[reportMissingImports]
import numpy as np

HERE = Path(__file__).parent


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for split, labels in (("train", ["cat", "dog", None]), ("val", ["cat", "dog"])):
            export = foud.ImageClassificationDirectoryTreeExporter(str(root / split))
            with export:
                for label in labels:
                    for _ in range(2):
                        image = np.zeros((8, 8, 3), dtype=np.uint8)
                        said = fo.Classification(label=label) if label else None
                        export.export_sample(image, said)
        files = sorted(
            path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()
        )
    (HERE / "fiftyone_tree").mkdir(exist_ok=True)
    listing = [f"# fiftyone {fo.__version__}", *files]
    (HERE / "fiftyone_tree" / "listing.txt").write_text("\n".join(listing) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
