"""The command line of ``main.py queue``, whose ``add`` holds a whole command line of its own.

Template's file: updates replace it. Free of torch.

=========================  ======================================================================
``queue``                  what waits, runs and is over; ``--json``; ``--serve``: move it from here
``queue add WORDS``        put a training into the queue: WORDS are what would stand after main.py
``queue move ID PLACE``    let a waiting one be the PLACE-th of its device
``queue stop ID``          save and end; ``--hard``: end at once
``queue again ID``         let one that was stopped or has failed go on
``queue rm ID``            take one out that does not run; its run stays
=========================  ======================================================================
"""

from argparse import Namespace
from collections.abc import Callable, Sequence
from typing import Any

from ..errors import UserError
from ..spelling import did_you_mean, nearest
from .cli_options import OPTIONS

# What is to be done, and the words that follow it.
ACTIONS_OF_QUEUE = {
    "add": ("WORDS",),
    "move": ("ID", "PLACE"),
    "stop": ("ID",),
    "again": ("ID",),
    "rm": ("ID",),
}
OPTIONS_OF = {"": {"json", "serve"}, "stop": {"hard"}}
DEVICE, JSON = "--device", "--json"


def is_added(argv: Sequence[str]) -> bool:
    """Whether a training is put into the queue."""
    return list(argv[:2]) == ["queue", "add"]


def added(argv: Sequence[str], parse: Callable[[Sequence[str]], Namespace]) -> dict[str, Any]:
    """What ``queue add WORDS`` says; the words are understood as if they had been typed alone.

    Raises:
        UserError: They would not be taken, or there are none.
    """
    words = [word for word in argv[2:] if word != JSON]  # no training has this option
    words, device = _without_device(words)
    if not words:
        raise _wrong(f"queue add what? Write queue add [{DEVICE} D] fit, and all that fit takes")
    job = parse(words)
    return {
        "action": ["add", *words],
        "job": job,
        "device": device,
        "json": JSON in argv,
        "output": job.output,
    }


def check_queue(words: list[str], typed: dict[str, Any], settings: list[str]) -> None:
    """Refuse what ``queue`` does not use.

    Raises:
        UserError: The first such word or option.
    """
    action = words[0] if words else ""
    if action == "add":
        raise _wrong("queue add comes first: main.py queue add [--device D] fit ...")
    if action and action not in ACTIONS_OF_QUEUE:
        known = did_you_mean(nearest(action, ACTIONS_OF_QUEUE))
        raise _wrong(f"queue {action} is nothing{known or f'; there are {_known()}'}")
    wanted = ACTIONS_OF_QUEUE.get(action, ())
    if len(words) - bool(action) != len(wanted):
        raise _wrong(f"queue {action} takes {' and '.join(wanted)}; got {' '.join(words)}")
    if settings:
        raise _wrong(f"queue does not use {settings[0]}; a setting belongs to queue add fit ...")
    for name in typed:
        if name not in {"output", *OPTIONS_OF.get(action, ())}:
            flag = next((o[0] for rows in OPTIONS.values() for o in rows if o[1] == name), name)
            raise _wrong(f"queue{f' {action}' if action else ''} does not use {flag}")


def _without_device(words: list[str]) -> tuple[list[str], str | None]:
    """The words of the job, and the device that is named among them."""
    device, rest = None, []
    following = iter(words)
    for word in following:
        if word == DEVICE:
            device = next(following, "")
        elif word.startswith(f"{DEVICE}="):
            device = word.partition("=")[2]
        else:
            rest.append(word)
            continue
        if not device:
            raise _wrong(f"{DEVICE} needs the device: cpu, or a GPU's number")
    return rest, device


def _known() -> str:
    return ", ".join(f"queue {action}" for action in ACTIONS_OF_QUEUE)


def _wrong(message: str) -> UserError:
    return UserError(f"command line: {message}")
