"""The smallest run of this task that is still one: a second of training."""

SMALL: tuple[str, ...] = (
    "data.limit=64",
    "data.batch_size=8",
    "model.width=4",
    "model.levels=1",
)
