"""What W&B was told without a network, read back from a run's own file."""

import json
from pathlib import Path
from typing import Any

from modules import Modules


class Logged:
    """What an offline run's own file holds, and the files that it names."""

    def __init__(self, core: Modules, folder: Path) -> None:
        """Read the only run below ``folder``, by core's own reader of such files."""
        from wandb.proto import wandb_internal_pb2

        (self.folder,) = folder.glob("wandb/offline-run-*")
        (file,) = self.folder.glob("*.wandb")
        self.row: dict[str, Any] = {}
        self.files: dict[str, Path] = {}  # of tables, by the name that they have there
        for _, content in core("core.loggers.wandb_resume")._records(file):
            record: Any = wandb_internal_pb2.Record()  # pyright: ignore[reportAttributeAccessIssue]
            record.ParseFromString(content)
            for entry in record.artifact.manifest.contents:
                self.files[entry.path] = Path(entry.local_path)
            for item in record.history.item:
                name, *inner = item.nested_key or [item.key]
                value = json.loads(item.value_json)
                if inner:
                    self.row.setdefault(name, {})[inner[0]] = value
                else:
                    self.row[name] = value

    def table(self, name: str) -> dict[str, Any]:
        """A whole table; the row has its kind, and a file with words alone."""
        assert self.row[name]["_type"] == "table-file"
        return json.loads(self.files[f"{name}.table.json"].read_text())
