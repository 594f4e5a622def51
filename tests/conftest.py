"""What the template's tests share: a tagged template, a default project, one environment."""

import compileall
import os
import py_compile
import signal
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from operator import itemgetter
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

# Before Copier is imported, which keeps a copy of the variables: no environment and no smoke check
# unless a test asks for them, and nobody's own settings of git or Copier. Before torch is, too:
# where several processes share the cores, two threads of one wait for each other at each operation,
# up to ten times as long as they compute.
settings = Path(tempfile.mkdtemp(), "settings.yml")
settings.write_text("{}\n")
os.environ.update(
    SMOKE="skip",
    SMOKE_PYTHON="none",
    GIT_CONFIG_GLOBAL=os.devnull,
    GIT_CONFIG_NOSYSTEM="1",
    COPIER_SETTINGS_PATH=str(settings),
    OMP_NUM_THREADS="1",
)

# nohup has SIGHUP ignored, a script's background job SIGINT, in whatever they start, too; what is
# caught here has its usual effect there.
for number in (signal.SIGINT, signal.SIGHUP):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, lambda *_: None)

from harness import compiled_once, matrix  # noqa: E402
from harness.fork_server import Server  # noqa: E402
from projects import ROOT, Project, Template, copier, copies, make_template, moved  # noqa: E402

compiled_once.install()
SHOWN_FROM = 10  # seconds that a file takes
# What takes longest begins first, or one worker ends minutes after the other: files with a test of
# minutes, then by the seconds that the last run has listed. pyproject.toml keeps xdist from another
# order.
LONGEST = (
    "test_readme.py",
    "core/distributed/test_cluster.py",
    "test_quality.py",
    "test_benchmarks.py",
    "core/commands/test_every_task.py",
    "updates/test_updates.py",
    "test_update.py",
    "core/commands/test_smoke_designs.py",
    "core/restart/test_exact_resume.py",
    "test_ci.py",
    "core/loggers/test_wandb.py",
    "core/queue/test_dispatcher.py",
    "core/distributed/test_ranks.py",
    "core/checkpoint/test_repeat_epoch_start.py",
    "core/test_worked_examples.py",
    "test_hooks.py",
    "test_pytest_hooks.py",
    "core/sweep/test_sweep.py",
    "core/inspect/dataset/test_command.py",
    "test_designs.py",
    "test_copier.py",
    "core/restart/test_signals.py",
    "core/restart/test_restart.py",
    "core/sweep/test_real_sweeps.py",
    "core/ui/test_pages.py",
    "core/commands/test_evaluate.py",
    "core/restart/test_change_policy.py",
    "test_updating_page.py",
    "tasks/object_detection/test_model.py",
    "test_before_update.py",
    "core/checkpoint/test_checkpoints.py",
    "core/data/texts/test_tokens.py",
    "test_layout.py",
    "core/queue/test_queued_runs.py",
    "core/ui/test_start.py",
    "core/checkpoint/test_verify.py",
    "core/commands/test_export.py",
    "core/restart/test_after_training.py",
    "core/distributed/test_fsdp.py",
    "core/trainer/test_training.py",
    "core/module/test_schedules.py",
    "core/runs/test_run_folders.py",
    "core/restart/test_orphans.py",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--remake", action="store_true", help="store today's numbers as the promise")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The longest files first, the others as they stand; what spans a matrix, not all of it."""
    matrix.leave_out(config, items)
    place = {ROOT / "tests" / file: number for number, file in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path, len(place)))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say which files take the time, in seconds of their own: three are run side by side."""
    seconds: dict[str, float] = defaultdict(float)
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport):
                seconds[report.nodeid.partition("::")[0]] += report.duration
    slowest = sorted(seconds.items(), key=itemgetter(1), reverse=True)
    shown = [(file, spent) for file, spent in slowest if spent >= SHOWN_FROM]
    if len(seconds) < 2 or not shown:
        return
    terminalreporter.section(f"seconds by file, {SHOWN_FROM} and more")
    for file, spent in shown:
        terminalreporter.write_line(f"{spent:7.1f}  {file}")
    terminalreporter.write_line(f"{sum(seconds.values()):7.1f}  all {len(seconds)} files")


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """The template as v0.0.1, for everybody to read."""
    return make_template(tmp_path_factory.mktemp("published"))


@pytest.fixture(scope="session")
def default_project(published: Template, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The project that ``--defaults`` makes, for everybody to read."""
    made = published.generate(tmp_path_factory.mktemp("made") / "my-experiment")
    made.pack()
    compile_files(made)
    return made


@pytest.fixture(scope="session")
def published_small(published: Template, tmp_path_factory: pytest.TempPathFactory) -> Template:
    """The same, but for most of core's files: a file costs Copier 20 ms, three times an update."""
    return published.without_core(tmp_path_factory.mktemp("small") / "template")


@pytest.fixture(scope="session")
def small_project(published_small: Template, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The project that it makes."""
    made = published_small.generate(tmp_path_factory.mktemp("small-made") / "my-experiment")
    made.pack()
    return made


@pytest.fixture
def template(published_small: Template, tmp_path: Path) -> Template:
    """A small template of the test's own, to publish releases of."""
    return published_small.copy(tmp_path / "template")


@pytest.fixture
def project(
    published_small: Template, template: Template, small_project: Project, tmp_path: Path
) -> Project:
    """A project of the test's own, as if it were made from the template of the test's own."""
    return moved(small_project, published_small, template, tmp_path / "my-experiment")


@pytest.fixture
def whole_template(published: Template, tmp_path: Path) -> Template:
    """A template of the test's own with all of its files."""
    return published.copy(tmp_path / "whole-template")


@pytest.fixture
def whole_project(
    published: Template, whole_template: Template, default_project: Project, tmp_path: Path
) -> Project:
    """A project of the test's own with all of its files."""
    return moved(default_project, published, whole_template, tmp_path / "my-experiment")


def compile_files(project: Project) -> None:
    """Compile its files once for all copies; by what is in them, since an edit takes no second."""
    by_hash = py_compile.PycInvalidationMode.CHECKED_HASH
    compileall.compile_dir(project.path / "experiment", quiet=1, invalidation_mode=by_hash)


@pytest.fixture
def copied(default_project: Project, tmp_path: Path) -> Callable[[], Project]:
    """Copies of the default project, to break and to mend."""
    return copies(default_project, tmp_path)


@pytest.fixture(scope="session")
def python(published: Template, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An interpreter with all that a project needs: ``TEST_PYTHON``, this one, or a new one."""
    if named := os.environ.get("TEST_PYTHON"):
        return Path(named)
    if find_spec("torch") and find_spec("pytorch_lightning"):
        return Path(sys.executable)
    folder = tmp_path_factory.mktemp("environment")
    words = ("copy", "--trust", "--quiet", "--defaults", str(published.path), "shared")
    done = copier(*words, folder=folder, SMOKE_PYTHON="")
    found = (
        folder / "shared" / ".venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    )
    assert found.exists(), done.stdout + done.stderr
    return found


@pytest.fixture(scope="session")
def package() -> str:
    """Name of the template's package, under which no other test has an ``experiment``."""
    name, folder = "experiment_of_the_template", ROOT / "template" / "experiment"
    init = folder / "__init__.py"
    spec = spec_from_file_location(name, init, submodule_search_locations=[str(folder)])
    assert spec
    sys.modules[name] = module_from_spec(spec)
    return name


@pytest.fixture(scope="session")
def shapes(package: str) -> ModuleType:
    """``core.inspect.shape_annotations``, which checks the shapes that flow."""
    return import_module(f"{package}.core.inspect.shape_annotations")


@pytest.fixture(scope="session")
def docstrings(package: str) -> ModuleType:
    """``core.inspect.shape_docstrings``, which reads the shapes that are written down."""
    return import_module(f"{package}.core.inspect.shape_docstrings")


@pytest.fixture(scope="session")
def server(python: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The process that has torch and Lightning imported."""
    server = Server(python, tmp_path_factory.mktemp("server"))
    yield server
    server.close()
