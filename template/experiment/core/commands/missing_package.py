"""Says which Python to take where one lacks what the project asks for.

Template's file: updates replace it. ``python main.py`` in place of ``uv run python main.py`` is an
easy mistake, of which a traceback would not say what is right.
"""

import re
import sys
import tomllib
from pathlib import Path

PYPROJECT = Path(__file__).parents[3] / "pyproject.toml"
# What is imported by another name than it is installed by.
IMPORTED = {"scikit-learn": "sklearn", "pillow": "PIL", "pyyaml": "yaml", "opencv-python": "cv2"}
# What comes with those that are listed, and is imported by itself.
BROUGHT = {"lightning_fabric", "PIL", "tqdm", "typing_extensions", "yaml"}


def missing_package(error: ModuleNotFoundError) -> str | None:
    """A sentence about a package that the project needs and this Python lacks; None of others."""
    if error.name not in _listed() | BROUGHT:
        return None
    return (
        f"{error.name}, which the project needs, is not installed for {sys.executable}: "
        "type uv run python main.py ..., which takes the project's own environment"
    )


def _listed() -> set[str]:
    """The packages that pyproject.toml lists for every command, as they are imported."""
    try:
        content = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))
        lines = [str(line) for line in content["project"]["dependencies"]]
    except (OSError, ValueError, KeyError, TypeError):  # whoever edits it is told elsewhere
        return set()
    names = [re.split(r"[^\w.-]", line, maxsplit=1)[0].lower() for line in lines]
    return {IMPORTED.get(name, name.replace("-", "_")) for name in names}
