"""Variables of W&B's that W&B itself refuses: named in a line, and then as if they were not set.

Template's file: updates replace it. A wrong one would end W&B's start, whatever else is set.
"""

import os
import re
from typing import Any

ENTITY = re.compile(r"[A-Za-z0-9_-]+")  # W&B takes another one, and its server does not find it


def refused_variables() -> dict[str, str]:
    """The variables that are set and cannot be used, each with W&B's reason."""
    given = {name: text for name, text in os.environ.items() if name.startswith("WANDB_")}
    found: dict[str, str] = {}
    if _reason(given):
        each = {name: _reason({name: text}) for name, text in given.items()}
        # Each for itself may be right, and not all of them together.
        together = {name: _reason(given) for name in ("WANDB_RESUME_FROM", "WANDB_FORK_FROM")}
        some = {name: why for name, why in each.items() if why}
        found = some or {name: why for name, why in together.items() if name in given}
    entity = given.get("WANDB_ENTITY", "")
    if entity and not ENTITY.fullmatch(entity):
        found["WANDB_ENTITY"] = "a team or user has letters, digits, - and _ only"
    return found


def described(refused: dict[str, str]) -> str:
    """All of them as a part of a sentence."""
    # A key is nobody's to read.
    shown = {name: "" if "KEY" in name else f"={os.environ[name]!r}" for name in refused}
    return "; ".join(f"{name}{shown[name]} ({why})" for name, why in refused.items())


def _reason(variables: dict[str, str]) -> str:
    """Why W&B refuses them; empty if it takes them."""
    import wandb

    settings: Any = wandb.Settings()
    take: Any = getattr(settings, "update_from_env_vars", None)
    if take is None:  # a W&B that reads them in another way says itself what it does not take
        return ""
    try:
        take(variables)
    except Exception as error:  # pydantic's, W&B's own, or of a value that is no JSON
        return _sentence(error)
    return ""


def _sentence(error: Exception) -> str:
    details: Any = getattr(error, "errors", None)
    message: str = details()[0]["msg"] if details else str(error)
    first = (message.strip().splitlines() or [type(error).__name__])[0]
    first = first.removeprefix("Value error, ")
    return first[:1].lower() + first[1:160]
