"""What was typed after ``--data``: Copier passes over a question that it does not know."""

import difflib
import re
from collections.abc import Mapping

from rendering import TEMPLATE

# What Copier reads as yes or no; it takes any other word for yes.
YES_OR_NO = ("1", "0", "y", "n", "yes", "no", "t", "f", "true", "false", "on", "off")


def misread(given: Mapping[str, object]) -> list[str]:
    """Name what would be passed over, or be taken for something else."""
    kinds = questions()
    found = []
    for name, value in given.items():
        if name.startswith("_"):
            continue
        if name not in kinds:
            near = difflib.get_close_matches(name, kinds, 1)
            hint = f"did you mean {near[0]}" if near else f"there are {', '.join(kinds)}"
            found.append(f"--data {name}={value}: this template asks no {name}; {hint}")
        elif kinds[name] == "bool" and str(value).lower() not in YES_OR_NO:
            found.append(f"--data {name}={value}: the answer is yes or no")
    return found


def questions() -> dict[str, str]:
    """Read from copier.yml what is asked, each with its type; what is only computed is not."""
    text = (TEMPLATE / "copier.yml").read_text(encoding="utf-8")
    blocks = re.findall(r"^([a-z]\w*):\n((?:[ #].*\n|\n)*)", text, re.MULTILINE)
    asked = {name: block for name, block in blocks if "\n  when: false" not in f"\n{block}"}
    kinds = {name: re.search(r"^  type: (\w+)", block, re.M) for name, block in asked.items()}
    return {name: found[1] for name, found in kinds.items() if found}
