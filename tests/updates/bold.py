"""What researchers do although a file's header, or a fence, asks them not to."""

import re

from projects import SHARED, Project

from updates.edits import bold, change, files, with_carriage_returns, write

CORE = "experiment/core"


@bold()
def core_far_from_a_release(project: Project) -> None:
    project.append(f"{CORE}/data/seeding.py", "\n\ndef mine() -> int:\n    return 1")
    project.append(f"{CORE}/module/metrics.py", "# mine")


@bold()
def core_at_the_same_line(project: Project) -> None:
    change(
        project, f"{CORE}/data/seeding.py", "^    state = after$", "    state = after + 0  # mine"
    )


@bold()
def core_in_a_retired_file(project: Project) -> None:
    project.append(f"{CORE}/callbacks/validate_last_step.py", "# mine")


@bold()
def core_in_moved_files(project: Project) -> None:
    project.append(f"{CORE}/inspect/equality.py", "# mine")
    project.append(f"{CORE}/data/once.py", "# mine")


@bold()
def contract_edited(project: Project) -> None:
    project.append("tests/test_contract.py", "\n\ndef test_mine() -> None:\n    assert True")


@bold()
def core_made_a_program(project: Project) -> None:
    (project / f"{CORE}/data/seeding.py").chmod(0o755)
    (project / f"{CORE}/module/metrics.py").chmod(0o755)


@bold()
def dependency_above_the_fence(project: Project) -> None:
    line = '    "filelock>=3.16",'
    change(project, "pyproject.toml", f"^{re.escape(line)}$", f'{line}\n    "pandas",')


@bold()
def line_beside_a_releases(project: Project) -> None:
    change(project, ".gitignore", r"^\.netrc\n", ".netrc\nsecrets.txt\n")
    entry = "entry: uv run ruff format"
    change(project, ".pre-commit-config.yaml", entry, "entry: ruff format")


@bold()
def fences_deleted(project: Project) -> None:
    for name in SHARED:
        change(project, name, r"^ *#.*\n", "")


@bold()
def another_indentation(project: Project) -> None:
    change(project, "pyproject.toml", "^    ", "  ")


@bold()
def latin_bytes_in_a_shared_file(project: Project) -> None:
    with (project / ".gitignore").open("ab") as file:
        file.write("größe.txt\n".encode("latin-1"))


@bold()
def file_at_a_path_that_comes(project: Project) -> None:
    write(project, f"{CORE}/commands/greeting.py", "# a greeting of mine\n")
    write(project, "experiment/blocks/unchanged.py", "# a block of mine\n")


@bold()
def package_renamed(project: Project) -> None:
    project.git("mv", "experiment", "wide_nets")
    for name in files(project, "*.py", "*.toml", "*.md", "*.yaml"):
        text = (project / name).read_bytes()
        renamed = re.sub(rb"\bexperiment(?=[./\"])(?!\.yaml)", b"wide_nets", text)
        (project / name).write_bytes(renamed)


@bold()
def everything_of_windows(project: Project) -> None:
    with_carriage_returns(project, files(project))


@bold(uniform=True)
def line_ends_by_gitattributes(project: Project) -> None:
    write(project, ".gitattributes", "* text=auto eol=crlf\n")
    project.commit()
    project.git("rm", "-r", "--quiet", "--cached", ".")
    project.git("reset", "--quiet", "--hard")


TOGETHER = (
    core_far_from_a_release,
    core_in_a_retired_file,
    core_in_moved_files,
    contract_edited,
    core_made_a_program,
    dependency_above_the_fence,
    line_beside_a_releases,
    file_at_a_path_that_comes,
)


@bold()
def all_bold_together(project: Project) -> None:
    for act in TOGETHER:
        act(project)
