"""Types of several generated projects in one run of the checker, which reads torch but once."""

import json
import tomllib
from collections.abc import Iterable
from pathlib import Path

from projects import ROOT, run

BASEDPYRIGHT = "template/experiment/core/basedpyright.toml"


def complaints(
    folder: Path, projects: Iterable[Path], files: list[Path], python: Path
) -> list[str]:
    """What the type checker says of these files, a line each.

    Args:
        folder: All projects are in it; a file with settings is left there.
        projects: Each is a root of its own, with the template's settings.
        files: What is checked, and nothing else.
        python: Whose packages are imported, and whose checker it is.
    """
    settings = tomllib.loads((ROOT / BASEDPYRIGHT).read_text(encoding="utf-8"))
    config = {
        **settings["tool"]["basedpyright"],
        "include": [str(path.relative_to(folder)) for path in files],
        "exclude": [],
        "ignore": [],
        "executionEnvironments": [{"root": str(path.relative_to(folder))} for path in projects],
    }
    (folder / "pyrightconfig.json").write_text(json.dumps(config))
    checker = python.with_name("basedpyright")

    done = run([str(checker), "--outputjson", "--pythonpath", str(python)], folder)

    said = json.loads(done.stdout)
    assert said["summary"]["filesAnalyzed"] == len(files)
    return [f"{it['file']}: {it['message']}" for it in said["generalDiagnostics"]]
