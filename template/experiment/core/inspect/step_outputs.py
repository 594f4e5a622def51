"""What a training step has returned.

Template's file: updates replace it.
"""

from typing import Any


def loss_of(outputs: Any) -> Any:
    """The loss; None where a batch was skipped, or manual optimization returns none."""
    return outputs.get("loss") if isinstance(outputs, dict) else outputs
