"""The last lines of a run: what came out, and where everything lies.

Template's file: updates replace it. Free of torch: the supervisor says them, which trains nothing.
"""

from importlib.util import find_spec
from typing import Any

from ..console import say
from ..files import shown
from ..loggers.wandb_resume import sync_command
from ..runs.run import Run


def report(run: Run) -> None:
    """The last lines of a run: what came out, and where everything lies."""
    summary = run.summary
    epochs, steps = counted(summary, "epoch"), counted(summary, "step")
    say(f"{summary['status']}: {run.name}, {epochs}, {steps}, {summary['seconds']} s")
    for name, value in summary.get("metrics", {}).items():
        if name.startswith("test/"):
            say(f"  {name:<17} {value:.4f}")
    if failed := summary.get("test_error"):
        say(f"  testing failed    {failed}")
    if best := summary.get("best"):
        path = shown(run.folder / best["checkpoint"])
        say(f"  best checkpoint   {path}  ({best['metric']} {best['value']:.4g})")
    say(f"  log               {shown(run.log_file)}, {shown(run.metrics_file)}")
    say(f"  W&B               {wandb_line(run)}")
    if command := viewer(run):
        say(f"  look at it        {command}")


def counted(summary: dict[str, Any], unit: str) -> str:
    """How many epochs or steps a run has: ``1 epoch``, ``3 epochs``."""
    count = summary.get(f"{unit}s", 0)
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"


def wandb_line(run: Run) -> str:
    """Where a run's W&B page is, or the command that makes one of what was logged offline."""
    record = run.summary.get("wandb", {})
    if record.get("mode") == "online":
        return str(record.get("url"))
    if record.get("mode") != "offline":
        return "off"
    return f"offline; upload with: {sync_command(run.folder / 'wandb', record['segments'])}"


def viewer(run: Run) -> str | None:
    """What shows a run's curves without an account, of what is installed and was logged."""
    if (run.folder / "tensorboard").is_dir() and find_spec("tensorboard"):
        return f"tensorboard --logdir {shown(run.folder.parent)}"
    newest = max((run.folder / "wandb").glob("*run-*/*.wandb"), default=None)
    return f"wandb leet {shown(newest.parent)}" if newest and find_spec("wandb") else None
