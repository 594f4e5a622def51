"""``summary.json``, which tells other programs what a run is and how it ended; ``Run`` writes it.

Template's file: updates replace it. Free of torch.
"""

import json
from pathlib import Path
from typing import Any


def read_summary(folder: Path) -> dict[str, Any]:
    """A run's ``summary.json``; empty where there is none that can be read."""
    try:
        content = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}
