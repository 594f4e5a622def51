"""The command line: words to a namespace, without torch and without OmegaConf.

Template's file: updates replace it. To add an option, add an argument to the parser in main.py.
"""

import argparse
import sys
from argparse import Namespace
from collections.abc import Iterator, Sequence
from typing import Any, NoReturn

from ..errors import UserError
from ..files import typed_path
from ..spelling import did_you_mean, nearest
from . import cli_queue
from .cli_options import (
    ACTIONS,
    COMMANDS,
    DEFAULTS,
    EVERY,
    INSPECTED,
    KEY_VALUE,
    OPTIONS,
    PATHS,
    RUNS,
    SETTING,
    STANDALONE,
    WANDB_KEYS,
)


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
        conflict_handler="resolve",  # an option of yours goes before one that an update brings
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
        return arguments_of(parser, sys.argv[1:] if argv is None else argv)
    except UserError as error:
        print(error, file=sys.stderr)
        sys.exit(error.code)


def arguments_of(parser: argparse.ArgumentParser, argv: Sequence[str]) -> Namespace:
    """The same for whoever is no program of its own.

    Raises:
        UserError: A sentence.
    """
    if cli_queue.is_added(argv):
        typed = cli_queue.added(argv, lambda words: arguments_of(parser, words))
        return Namespace(**{**DEFAULTS, **typed, "command": "queue", "overrides": []})
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
    if names[:1] == ["runs"]:
        typed["action"], typed["names"] = _of_runs(names[1:])
        del names[1:]
    if names[:1] == ["queue"]:
        cli_queue.check_queue(names[1:], typed, settings)
        typed["action"], names = names[1:], ["queue"]
    command = _command(names)
    if settings and command in STANDALONE:
        hint = (
            f"; to choose among the runs write --where {settings[0]}" if command == "runs" else ""
        )
        raise _wrong(f"{command} takes no setting{hint}")
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


def _of_runs(words: list[str]) -> tuple[str | None, list[str]]:
    """What `runs` shall do, and with which."""
    action, names = (words[0], words[1:]) if words else (None, [])
    if action is not None and action not in RUNS:
        known = did_you_mean(nearest(action, RUNS)) or f"; there are {', '.join(RUNS)}"
        raise _wrong(f"runs {action} is not a command{known}")
    least, most = {"show": (1, 1), "compare": (2, 12), "rm": (1, None)}.get(action or "", (0, 0))
    if len(names) < least:
        raise _wrong(f"runs {action} needs {'a NAME' if least == 1 else 'two NAMES or more'}")
    if most is not None and len(names) > most:
        what = " ".join(filter(None, ("runs", action)))
        raise _wrong(
            f"{what} takes {most} NAME{'' if most == 1 else 'S'}; {names[most]} is too many"
        )
    return action, names


def _refuse_unused(command: str, typed: dict[str, Any]) -> None:
    for commands, options in OPTIONS.items():
        without = STANDALONE if commands is EVERY else ()
        for flag, dest, _, _ in options:
            sets_a_value = dest not in DEFAULTS
            used = command in commands or (sets_a_value and command in SETTING)
            used &= command not in without
            if dest in typed and not used:
                if command == "inspect" and flag == "--name":
                    name = typed[dest]
                    raise _wrong(f"inspect does not use --name; after training, write --run {name}")
                users = ", ".join(it for it in commands if it not in without)
                raise _wrong(f"{command} does not use {flag}, which is for {users}")


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
