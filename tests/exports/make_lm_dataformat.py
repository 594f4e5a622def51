"""Make tests/exports/pile as EleutherAI's lm_dataformat writes a corpus such as the Pile.

In an environment of its own: uv pip install lm_dataformat, and python make_lm_dataformat.py. The
archives get the names that the Pile's have: train/00.jsonl.zst, val.jsonl.zst, test.jsonl.zst.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

from lm_dataformat import Archive  # pyright: ignore[reportMissingImports]

TARGET = Path(__file__).parent / "pile"
FILES = {"train/00": 0, "train/01": 60, "val": 120, "test": 140}
COUNTS = {"train/00": 60, "train/01": 60, "val": 20, "test": 20}

for name, first in FILES.items():
    with TemporaryDirectory() as folder:
        archive = Archive(folder)
        for number in range(first, first + COUNTS[name]):
            text = f"Document {number}.\n" + f"A rose is a rose, said line {number}.\n" * 5
            archive.add_data(text, meta={"pile_set_name": "Roses"})
        archive.commit()
        (written,) = Path(folder).rglob("*.jsonl.zst")
        target = TARGET / f"{name}.jsonl.zst"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(written.read_bytes())
