"""A generated project to measure, put together without Copier: what has no question in it."""

import argparse
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
# A task's files, and where the template puts them.
PLACES = {
    "config.py": "experiment",
    "data.py": "experiment",
    "model.py": "experiment",
    "module.py": "experiment",
    "experiment.yaml": "configs",
    "sweep.yaml": "sweeps",
}

PACKAGES = ("experiment", "main")


def command_line(page: str | None) -> argparse.ArgumentParser:
    """What every benchmark understands: ``--quick``, and ``--help``, which shows its page."""
    parser = argparse.ArgumentParser(
        description=page, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--quick", action="store_true", help="a few repetitions: whether it runs, not how fast"
    )
    return parser


def assemble(project: Path, task: str = "image_classification") -> Path:
    """Fill a folder with the template's plain files and those of a task."""
    unwanted = shutil.ignore_patterns("*.jinja", "__pycache__", ".*")
    shutil.copytree(ROOT / "template", project, ignore=unwanted, dirs_exist_ok=True)
    for file, folder in PLACES.items():
        shutil.copy(ROOT / "tasks" / task / file, project / folder)
    return project


@contextmanager
def temporary_project(task: str = "image_classification") -> Iterator[Path]:
    """A project that is gone afterwards, and can be imported meanwhile: ``import main``."""
    with tempfile.TemporaryDirectory(prefix="benchmark-", ignore_cleanup_errors=True) as folder:
        project = assemble(Path(folder), task)
        sys.path.insert(0, folder)
        yield project
        sys.path.remove(folder)
        for name in [name for name in sys.modules if name.partition(".")[0] in PACKAGES]:
            del sys.modules[name]  # the next project has its own of these names


def build(project: Path, *words: str) -> tuple[Any, Any, Any]:
    """What ``main.py fit WORDS`` makes before it trains: DataModule, LightningModule, Trainer.

    W&B logs offline; epochs do not end the training, whoever measures does.
    """
    import main  # pyright: ignore[reportMissingImports]
    from experiment.config import Config  # pyright: ignore[reportMissingImports]
    from experiment.core.config.load import load_settings  # pyright: ignore[reportMissingImports]
    from experiment.core.imports import import_torch  # pyright: ignore[reportMissingImports]
    from experiment.core.restart.resume_from import open_run  # pyright: ignore[reportMissingImports]

    runs = str(project / "runs")
    arguments = main.parse(
        ["fit", "--output", runs, "--resume", "none", "logger.wandb=offline", *words]
    )
    settings = load_settings(Config, arguments)
    import_torch()
    return main.build(settings.config, open_run(arguments, settings.config))
