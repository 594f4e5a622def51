"""What ``main.py inspect model`` does: take a real training step, and say what it showed.

Template's file: updates replace it.
"""

import sys
import time
from argparse import Namespace
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from torch import nn

from ..config.load import Settings
from ..console import say
from ..errors import FINISHED, UserError
from ..files import PROJECT, shown
from ..inspect.network.as_json import to_json
from ..inspect.network.evidence import Evidence
from ..inspect.network.examine import describe, examine
from ..inspect.network.in_words import in_words
from ..inspect.network.look import NetworkLook
from ..inspect.network.page import page
from ..inspect.network.profile import STEPS, StepProfile, modules_marked, seconds_a_batch
from ..inspect.network.profiled import Profiled
from ..inspect.network.step import MOST_STEPS, StepWitness
from ..inspect.report.seriousness import Seriousness
from ..module.expected import read_expected
from ..module.parameter_groups import names_of
from ..trainer.tuner import find_batch_size
from .look_at_data import FOUND_AN_ERROR, Trained, refuse_folder, write
from .network_parts import Parts, built, checkpoint_size
from .smoke_batches import combined
from .smoke_errors import is_own_fault, sentence
from .standard_output import kept_for_json

FOLDER, PAGE = "inspect-model", "index.html"  # in the folder of the runs


def look_at_model(
    settings: Settings[Any], arguments: Namespace, build: Any, trained: Trained | None = None
) -> int:
    """Carry out ``inspect model``; the exit code."""
    folder = (trained[0].folder if trained else Path(arguments.output)) / FOLDER
    file = Path(arguments.inspected) if arguments.inspected else folder / PAGE
    refuse_folder(file)
    config, checkpoint = settings.config, trained[1] if trained else None
    with kept_for_json(arguments.json):
        found = see_network(config, build, checkpoint)
        if found.failure is None and config.trainer.profile:
            found.profiled = see_time(config, build, checkpoint)
    if arguments.json:
        text = to_json(found) + "\n"
    else:
        text = page(found, trained[0].name if trained else PROJECT.name)
        for line in in_words(found):
            say(line)
    if arguments.inspected or not arguments.json:
        write(file, text)
    else:
        sys.stdout.write(text)
    if not arguments.json:
        say(f"{'page':10} {shown(file)}")
    serious = any(one.seriousness == Seriousness.ERROR for one in found.findings)
    return FOUND_AN_ERROR if found.failure or (serious and arguments.strict) else FINISHED


def see_network(config: Any, build: Any, checkpoint: Path | None) -> NetworkLook:
    """Take the step, and look for what is wrong."""
    started, witness = time.perf_counter(), StepWitness()
    with (
        in_a_sentence(),
        built(config, build, checkpoint, 1, MOST_STEPS, as_configured=False) as parts,
    ):
        error = _take_a_step(parts, witness, config.seed)
        found = describe(parts.module, witness, error)
        if error is None:
            found.memory.checkpoint = checkpoint_size(parts)
        found.seconds = time.perf_counter() - started
        is_pretrained = getattr(getattr(config, "model", None), "pretrained", False)
        is_new = checkpoint is None and not is_pretrained
        if witness.trace:
            examine(found, _evidence(parts, witness, is_new))
    if found.device.startswith("cuda") and found.failure is None:
        found.memory.fits, found.memory.is_measured = find_batch_size(config, build), True
    return found


def see_time(config: Any, build: Any, checkpoint: Path | None) -> Profiled:
    """Take a few more steps, with the data as it is configured, and see how long they take."""
    watcher = StepProfile()
    with built(config, build, checkpoint, STEPS, STEPS) as parts:
        with modules_marked(parts.module):
            parts.fit(watcher, config.seed)
        data = seconds_a_batch(combined(parts.data.train_dataloader()))
    return watcher.result(data, config.data.num_workers or 0)


@contextmanager
def in_a_sentence() -> Iterator[None]:
    """Say of a project whose parts cannot be built, or that has no batch, what is wrong and where.

    Raises:
        UserError: The sentence.
    """
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        if not is_own_fault(error):
            raise
        raise UserError(sentence(error)) from error


def _take_a_step(parts: Parts, witness: StepWitness, seed: int) -> Exception | None:
    """Train until the witness has seen enough; what it failed with.

    Raises:
        UserError: It failed by something that was said clearly.
    """
    try:
        parts.fit(witness, seed)
    except UserError:
        if not witness.steps:  # else the step was seen whole, and a loss of NaN ended the rest
            raise
    except Exception as error:
        if witness.trace is None:  # before any step: what was not reached cannot be looked at
            raise
        return error
    finally:
        witness.close()
    return None


def _evidence(parts: Parts, witness: StepWitness, is_new: bool) -> Evidence:
    """With what is stated as meant, which is not asked about again."""
    expected, trace = read_expected(parts.module), witness.trace
    assert trace is not None

    def unstated(names: Sequence[str]) -> list[str]:
        return expected.unstated("no_gradient", names)

    def short_names(parameters: Sequence[nn.Parameter]) -> list[str]:
        return names_of(parts.module, parameters)

    facts = getattr(parts.data, "facts", None)
    return Evidence(parts.module, witness, trace, facts, is_new, unstated, short_names)
