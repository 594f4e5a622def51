"""The tiniest run of this task: some 8 batches an epoch, a few thousand weights."""

SMALL = (
    "data.vocab_size=300",
    "data.window=16",
    "data.limit=60",
    "data.batch_size=8",
    "model.depth=1",
    "model.dim=16",
    "model.num_heads=2",
    "sampling.max_new_tokens=4",
    "trainer.log_every_n_steps=1",
)
