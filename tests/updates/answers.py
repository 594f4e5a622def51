"""The answers that projects are made with: each task type, and each other question once."""

from typing import Any

import yaml
from projects import ROOT, TASKS

SETTINGS = yaml.safe_load((ROOT / "copier.yml").read_text(encoding="utf-8"))


def with_everything() -> dict[str, Any]:
    """Switch on whatever is off, as far as copier.yml asks for it, and answer in odd words."""
    words = {
        "author": "Ada Lovelace",
        "description": 'A "quoted" one: ünï',
        "license": "BSD-3-Clause",
    }
    return words | {name: True for name in SETTINGS if is_switch(name)} | choices()


def is_switch(name: str) -> bool:
    """Whether a question of copier.yml is answered by yes or no."""
    return isinstance(SETTINGS[name], dict) and SETTINGS[name].get("type") == "bool"


def choices() -> dict[str, str]:
    """The first choice, other than its default, of a question that may be there: ``ci``, ``ui``."""
    found: dict[str, str] = {}
    for name in ("ci", "ui"):
        offered = SETTINGS.get(name, {}).get("choices", {})
        values = list(offered.values()) if isinstance(offered, dict) else offered
        others = [value for value in values if value != SETTINGS[name]["default"]]
        found |= {name: others[0]} if others else {}
    return found


ANSWERS: dict[str, dict[str, Any]] = {task: {"task": task} for task in TASKS}
ANSWERS["everything"] = with_everything()
