"""The smallest run of this task, for tests that train."""

# A few hundred weights and 7 batches an epoch, the last one short: a run takes a second.
SMALL = ("model.width=4", "data.limit=200", "data.batch_size=32")
