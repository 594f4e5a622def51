"""A release history, fabricated from the working tree: what maintainers will do, one edit a tag.

Each function below is a release, in the order of the history. No old template is stored: the
working tree is the first release, and tags that the repository has published join as they are.
"""

import re
import sys
from collections.abc import Callable
from pathlib import Path

from projects import ROOT, TASKS, Template, make_template, run

Release = Callable[[Template], None]
CORE = "template/experiment/core"
PYPROJECT = "template/pyproject.toml.jinja"
FIRST = "v1000.0.0"  # above whatever will ever be published
OWNED = "Template's file: updates replace it."
GREETING = f'''"""Says hello.

{OWNED}
"""


def greet() -> str:
    """Say hello, to nobody."""
    return "hello"'''
BLOCK = f'''"""Lets through.

{OWNED} To change it, subclass ``Unchanged`` in your model.py.
"""

from torch import nn


class Unchanged(nn.Identity):
    """Lets through."""'''
CALLBACK = f'''"""Says which epoch begins.

{OWNED} Turn it on under ``callbacks.epoch_name``.
"""

from typing import Any

import pytorch_lightning as pl

from ..console import say


class EpochName(pl.Callback):
    """Says which epoch begins."""

    def on_train_epoch_start(self, trainer: pl.Trainer, *args: Any, **kwargs: Any) -> None:
        say(f"epoch {{trainer.current_epoch}}")'''


def fix_in_core(it: Template) -> None:
    """A fault in core is mended."""
    fixed = "    state = int(after)  # a NumPy integer would overflow\n"
    it.replace(f"{CORE}/data/seeding.py", "    state = after\n", fixed)


def function_and_its_call(it: Template) -> None:
    """Core offers a function, and a newcomer's main.py calls it."""
    it.append(f"{CORE}/commands/greeting.py", GREETING)
    door, last = f"{CORE}/commands/__init__.py", '        "notebook": ("load_run",),\n'
    it.replace(door, last, f'        "greeting": ("greet",),\n{last}')
    dispatch = "    from .dispatch import run_command as run_command\n"
    it.replace(door, dispatch, f"{dispatch}    from .greeting import greet as greet\n")
    it.replace(
        "template/main.py", "import load_run, run_command", "import greet, load_run, run_command"
    )
    command = "    return run_command(parse(argv), Config, build)\n"
    it.replace("template/main.py", command, f"    greet()\n{command}")


def dependency(it: Template) -> None:
    """Every project needs one more package."""
    it.replace(PYPROJECT, '    "filelock>=3.16",\n', '    "filelock>=3.16",\n    "rich>=13",\n')


def dependency_of_a_task(it: Template) -> None:
    """Every task needs one more package, and offers an extra."""
    for task in TASKS:
        it.append(f"tasks/{task}/dependencies.txt", "scipy>=1.11\nplots: matplotlib>=3.9")


def dependency_of_development(it: Template) -> None:
    """Tests and tools need one more package."""
    beartype = '    "beartype>=0.20",\n'
    it.replace(PYPROJECT, beartype, f'{beartype}    "coverage>=7",\n')


def extra(it: Template) -> None:
    """One more extra."""
    sweep = 'sweep = ["optuna>=4.9"]\n'
    it.replace(PYPROJECT, sweep, f'{sweep}tables = ["pandas>=2"]\n')


def ignored_line(it: Template) -> None:
    """git ignores one more kind of file."""
    it.replace("template/.gitignore", ".netrc\n", ".netrc\n*.pem\n")


def question(it: Template) -> None:
    """A question, which decides about a file; older projects have no answer to it."""
    heading = re.search(r"\n# -+ what is yours\n", (it / "copier.yml").read_text())
    assert heading
    asked = "container:\n  type: bool\n  help: Shall it run in a container?\n  default: false\n"
    it.replace("copier.yml", heading.group(), f"\n{asked}{heading.group()}")
    exclude_unless(it, "container | default(false)", "/Dockerfile")
    it.append("template/Dockerfile", "FROM python:3.12\n\nCOPY . /experiment")


def exclude_unless(it: Template, condition: str, path: str) -> None:
    """Leave a file out of projects where something does not hold."""
    line = '  - "*.py[co]"\n'
    it.replace("copier.yml", line, f'{line}  - "{{% if not {condition} %}}{path}{{% endif %}}"\n')


def choice(it: Template) -> None:
    """One more choice of a question."""
    last = "    None (all rights reserved): Proprietary\n"
    more = "    MPL 2.0 (changes of these files stay open): MPL-2.0\n"
    it.replace("copier.yml", last, f"{more}{last}")


def better_model(it: Template) -> None:
    """Newcomers' model.py is better, by a block that comes with it."""
    it.append("template/experiment/blocks/unchanged.py", BLOCK)
    for task in TASKS:
        old = "from .config import ModelConfig\n"
        new = f"from .blocks.unchanged import Unchanged as Unchanged\n{old}"
        it.replace(f"tasks/{task}/model.py", old, new)


def comment_in_yaml(it: Template) -> None:
    """Newcomers' experiment.yaml says more of a number."""
    for task in TASKS:
        file = f"tasks/{task}/experiment.yaml"
        it.replace(file, "\nseed: 0\n", "\nseed: 0  # any whole number\n")


def retired_file_of_core(it: Template) -> None:
    """What a file of core had moves into another, and nobody but core knew of it.

    No name goes into ``_exclude``: that is for what a researcher may edit. A file of core that
    stayed would be imported by nothing, and would import what is gone.
    """
    file = it / f"{CORE}/callbacks/validate_last_step.py"
    text = file.read_text().partition("class LastStep")[2]
    file.unlink()
    there = f"{CORE}/callbacks/last_batch.py"
    it.append(there, f"\n\nclass LastStep{text.rstrip()}")
    first = "import pytorch_lightning as pl\n"
    it.replace(there, f"{first}from torch", f"from typing import Any\n\n{first}from torch")
    trainer = f"{CORE}/trainer/trainer.py"
    it.replace(trainer, "from ..callbacks.validate_last_step import LastStep\n", "")
    it.replace(trainer, "import LastBatch\n", "import LastBatch, LastStep\n")


def retired_page(it: Template) -> None:
    """A page that is the researcher's is no longer written: projects keep theirs."""
    (it / "template/docs/pictures.md").unlink()
    link = r"(; )?\[[^]]*\]\(docs/pictures\.md\)"
    readme = it / "template/README.md.jinja"
    readme.write_text(re.sub(link, "", readme.read_text()))
    line = '  - "*.py[co]"\n'
    it.replace("copier.yml", line, f"{line}  - /docs/pictures.md\n")


def file_in_another_room(it: Template) -> None:
    """A file of core moves; its old place still answers, for a major version."""
    old, new = it / f"{CORE}/inspect/equality.py", it / f"{CORE}/data/equality.py"
    old.rename(new)
    old.write_text(
        f'"""Moved to data/equality.py; this place answers until version 2.\n\n{OWNED}\n"""\n\n'
        "from ..data.equality import equal as equal\n"
    )
    for path in (it / CORE).rglob("*.py"):
        text = path.read_text()
        moved = text.replace("from ..inspect.equality import", "from ..data.equality import")
        if moved != text:
            path.write_text(moved)
    sort_imports(it)


def sort_imports(it: Template) -> None:
    """Bring the imports of core's files into order, as whoever edits them does."""
    done = run(
        [sys.executable, "-m", "ruff", "check", "--quiet", "--select", "I", "--fix", CORE], it.path
    )
    assert done.returncode == 0, done.stdout


def renamed_file_of_core(it: Template) -> None:
    """A file that only core imports has another name."""
    (it / f"{CORE}/data/once.py").rename(it / f"{CORE}/data/first_time.py")
    it.replace(f"{CORE}/data/datamodule.py", "from .once import", "from .first_time import")
    sort_imports(it)


def callback(it: Template) -> None:
    """One more callback to switch on in YAML."""
    it.append(f"{CORE}/callbacks/epoch_name.py", CALLBACK)
    settings = f"{CORE}/config/callbacks.py"
    section = '@dataclass\nclass EpochNameConfig:\n    """Say which epoch begins."""\n\n\n'
    everything = "@dataclass\nclass CallbacksConfig:\n"
    it.replace(settings, everything, f"{section}{everything}")
    timer = "    timer: TimerConfig | None = None\n"
    it.replace(settings, timer, f"{timer}    epoch_name: EpochNameConfig | None = None\n")
    made = f"{CORE}/callbacks/make_callbacks.py"
    it.replace(made, "from .gradient_", "from .epoch_name import EpochName\nfrom .gradient_")
    timer = "        callbacks.append(Timer())\n"
    named = "    if config.epoch_name is not None:\n        callbacks.append(EpochName())\n"
    it.replace(made, timer, f"{timer}{named}")
    for task in TASKS:
        line = "  throughput: null\n"
        it.replace(f"tasks/{task}/experiment.yaml", line, f"{line}  epoch_name: null\n")


def renamed_private_function(it: Template) -> None:
    """A private function of core has another name."""
    it.replace(f"{CORE}/data/split_names.py", "_twice(", "_named_twice(")


def reworded_readme(it: Template) -> None:
    """The README says it in other words."""
    it.replace("template/README.md.jinja", "\n## Run\n", "\n## Run it\n")


def changed_hook(it: Template) -> None:
    """The hooks wait longer for a slow disk."""
    it.replace("hooks/smoke.py", "LIMIT = 600", "LIMIT = 900")


def raised_requirement(it: Template) -> None:
    """torch has to be newer."""
    it.replace(PYPROJECT, '    "torch>=2.8",\n', '    "torch>=2.9",\n')


def raised_python(it: Template) -> None:
    """Python has to be newer."""
    it.replace(PYPROJECT, 'requires-python = ">=3.11"', 'requires-python = ">=3.11,!=3.11.0"')


def rules_of_ruff(it: Template) -> None:
    """Ruff looks for more."""
    it.replace(f"{CORE}/ruff.toml", '"RET", "PIE"]', '"RET", "PIE", "PLE"]')


def hook_of_pre_commit(it: Template) -> None:
    """A commit's check is called otherwise."""
    entry = "entry: uv run ruff format"
    it.replace("template/.pre-commit-config.yaml", entry, "entry: uv run --no-sync ruff format")


def test_of_the_contract(it: Template) -> None:
    """One more promise is tested in each project."""
    test = "\n\ndef test_the_parts_can_be_built() -> None:\n    assert callable(main.build)"
    it.append("template/tests/test_contract.py", test)


RELEASES: list[Release] = [
    fix_in_core,
    function_and_its_call,
    dependency,
    dependency_of_a_task,
    dependency_of_development,
    extra,
    ignored_line,
    question,
    choice,
    better_model,
    comment_in_yaml,
    retired_file_of_core,
    retired_page,
    file_in_another_room,
    renamed_file_of_core,
    callback,
    renamed_private_function,
    reworded_readme,
    changed_hook,
    raised_requirement,
    raised_python,
    rules_of_ruff,
    hook_of_pre_commit,
    test_of_the_contract,
]
NAMES = [release.__name__ for release in RELEASES]
TAGS = [FIRST, *(f"v1000.{number}.0" for number in range(1, len(RELEASES) + 1))]


def publish(folder: Path, before: Release | None = None, source: Path = ROOT) -> Template:
    """Make a template repository with the whole history.

    Args:
        folder: Where.
        before: An edit that is there from the first release on.
        source: The repository whose published tags join.
    """
    template = make_template(folder)
    template.git("tag", "--delete", "v0.0.1")
    template.git("fetch", "--quiet", "--no-tags", str(source), "refs/tags/v*:refs/tags/v*")
    template.release(FIRST, before)
    for tag, release in zip(TAGS[1:], RELEASES, strict=True):
        template.release(tag, release)
    return template


def published(template: Template) -> list[str]:
    """List the tags that are not of this history, oldest first."""
    tags = template.git("tag", "--list", "v*", "--sort=version:refname").splitlines()
    return [tag for tag in tags if not tag.startswith("v1000.")]


def crossed(old: str, new: str) -> set[str]:
    """Name the releases that an update from one tag to another brings."""
    first = TAGS.index(old) if old in TAGS else 0
    return set(NAMES[first : TAGS.index(new)]) if new in TAGS else set()
