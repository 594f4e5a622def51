"""pyproject.toml: what uv and a researcher write, and what an update writes, never meet."""

import re
import tomllib
from collections.abc import Callable
from typing import Any

import pytest
from projects import Project, Template, run

PYPROJECT = "template/pyproject.toml.jinja"
LAST_FENCE = "# An update changes what is above these three lines,\n"

# What is typed, and what of it stands in pyproject.toml then.
URL = "https://example.invalid"
TYPED = {
    "add": ["add --frozen tabulate>=0.9", "add --frozen zipp"],
    "add --optional": [
        "add --frozen --optional viewer tabulate",
        "add --frozen --optional mine tabulate",
        "add --frozen --optional another zipp",
        "add --frozen --optional mine zipp",
    ],
    "add --dev, --group": [
        "add --frozen --dev tabulate",
        "add --frozen --group docs sphinx",
        "add --frozen --group docs furo",
    ],
    "add --index": [f"add --frozen --index {URL}/simple tabulate"],
    "add --index, named": [
        f"add --frozen --index mine={URL}/mine tabulate",
        f"add --frozen --index ours={URL}/ours zipp",
        f"add --frozen --default-index {URL}/all sphinx",
    ],
    "add a folder": ["add --frozen --editable ./library"],
    "remove": [
        "add --frozen tabulate zipp",
        "add --frozen --optional mine tabulate zipp",
        "add --frozen --dev tabulate",
        "remove --frozen tabulate",
        "remove --frozen --optional mine tabulate zipp",
        "remove --frozen --dev tabulate",
    ],
    "remove the template's": ["remove --frozen numpy", "add --frozen tabulate"],
}
ADDED = [words for steps in TYPED.values() for words in steps if "add" in words]
# What only adds is in ADDED, too, which stays in CI.
CASES = [
    pytest.param(steps, "", id=name, marks=[pytest.mark.slow, *others])
    for name, steps in TYPED.items()
    for others in [[pytest.mark.matrix] if set(steps) <= set(ADDED) else []]
]
SOURCES = f"""
[tool.uv.sources]
tabulate = {{ index = "hand" }}

[[tool.uv.index]]
name = "hand"
url = "{URL}/hand"
explicit = true
"""


def uv(project: Project, words: str) -> None:
    """Type a command of uv, which must succeed."""
    done = run(["uv", "--quiet", *words.split()], project.path)
    assert done.returncode == 0, done.stderr


def settings(project: Project) -> dict[str, Any]:
    """Read pyproject.toml."""
    return tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))


def busy(it: Template) -> None:
    """Change what stands next to every place of the researcher's."""
    requirements = "tasks/image_classification/dependencies.txt"
    it.append(requirements, "scipy>=1.11")
    it.append(requirements, "plots: matplotlib>=3.9")
    it.replace(PYPROJECT, '"torch>=2.8"', '"torch>=2.9"')
    it.replace(PYPROJECT, '["optuna>=4.9"]', '["optuna>=4.10"]\ntables = ["pandas>=2"]')
    it.replace(PYPROJECT, '    "beartype>=0.20",\n', '    "beartype>=0.21",\n    "coverage>=7",\n')
    it.replace(PYPROJECT, 'readme = "README.md"\n', 'readme = "README.md"\nkeywords = ["torch"]\n')
    it.replace("template/experiment/core/ruff.toml", '"RET"', '"RET", "PLE"')
    it.replace("template/experiment/core/basedpyright.toml", '"standard"', '"basic"')


def busily(before: dict[str, Any]) -> dict[str, Any]:
    """What the release makes of a pyproject.toml, whatever the researcher has put in."""
    after = {**before, "project": {**before["project"], "keywords": ["torch"]}}
    names = list(before["project"]["dependencies"])
    fence = next((name for name in names if name.startswith("numpy")), "tabulate")
    names[names.index("torch>=2.8")] = "torch>=2.9"
    names.insert(names.index(fence), "scipy>=1.11")
    after["project"]["dependencies"] = names
    after["project"]["optional-dependencies"] = {
        **before["project"]["optional-dependencies"],
        "sweep": ["optuna>=4.10"], "tables": ["pandas>=2"], "plots": ["matplotlib>=3.9"],
    }  # fmt: skip
    dev = list(before["dependency-groups"]["dev"])
    dev[dev.index("beartype>=0.20")] = "beartype>=0.21"
    dev.insert(dev.index("basedpyright>=1.31"), "coverage>=7")
    after["dependency-groups"] = {**before["dependency-groups"], "dev": dev}
    return after


@pytest.fixture
def library(project: Project) -> None:
    """A package of the researcher's own, in a folder of the project."""
    (project / "library").mkdir()
    (project / "library/pyproject.toml").write_text('[project]\nname = "lib"\nversion = "1"\n')


# ---------------------------------------------------------------------------- where uv writes
@pytest.mark.usefixtures("library")
@pytest.mark.parametrize(
    ("typed", "by_hand"), [*CASES, pytest.param(ADDED, SOURCES, id="everything")]
)
def test_what_uv_wrote_and_a_busy_release_merge(
    template: Template, project: Project, typed: list[str], by_hand: str
) -> None:
    project.append("pyproject.toml", by_hand)
    for words in typed:
        uv(project, words)
    project.commit()
    before = settings(project)
    below = (project / "pyproject.toml").read_text().partition(LAST_FENCE)[2]

    template.release("v0.0.2", busy)
    project.update()

    assert "<<<<<<<" not in (project / "pyproject.toml").read_text()
    assert settings(project) == busily(before)
    assert (project / "pyproject.toml").read_text().partition(LAST_FENCE)[2] == below
    assert {line.split()[0] for line in project.status.splitlines()} == {"M"}


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize("by_hand", ["", SOURCES], ids=["", "by hand"])
def test_uv_writes_its_own_tables_below_the_fence(project: Project, by_hand: str) -> None:
    project.append("pyproject.toml", by_hand)
    above, _, _ = (project / "pyproject.toml").read_text().partition(LAST_FENCE)

    for words in TYPED["add --index, named"] + TYPED["add a folder"]:
        uv(project, words)

    now, fence, below = (project / "pyproject.toml").read_text().partition(LAST_FENCE)
    added = set(now.splitlines()) - set(above.splitlines())
    assert fence
    assert all(re.fullmatch(r' {4}"(tabulate|zipp|sphinx|lib)",', line) for line in added), added
    for table in ("[tool.uv.sources]", "[tool.uv.workspace]", f'"{URL}/ours"', f'"{URL}/all"'):
        assert table in below


def test_three_tables_stand_above_the_fence(default_project: Project) -> None:
    """An index of uv's goes behind as many tables as the file has top-level keys: four."""
    text = (default_project / "pyproject.toml").read_text(encoding="utf-8")
    above = text.partition(LAST_FENCE)[0]

    assert len(re.findall(r"^\[", above, re.MULTILINE)) == 3
    assert len(settings(default_project)) == 4
    assert "[tool." not in above


def test_the_merged_project_can_be_locked(template: Template, project: Project) -> None:
    for words in ("add --no-sync tabulate", "add --no-sync --optional mine zipp"):
        uv(project, words)
    project.commit()
    template.release("v0.0.2", lambda it: it.replace(PYPROJECT, '"psutil>=6"', '"psutil>=7"'))

    project.update()

    uv(project, "lock")
    locked = (project / "uv.lock").read_text()
    assert 'name = "psutil", specifier = ">=7"' in locked
    assert 'name = "tabulate"' in locked
    assert "mine = [" in locked


# ------------------------------------------------------------------------------------------- ruff
WRONG = "def f(x):\n    a = {'long':   1}; return (a, x)\n"


def test_your_rules_and_line_length_are_for_your_files(
    project: Project, ruff: Callable[..., list[str]]
) -> None:
    project.replace("pyproject.toml", "[tool.ruff]\n", "[tool.ruff]\nline-length = 60\n")
    project.append("pyproject.toml", '[tool.ruff.lint]\nextend-select = ["ANN", "D"]')
    project.append("pyproject.toml", 'ignore = ["D1"]')
    (project / "experiment/mine.py").write_text(WRONG)

    said = ruff("check", "--output-format=concise")
    ruff("format")

    mine = [line for line in said if line.startswith("experiment/mine.py")]
    assert {re.split(r"[ :]+", line)[3] for line in mine} == {"ANN001", "ANN201", "E702"}
    template_files = "experiment/core/|experiment/blocks/|setup.py|conftest.py|tests/test_contract"
    assert not [line for line in said if re.match(template_files, line)]
    changed = [line[3:] for line in project.status.splitlines()]
    assert "main.py" in changed
    assert not [name for name in changed if re.match(template_files, name)]


def test_the_templates_rules_hold_without_a_word_of_yours(
    project: Project, ruff: Callable[..., list[str]]
) -> None:
    (project / "experiment/mine.py").write_text(f"import os\n\n\n{WRONG}")

    said = ruff("check", "--output-format=concise")

    assert {re.split(r"[ :]+", line)[3] for line in said if ".py:" in line} == {"F401", "E702"}


def test_vendored_code_is_left_alone_by_ruff(
    project: Project, ruff: Callable[..., list[str]]
) -> None:
    project.replace("pyproject.toml", "[tool.ruff]\n", '[tool.ruff]\nexclude = ["mine"]\n')
    for folder in ("third_party", "experiment/third_party", "experiment/models/third_party"):
        (project / folder).mkdir(parents=True)
        (project / folder / "wrong.py").write_text(WRONG)

    assert ruff("check") == ["All checks passed!"]
    ruff("format")

    assert (project / "third_party/wrong.py").read_text() == WRONG
    assert (project / "experiment/models/third_party/wrong.py").read_text() == WRONG


@pytest.fixture
def ruff(project: Project) -> Callable[..., list[str]]:
    """Lines that ruff prints of the project."""

    def lint(*words: str) -> list[str]:
        done = run(["ruff", *words, "--no-cache", "."], project.path)
        assert done.returncode in (0, 1), done.stderr
        return done.stdout.splitlines()

    return lint


# ------------------------------------------------------------------------------------------ types
@pytest.mark.parametrize("yours", ["", 'exclude = ["docs"]\n', 'ignore = ["docs"]\n'])
def test_types_are_checked_in_your_files_and_not_in_vendored_ones(
    project: Project, yours: str
) -> None:
    for folder in ("third_party", "experiment/third_party", "experiment/models/third_party"):
        (project / folder).mkdir(parents=True)
        (project / folder / "wrong.py").write_text('x: int = "a"\n')
    (project / "experiment/mine.py").write_text('import os\n\nx: int = "a"\n')
    few = '"experiment/mine.py", "experiment/models", "experiment/third_party", "third_party"'
    project.replace("pyproject.toml", '"main.py", "experiment", "tests"', few)
    project.replace(
        "pyproject.toml", "include =", f'{yours}reportUnusedImport = "error"\ninclude ='
    )

    done = run(["basedpyright"], project.path)

    assert done.stdout.splitlines()[-1] == "2 errors, 0 warnings, 0 notes", done.stdout
    assert "wrong.py" not in done.stdout
    assert "reportUnusedImport" in done.stdout
