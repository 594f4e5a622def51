"""One deliberate breach for each promise, each a release that the gate must not let through."""

from collections.abc import Callable
from dataclasses import dataclass

from projects import DEFAULT_TASK, TASKS, Template

from updates.naive import cut
from updates.releases import CORE, FIRST, PYPROJECT, dependency, exclude_unless, question

UNPROTECTED = "v1000.999.0"
BREACHES: dict[str, "Breach"] = {}


@dataclass(frozen=True)
class Breach:
    """A promise that a release breaks.

    Args:
        act: The release.
        edit: What a person does who finds out.
        codes: What the gate must find, at least one of them.
        answers: What the project is made with.
        start: The release that it is made from.
    """

    act: Callable[[Template], None]
    edit: str
    codes: str
    answers: str = DEFAULT_TASK
    start: str = FIRST


def breach(
    edit: str, codes: str, answers: str = DEFAULT_TASK, start: str = FIRST
) -> Callable[[Callable[[Template], None]], Callable[[Template], None]]:
    """Register a breach by its function's name."""

    def keep(act: Callable[[Template], None]) -> Callable[[Template], None]:
        BREACHES[act.__name__] = Breach(act, edit, codes, answers, start)
        return act

    return keep


@breach("network", "XL")
def path_dropped_from_both_lists(it: Template) -> None:
    cut(it, "copier.yml", r" +(- )?/experiment/model\.py\n")
    for task in TASKS:
        it.append(f"tasks/{task}/model.py", "# better")


@breach("nothing", "H")
def unguarded_task(it: Template) -> None:
    cut(it, "copier.yml", r"    when: \"\{\{ _copier_operation == 'copy' \}\}\"\n")


@breach("nothing", "B")
def renamed_without_a_shim(it: Template) -> None:
    """A function that main.py imports."""
    it.replace(f"{CORE}/commands/__init__.py", '("load_run",)', '("load",)')
    it.replace(f"{CORE}/commands/notebook.py", "def load_run(", "def load(")


@breach("nothing", "CXN")
def volatile_value(it: Template) -> None:
    line = "# made in {{ range(100000) | random }}"
    it.replace(PYPROJECT, "[project]\n", f"{line}\n[project]\n")


@breach("nothing", "XL", start=UNPROTECTED)
def seed_file_retired(it: Template) -> None:
    """One release after its path left both lists; until then the older list protects it."""
    cut(it, "copier.yml", r" +(- )?/docs/load\.md\n")
    it.release(UNPROTECTED)
    (it / "template/docs/load.md").unlink()


@breach("nothing", "E")
def question_without_a_default_in_exclude(it: Template) -> None:
    question(it)
    exclude_unless(it, "container", "/Dockerfile")


@breach("nothing", "A", "everything")
def choice_removed(it: Template) -> None:
    cut(it, "copier.yml", r"    BSD 3-Clause .*\n")


@breach("uv add", "C")
def fence_moved(it: Template) -> None:
    """Below the lines that uv has written since."""
    text = (it / PYPROJECT).read_text()
    fence = text[text.index("    # An update") : text.index('    "numpy>=1.26",\n')]
    it.replace(PYPROJECT, f'{fence}    "numpy>=1.26",\n', f'    "numpy>=1.26",\n{fence}')
    dependency(it)


@breach("uv add", "C")
def line_below_a_fence(it: Template) -> None:
    it.replace(PYPROJECT, '    "numpy>=1.26",\n', '    "numpy>=2",\n    "rich>=13",\n')


@breach("nothing", "H")
def hook_that_runs_twice(it: Template) -> None:
    cut(it, "copier.yml", r"    when: \"\{\{ _stage == 'after' \}\}\"\n")
    text = (it / "copier.yml").read_text()
    start = text.index(
        '  - command: ["{{ _copier_python }}", "{{ _copier_conf.src_path }}/hooks/after_update'
    )
    line = text[start : text.index("\n", start) + 1]
    it.replace("copier.yml", line, line * 2)


def publish_breach(it: Template, name: str) -> str:
    """Release a breach right after the first release, beside all others; its tag."""
    tag = f"v1001.{list(BREACHES).index(name)}.0"
    it.git("checkout", "--quiet", "--detach", FIRST)
    it.release(tag, BREACHES[name].act)
    it.git("checkout", "--quiet", "main")
    return tag
