"""What W&B is to be told once training is back: a dead process tells nobody.

Template's file: updates replace it. Free of torch.
"""

import json

from ..console import say
from ..files import write_json
from .layout import PENDING_ALERTS
from .run import Run


def keep_alert(run: Run, event: str, message: str) -> None:
    """Keep a message for W&B until training is back."""
    try:
        write_json(run.folder / PENDING_ALERTS, [*_pending(run), [event, message]])
    except OSError as error:
        say(f"W&B will not be told ({error.strerror}): {message}")


def take_alerts(run: Run) -> list[tuple[str, str]]:
    """The events and messages that W&B was not told of yet; they are forgotten."""
    pending = _pending(run)
    (run.folder / PENDING_ALERTS).unlink(missing_ok=True)
    return pending


def _pending(run: Run) -> list[tuple[str, str]]:
    try:
        kept = json.loads((run.folder / PENDING_ALERTS).read_text(encoding="utf-8"))
        return [(event, message) for event, message in kept]
    except (OSError, ValueError, TypeError):
        return []
