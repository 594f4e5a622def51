"""What the files of a run's folder are called.

Template's file: updates replace it. Free of torch. Those that only ``Run`` names stand there.
"""

# In checkpoints/: what each is for stands in checkpoint/files.py.
LAST, PREVIOUS, SCORES = "last.ckpt", "last.previous.ckpt", "best.json"
START_SUFFIX = ".start.ckpt"  # best-*.start.ckpt
# Beside them.
WEIGHTS_FROM = "weights-from"  # the files that --weights-from chose
ROLLBACKS = "rollbacks.json"  # how often the run went back, and what is another since
NAN = "nan.json"  # where training diverged
EXCLUDED = "exclude.txt"  # the run's copy of data.exclude; a sweep has one, too
SWEEP_CONFIG = "base.yaml"  # of a sweep: what its trials start from; of a queued job likewise
TRIAL_FILE = "trial.json"  # in the folder of a sweep's trial: see sweep/trials.py
PENDING_ALERTS = ".untold.json"  # what W&B is to be told once training is back
LOCK = ".lock"  # held by the process that looks after the run
HEARTBEAT = ".heartbeat"  # the sign of life that the steps of training give
