"""Make tests/exports/huggingface_texts with the package datasets, as it saves and pushes texts.

``hub`` has the names that push_to_hub gives its files (src/datasets/arrow_dataset.py), which needs
the hub; the files are written by to_parquet, as it does.
"""

from pathlib import Path

from datasets import Dataset, DatasetDict  # pyright: ignore[reportMissingImports]

TARGET = Path(__file__).parent / "huggingface_texts"


def documents(first: int, count: int) -> Dataset:
    rows = range(first, first + count)
    return Dataset.from_dict(
        {
            "text": [f"Document {n}.\n" + f"A rose is a rose, said line {n}.\n" * 5 for n in rows],
            "timestamp": [f"2026-01-{1 + n % 28:02}" for n in rows],
        }
    )


def lines(word: str, count: int) -> Dataset:
    """As wikitext's rows: each a line with its end, a third of them empty."""
    rows = [["", f" = {word} {n} = \n", f" A {word} is a {word} . \n"] for n in range(count)]
    return Dataset.from_dict({"text": [row for three in rows for row in three]})


splits = {"train": documents(0, 120), "validation": documents(120, 20), "test": documents(140, 20)}
DatasetDict(**splits).save_to_disk(TARGET / "saved")

hub = TARGET / "hub" / "data"
hub.mkdir(parents=True, exist_ok=True)
for split, data in splits.items():
    shards = 2 if split == "train" else 1
    for index in range(shards):
        name = f"{split}-{index:05d}-of-{shards:05d}.parquet"
        data.shard(shards, index, contiguous=True).to_parquet(hub / name)
    (TARGET / "json").mkdir(exist_ok=True)
    data.to_json(TARGET / "json" / f"{split}.jsonl")
    (TARGET / "csv").mkdir(exist_ok=True)
    data.to_csv(TARGET / "csv" / f"{split}.csv", index=False)
(TARGET / "hub" / "README.md").write_text("---\nlicense: mit\n---\n")

wikitext = {
    "train": lines("rose", 400),
    "validation": lines("tulip", 60),
    "test": lines("aster", 60),
}
for subset in ("wikitext-2-raw-v1", "wikitext-2-v1"):
    folder = TARGET / "wikitext" / subset
    folder.mkdir(parents=True, exist_ok=True)
    for split, data in wikitext.items():
        data.to_parquet(folder / f"{split}-00000-of-00001.parquet")
