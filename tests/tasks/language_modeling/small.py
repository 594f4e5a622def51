"""The smallest run of this task, for tests that train, and what its README speaks of."""

from pathlib import Path

# Some 8 batches an epoch, a few thousand weights: a run takes a second.
SMALL = (
    "data.vocab_size=300",
    "data.window=16",
    "data.limit=60",
    "data.batch_size=8",
    "model.depth=1",
    "model.dim=16",
    "model.num_heads=2",
    "sampling.max_new_tokens=4",
)


def bring(project: Path) -> None:
    """Two texts to go on with, as a reader would bring."""
    (project / "prompts.txt").write_text("A function is\nThe value of\n", encoding="utf-8")
