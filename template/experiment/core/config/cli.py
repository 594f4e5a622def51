"""The command line: words to a namespace, without torch and without OmegaConf.

Template's file: updates replace it. To add an option, add an argument to the parser in main.py.
"""

import argparse
import sys
from argparse import Namespace
from collections.abc import Iterator, Sequence
from typing import Any, NoReturn

from ..errors import UserError
from ..files import PROJECT, typed_path
from ..spelling import did_you_mean, nearest

COMMANDS = {
    "fit": "train; this is what is done when no command is given",
    "validate": "the metrics of a checkpoint on the validation split",
    "test": "the metrics of a checkpoint on the test split",
    "predict": "a checkpoint's answers for new inputs, written to a file",
    "export": "a checkpoint's network for use without the project: ONNX, torch.export, weights",
    "tune": "find a learning rate or a batch size, or draw the schedule",
    "sweep": "run a sweep file (sweep [FILE], default sweeps/sweep.yaml) here, without an account",
    "inspect": "look before you train (inspect data, inspect model): findings, numbers, a page",
    "config": "print the resolved configuration and where each value came from",
    "smoke": "prove the wiring in seconds",
}
EVERY = tuple(COMMANDS)
EVALUATIONS = ("validate", "test", "predict")
OF_A_RUN = (*EVALUATIONS, "export")  # these look back at a trained run
INSPECTED = ("data", "model")  # what `inspect` can look at
SETTING = ("config", "inspect", "smoke", "sweep", "tune")  # these take whatever sets a value
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
    ("fit", "sweep", *OF_A_RUN, "inspect"): [
        (
            "--output",
            "output",
            "PATH",
            "folder of the runs, default runs; of predict and inspect: their file",
        ),
    ],
    ("inspect",): [
        ("--run", "inspected_run", "NAME", "after training: what this run's best model contests"),
        ("--json", "json", None, "print what was seen as JSON, instead of words and a page"),
        ("--exclude", "exclude", "FILE", "list what to leave out there, for data.exclude=FILE"),
        ("--most", "most", "N", "examples of a split to look at, drawn by --seed; default all"),
        ("--strict", "strict", None, "exit code 1 if there is an error among the findings"),
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
SWITCHES = ("--allow-change", "--batch-size", "--json", "--schedule", "--strict", "--write")
ACTIONS: dict[str, dict[str, Any]] = {
    "--config": {"action": "append"},
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
    "inspected": None,
    "inspected_run": None,
    "json": False,
    "exclude": None,
    "most": None,
    "strict": False,
    "workers": None,
    "devices_per_trial": None,
}
# These may be paths; of a shell, `--output=~/runs` arrives here as it was typed.
PATHS = ("name", "output", "predictions", "inspected", "inspected_run", "exclude")
PATHS += ("resume", "weights_from", "checkpoint", "input", "file")
CORE_ARGUMENTS = frozenset({"command", "overrides", *DEFAULTS})  # all others are settings
WANDB_KEYS = ("_wandb", "wandb_version")  # W&B's agent passes them for itself


def make_parser(description: str | None) -> argparse.ArgumentParser:
    """The parser of ``main.py``.

    Add options of your own with the setting's key as ``dest``; what is not typed sets nothing:
    ``parser.add_argument("--width", dest="model.width")``.
    """
    parser = _Parser(
        prog="main.py",
        usage="%(prog)s [command] [options] [key=value ...]",
        description=description,
        argument_default=argparse.SUPPRESS,
        formatter_class=_HelpFormatter,
        allow_abbrev=False,
        add_help=False,
    )
    parser.add_argument("words", nargs="*", help=argparse.SUPPRESS)
    rows = [f"{command:<18}  {does}" for command, does in COMMANDS.items()]
    parser.add_argument_group("commands", "\n".join(rows))
    every = parser.add_argument_group("every command", KEY_VALUE)
    for commands, options in OPTIONS.items():
        group = every if commands is EVERY else parser.add_argument_group(", ".join(commands))
        for flag, dest, metavar, meaning in options:
            form: dict[str, Any] = {"metavar": metavar} if metavar else {}
            group.add_argument(flag, dest=dest, help=meaning, **form, **ACTIONS.get(flag, {}))
    every.add_argument("-h", "--help", action="help", help="show this page")
    return parser


def parse_arguments(
    parser: argparse.ArgumentParser, argv: Sequence[str] | None = None
) -> Namespace:
    """What was typed, with the defaults of ``CORE_ARGUMENTS``; exits with 2 and a sentence.

    Every attribute that is not in ``CORE_ARGUMENTS`` is a setting, by its dotted key. ``output`` is
    the folder of the runs; what ``predict --output FILE`` names is in ``predictions``, and what
    ``inspect --output FILE`` names in ``inspected``.
    """
    try:
        return _parse(parser, sys.argv[1:] if argv is None else argv)
    except UserError as error:
        print(error, file=sys.stderr)
        sys.exit(error.code)


def _parse(parser: argparse.ArgumentParser, argv: Sequence[str]) -> Namespace:
    flags = [flag for action in parser._actions for flag in action.option_strings]
    namespace, unknown = parser.parse_known_intermixed_args(list(_settings_as_words(argv, flags)))
    if unknown:
        raise _wrong(_unknown_option(unknown[0], flags))
    typed = vars(namespace)
    words = typed.pop("words", [])
    settings = [word for word in words if "=" in word[1:]]  # something stands before it
    names = [word for word in words if word not in settings]
    if names[:1] == ["sweep"] and len(names) > 1:
        typed["file"] = names.pop(1)
    if names[:1] == ["inspect"]:
        typed["what"] = _inspected(names.pop(1) if len(names) > 1 else "")
    command = _command(names)
    _refuse_unused(command, typed)
    if command == "predict":
        if "input" not in typed:
            raise _wrong("predict needs --input PATH")
        typed["predictions"] = typed.pop("output", None)
    if command == "inspect":
        typed["inspected"] = typed.pop("output", None)
    _find_homes(typed)
    return Namespace(**{**DEFAULTS, **typed, "command": command, "overrides": settings})


def _find_homes(typed: dict[str, Any]) -> None:
    """Let ``~`` be the home in every path: a folder of that name is what nobody wants."""
    for name in PATHS:
        if (typed.get(name) or "").startswith("~"):
            typed[name] = str(typed_path(typed[name]))
    if "config" in typed:
        files = typed["config"]
        typed["config"] = [str(typed_path(file)) if file[:1] == "~" else file for file in files]


def _settings_as_words(argv: Sequence[str], flags: list[str]) -> Iterator[str]:
    """Take ``--model.depth=3``, as sweep agents write it, for ``model.depth=3``."""
    for word in argv:
        flag, equals, _ = word.partition("=")
        if flag.lstrip("-") in WANDB_KEYS:
            continue
        is_setting = equals and flag.startswith("--") and flag not in flags
        yield word[2:] if is_setting and not _near_flag(flag, flags) else word


def _command(words: list[str]) -> str:
    for word in words:
        if word not in COMMANDS:
            known = did_you_mean(nearest(word, COMMANDS)) or f"; there are {', '.join(COMMANDS)}"
            if "." in word:
                raise _wrong(f"{word} has no value: write {word}=VALUE")
            raise _wrong(f"{word} is not a command{known}")
    if len(words) > 1:
        raise _wrong(f"{words[0]} and {words[1]} are two commands; give one")
    return words[0] if words else "fit"


def _inspected(word: str) -> str:
    """What `inspect` shall look at."""
    if not word:
        raise _wrong(f"inspect what? Write {' or '.join(f'inspect {it}' for it in INSPECTED)}")
    if word not in INSPECTED:
        raise _wrong(f"inspect looks at {' or '.join(INSPECTED)}, not at {word}")
    return word


def _refuse_unused(command: str, typed: dict[str, Any]) -> None:
    for commands, options in OPTIONS.items():
        for flag, dest, _, _ in options:
            sets_a_value = dest not in DEFAULTS
            used = command in commands or (sets_a_value and command in SETTING)
            if dest in typed and not used:
                if command == "inspect" and flag == "--name":
                    name = typed[dest]
                    raise _wrong(f"inspect does not use --name; after training, write --run {name}")
                raise _wrong(f"{command} does not use {flag}, which is for {', '.join(commands)}")


def _unknown_option(word: str, flags: list[str]) -> str:
    flag = word.partition("=")[0]
    if "." in flag:
        return f"{flag} is not an option; a setting is written {flag.lstrip('-')}=VALUE"
    return f"{flag} is not an option{did_you_mean(_near_flag(flag, flags)) or '; see --help'}"


def _near_flag(flag: str, flags: list[str]) -> str | None:
    """The option that a word probably was; ``--model.depth`` is none, however near."""
    names = {name.lstrip("-"): name for name in flags}
    name = nearest(flag.lstrip("-"), names, cutoff=0.7) if "." not in flag else None
    return names[name] if name else None


def _wrong(message: str) -> UserError:
    return UserError(f"command line: {message}")


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one sentence, raised instead of printed."""

    def error(self, message: str) -> NoReturn:
        raise _wrong(message)


class _HelpFormatter(argparse.RawDescriptionHelpFormatter):
    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=22, width=100)
