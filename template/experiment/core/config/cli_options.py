"""What can be typed after ``main.py``: commands, options, and what holds where nothing is typed.

Template's file: updates replace it. Free of torch. To add an option of your own, add an argument to
the parser in main.py.
"""

from typing import Any

from ..files import PROJECT

COMMANDS = {
    "fit": "train; this is what is done when no command is given",
    "validate": "the metrics of a checkpoint on the validation split",
    "test": "the metrics of a checkpoint on the test split",
    "predict": "a checkpoint's answers for new inputs, written to a file",
    "export": "a checkpoint's network for use without the project: ONNX, torch.export, weights",
    "tune": "find a learning rate or a batch size, or draw the schedule",
    "sweep": "run a sweep file (sweep [FILE], default sweeps/sweep.yaml) here, without an account",
    "queue": "trainings in turn, one at a time on each device (queue add fit ...)",
    "inspect": "look before you train (inspect data, inspect model): findings, numbers, a page",
    "runs": "what lies in runs/, as a table; runs best, show NAME, compare A B, rm NAME",
    "ui": "the web page: choose, start, watch, from any device",
    "config": "print the resolved configuration and where each value came from",
    "smoke": "prove the wiring in seconds",
}
EVERY = tuple(COMMANDS)
EVALUATIONS = ("validate", "test", "predict")
OF_A_RUN = (*EVALUATIONS, "export")  # these look back at a trained run
RUNS = ("best", "show", "compare", "rm")  # what `runs` can do beside listing them
STANDALONE = ("runs",)  # these read no configuration
INSPECTED = ("data", "model")  # what `inspect` can look at
SETTING = ("config", "inspect", "smoke", "sweep", "tune", "ui")  # these take whatever sets a value
KEY_VALUE = "key=value           any setting that `main.py config` prints, such as model.depth=2"

# The commands that use the options; then flag, dest, what to write, what it means.
# A dest with a dot, and seed, is the key of the setting that the option sets.
OPTIONS = {
    EVERY: [
        ("--config", "config", "FILE", "default configs/experiment.yaml; given again, later wins"),
        ("--seed", "seed", "N", "of weights, order of samples, augmentation and dropout"),
        ("--set-json", "set_json", "JSON", "settings as one JSON object; for W&B's agents"),
    ],
    ("fit", "sweep", *OF_A_RUN): [
        ("--name", "name", "NAME", "of the run or sweep; fit and sweep go on with one that exists"),
    ],
    ("fit", "sweep", "queue", *OF_A_RUN, "inspect", "runs", "ui"): [
        (
            "--output",
            "output",
            "PATH",
            "folder of the runs, default runs; of predict and inspect: their file",
        ),
    ],
    ("inspect", "queue", "runs"): [
        ("--json", "json", None, "print JSON, instead of words and a page"),
    ],
    ("queue",): [
        ("--device", "device", "D", "of queue add: cpu or a GPU; default the GPU with least to do"),
        ("--hard", "hard", None, "of queue stop: end at once, without saving"),
        ("--serve", "serve", None, "move the queue from here until Ctrl-C, as a service does"),
    ],
    ("inspect",): [
        ("--run", "inspected_run", "NAME", "after training: what this run's best model contests"),
        ("--exclude", "exclude", "FILE", "list what to leave out there, for data.exclude=FILE"),
        ("--most", "most", "N", "examples of a split to look at, drawn by --seed; default all"),
        ("--strict", "strict", None, "exit code 1 if there is an error among the findings"),
    ],
    ("ui",): [
        ("--host", "host", "HOST", "where it listens, default 127.0.0.1; others take a password"),
        ("--port", "port", "N", "and on which port, default 7860"),
        ("--address", "address", None, "print the address that lets one more browser in"),
        ("--set-password", "set_password", None, "ask for the password that it shall take"),
    ],
    ("runs",): [
        ("--sort", "sort", "KEY", "by a column, a setting or a metric; --sort=-KEY: the other way"),
        ("--where", "where", "KEY=VALUE", "only these, such as model.depth=2 or status=failed"),
        ("--csv", "csv", None, "print CSV, instead of words"),
        ("--yes", "yes", None, "rm without asking"),
    ],
    ("fit", *EVALUATIONS): [
        ("--accelerator", "trainer.accelerator", "NAME", "auto, cpu, gpu, mps or tpu"),
        ("--devices", "trainer.devices", "N", "how many, or which (0,1), or auto: all there are"),
        ("--nodes", "trainer.num_nodes", "N", "machines"),
        ("--strategy", "trainer.strategy", "NAME", "auto (ddp), or fsdp: too large for one GPU"),
        ("--precision", "trainer.precision", "NAME", "32-true, bf16-mixed or 16-mixed"),
        ("--offline", "logger.wandb", None, "keep W&B's files here"),
    ],
    ("fit",): [
        ("--epochs", "trainer.max_epochs", "N", "passes over the training data"),
        ("--max-steps", "trainer.max_steps", "N", "stop after N optimizer steps"),
        (
            "--profile",
            "trainer.profile",
            None,
            "say where the time of a step goes; inspect model: by layer",
        ),
        ("--overfit", "data.overfit_batches", "N", "train and validate on the same N batches"),
        ("--max-time", "trainer.max_time", "TIME", "HH:MM:SS or DD:HH:MM:SS, then save and stop"),
        ("--restarts", "restart.max", "N", "in a row without a new checkpoint; 0: no supervisor"),
        ("--resume", "resume", "FROM", "auto (default), last, best, none, or a checkpoint's PATH"),
        (
            "--weights-from",
            "weights_from",
            "FROM",
            "weights of a RUN (its best), a PATH, or PATH:PART of it: fine-tune",
        ),
        (
            "--allow-change",
            "allow_change",
            None,
            "go on as another experiment; it is recorded",
        ),
    ],
    ("sweep",): [
        ("--workers", "workers", "N", "trials at a time, default 1 or as the GPUs allow"),
        ("--devices-per-trial", "devices_per_trial", "K", "GPUs that each trial has to itself"),
    ],
    (*OF_A_RUN, "inspect"): [
        ("--checkpoint", "checkpoint", "WHICH", "best (default), last, or a PATH"),
        ("--code", "code", "WHOSE", "tree (default): as it is now; run: as it was trained with"),
    ],
    ("tune",): [
        ("--batch-size", "batch_size", None, "find the largest that fits, not a learning rate"),
        ("--schedule", "schedule", None, "draw the learning rate over the steps of the run"),
        ("--write", "write", None, "put what was found into the YAML file"),
    ],
    ("predict",): [
        ("--input", "input", "PATH", "a file or a folder of files"),
    ],
    ("export",): [
        ("--format", "format", "FORM", "onnx (default), torch, weights, several (a,b), or all"),
    ],
}
SWITCHES = (
    "--address",
    "--set-password",
    "--allow-change",
    "--batch-size",
    "--csv",
    "--hard",
    "--json",
    "--schedule",
    "--serve",
)
SWITCHES += ("--strict", "--write", "--yes")
ACTIONS: dict[str, dict[str, Any]] = {
    "--config": {"action": "append"},
    "--where": {"action": "append"},
    "--profile": {"action": "store_const", "const": True},
    **{flag: {"action": "store_true"} for flag in SWITCHES},
    "--offline": {"action": "store_const", "const": "offline"},
}

DEFAULT_CONFIG = PROJECT / "configs" / "experiment.yaml"
DEFAULTS = {
    "config": [str(DEFAULT_CONFIG)],
    "set_json": None,
    "name": None,
    "output": str(PROJECT / "runs"),
    "predictions": None,
    "resume": "auto",
    "weights_from": None,
    "allow_change": False,
    "checkpoint": "best",
    "code": "tree",
    "input": None,
    "format": None,
    "batch_size": False,
    "schedule": False,
    "write": False,
    "file": None,
    "what": None,
    "names": None,
    "sort": None,
    "where": None,
    "csv": False,
    "host": None,
    "port": None,
    "address": False,
    "set_password": False,
    "yes": False,
    "inspected": None,
    "inspected_run": None,
    "json": False,
    "exclude": None,
    "most": None,
    "strict": False,
    "workers": None,
    "devices_per_trial": None,
    "action": [],
    "job": None,
    "device": None,
    "hard": False,
    "serve": False,
}
# These may be paths; of a shell, `--output=~/runs` arrives here as it was typed.
PATHS = ("name", "output", "predictions", "inspected", "inspected_run", "exclude")
PATHS += ("resume", "weights_from", "checkpoint", "input", "file")
CORE_ARGUMENTS = frozenset({"command", "overrides", *DEFAULTS})  # all others are settings
WANDB_KEYS = ("_wandb", "wandb_version")  # W&B's agent passes them for itself
