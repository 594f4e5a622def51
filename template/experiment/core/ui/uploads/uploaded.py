"""Which data came by the page and was not looked at yet: it is, before it is trained on.

Template's file: updates replace it.
"""

import json
from pathlib import Path

from filelock import FileLock

from ...files import write_json

RECORD = ".uploaded.json"


class Uploaded:
    """The folders that came by upload, by what became of them; kept beside the runs.

    Args:
        output: The folder of the runs.
    """

    def __init__(self, output: Path) -> None:
        self.file = output / RECORD

    def add(self, folder: Path) -> None:
        """One that has just come."""
        self._set(folder, False)

    def looked_at(self, folder: Path) -> None:
        """``inspect data`` has been run on it."""
        self._set(folder, True)

    def not_looked_at(self, paths: list[Path]) -> Path | None:
        """The first of the new folders that one of the paths leads into, or lies above."""
        for text, is_known in self._read().items():
            folder = Path(text)
            for path in (path.resolve() for path in paths):
                meant = path.is_relative_to(folder) or folder.is_relative_to(path)
                if meant and not is_known and folder.is_dir():
                    return folder
        return None

    def _set(self, folder: Path, is_known: bool) -> None:
        self.file.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(self.file.with_suffix(".lock")):
            write_json(self.file, {**self._read(), str(folder.resolve()): is_known})

    def _read(self) -> dict[str, bool]:
        try:
            return json.loads(self.file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
