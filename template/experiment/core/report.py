"""The last lines of a run: what came out, and where everything lies.

Template's file: updates replace it. Free of torch: the supervisor says them, which trains nothing.
"""

from .console import say
from .run import Run, shown


def report(run: Run) -> None:
    """The last lines of a run: what came out, and where everything lies."""
    summary = run.summary
    epochs, steps = summary.get("epochs", 0), summary.get("steps", 0)
    say(f"{summary['status']}: {run.name}, {epochs} epochs, {steps} steps, {summary['seconds']} s")
    for name, value in summary.get("metrics", {}).items():
        if name.startswith("test/"):
            say(f"  {name:<17} {value:.4f}")
    if best := summary.get("best"):
        path = shown(run.folder / best["checkpoint"])
        say(f"  best checkpoint   {path}  ({best['metric']} {best['value']:.4g})")
    say(f"  log               {shown(run.log_file)}, {shown(run.metrics_file)}")
    say(f"  W&B               {wandb_line(run)}")


def wandb_line(run: Run) -> str:
    """Where a run's W&B page is, or the command that makes one of what was logged offline."""
    record = run.summary.get("wandb", {})
    if record.get("mode") == "online":
        return str(record.get("url"))
    if record.get("mode") != "offline":
        return "off"
    return f"offline; upload with: wandb sync {shown(run.folder)}/wandb/offline-run-*"
