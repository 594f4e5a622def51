"""A project without Copier, for tests that need neither torch nor an environment."""

import importlib
import importlib.util
import shutil
import sys
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parents[1]
TASK = "image_classification"

MAIN = '''"""An experiment."""

import sys

from experiment.config import Config
from experiment.core.config import make_parser, parse_arguments
from experiment.core.errors import UserError

arguments = parse_arguments(make_parser(__doc__))

from experiment.core.config.dump import describe_config
from experiment.core.config.load import load_settings

try:
    settings = load_settings(Config, arguments)
    print(describe_config(settings.config, settings.origins), end="")
except UserError as error:
    sys.exit(print(error, file=sys.stderr) or error.code)
finally:
    assert "torch" not in sys.modules
'''


def assemble(project: Path, task: str = TASK) -> Path:
    """Put core, a task's configuration and a main.py that prints it into ``project``."""
    package = project / "experiment"
    shutil.copytree(
        ROOT / "template/experiment/core", package / "core", ignore=shutil.ignore_patterns("__py*")
    )
    shutil.copy(ROOT / "template/experiment/__init__.py", package)
    shutil.copy(ROOT / "tasks" / task / "config.py", package)
    (project / "configs").mkdir()
    shutil.copy(ROOT / "tasks" / task / "experiment.yaml", project / "configs")
    (project / "main.py").write_text(MAIN)
    return project


class Package:
    """A project's ``experiment``, imported under a name of its own: other tests have theirs."""

    def __init__(self, project: Path) -> None:
        self.name = f"assembled_{abs(hash(project))}"
        init = project / "experiment" / "__init__.py"
        spec = importlib.util.spec_from_file_location(
            self.name, init, submodule_search_locations=[str(init.parent)]
        )
        assert spec
        assert spec.loader
        sys.modules[self.name] = module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)

    def module(self, name: str) -> ModuleType:
        """``module("core.config.load")``."""
        return importlib.import_module(f"{self.name}.{name}")
