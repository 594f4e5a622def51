"""Train, evaluate and use this experiment."""

# This file is yours. It tells the whole story: configuration -> data -> model -> Trainer.

import sys
from argparse import Namespace
from functools import partial
from typing import TYPE_CHECKING

from experiment.config import Config
from experiment.core.commands import load_run, run_command
from experiment.core.config import make_parser, parse_arguments

if TYPE_CHECKING:
    from pytorch_lightning import Trainer

    from experiment.core.runs import Run
    from experiment.data import ExperimentData
    from experiment.module import ExperimentModule


def parse(argv: list[str] | None = None) -> Namespace:
    """The command line. An option of your own sets the setting that its ``dest`` names:"""
    parser = make_parser(__doc__)
    # parser.add_argument("--width", dest="model.width", type=int, default=argparse.SUPPRESS)
    return parse_arguments(parser, argv)


def build(config: Config, run: "Run") -> "tuple[ExperimentData, ExperimentModule, Trainer]":
    """The parts of the experiment, each made from the configuration."""
    # Imported here: what needs no torch, such as --help, answers at once.
    from experiment.core.trainer import build_trainer
    from experiment.data import ExperimentData
    from experiment.module import ExperimentModule

    data = ExperimentData(config.data, run)
    module = ExperimentModule(config, data.facts)
    trainer = build_trainer(config, run)  # takes any further argument of Lightning's Trainer
    return data, module, trainer


def main(argv: list[str] | None = None) -> int:
    """Carry out one command; the exit code is 0 when all went well."""
    return run_command(parse(argv), Config, build)


# In a notebook: from main import load; config, data, module = load("run-001")
load = partial(load_run, Config, build)

if __name__ == "__main__":
    sys.exit(main())
