"""``data.exclude`` in the readers of every task: what is listed is left out, and nothing else."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from harness.matrix import spanned
from listed_files import MAKERS, digest, line_of, made
from modules import Modules, modules_of

TASKS = tuple(MAKERS)
FORMS = ("as it is", "with CRLF and a mark at its start")
CELLS = [(in_memory_mb, form) for in_memory_mb in (0, 1024) for form in FORMS]


@pytest.fixture(scope="module", params=TASKS)
def every(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Modules]]:
    """Each task, and the package of its project."""
    for modules in modules_of(request.param, tmp_path_factory.mktemp("project")):
        yield request.param, modules


def content(data: Any) -> list[str]:
    """Every example or document that a data set has left, whatever its split."""
    data.setup()
    found = []
    for dataset in data.datasets.values():
        base = dataset
        if hasattr(base, "file"):  # windows of texts
            found += [base.file.texts.id(number) for number in base.file.texts.documents.tolist()]
        else:
            read = getattr(dataset, "dataset", dataset)
            places = getattr(dataset, "indices", range(len(dataset)))
            found += [read.record(int(place)).id for place in places]
    return sorted(set(found))  # the parts of a text that was cut have one id


@pytest.mark.parametrize(("in_memory_mb", "form"), spanned(CELLS, [CELLS[0], CELLS[3]]))
def test_what_is_listed_is_left_out_and_nothing_else(
    every: tuple[str, Modules], tmp_path: Path, form: str, in_memory_mb: int
) -> None:
    task, modules = every
    file = MAKERS[task](tmp_path / "my data")
    before = content(made(modules, tmp_path / "my data", in_memory_mb=in_memory_mb))
    name = file.relative_to(tmp_path / "my data").as_posix()
    text = f"# why: so\n\n{digest(file)}  {name}\n"
    listed = tmp_path / "exclude.txt"
    listed.write_text(text, encoding="utf-8", newline="")
    if form != "as it is":
        listed.write_bytes("\ufeff".encode() + text.replace("\n", "\r\n").encode())

    values = {"exclude": str(listed), "in_memory_mb": in_memory_mb}
    data = made(modules, tmp_path / "my data", **values)
    after = content(data)

    assert [one for one in before if one not in after] == [str(file)]
    assert len(after) == len(before) - 1
    assert data.summary()[-1] == f"left out  1 of {len(before)} examples, by {listed}"


def test_the_others_are_as_they_were(every: tuple[str, Modules], tmp_path: Path) -> None:
    task, modules = every
    file = MAKERS[task](tmp_path / "my data")
    whole = made(modules, tmp_path / "my data", val_fraction=0.0, test_fraction=0.0)
    name = file.relative_to(tmp_path / "my data").as_posix()
    line = f"{digest(file)}  {name}"
    some = made(modules, tmp_path / "my data", line, val_fraction=0.0, test_fraction=0.0)

    assert str(file) not in content(some)
    assert str(file) in content(whole)
    if task == "language_modeling":
        tokenizer = some.tokenizer
        text = tokenizer.decode(some.datasets["train"].file.tokens.tolist())
        assert text.count("gamma") == 0
        assert text.count("delta") == text.count("beta") == 200
        return
    train, all_of_it = some.datasets["train"], whole.datasets["train"]
    names = [str(name) for name in all_of_it.names]
    for place, own in enumerate(train.names):
        for field, other in zip(train[place], all_of_it[names.index(str(own))], strict=True):
            torch.testing.assert_close(field, other, rtol=0, atol=0)


def test_a_split_is_not_emptied(every: tuple[str, Modules], tmp_path: Path) -> None:
    task, modules = every
    root = tmp_path / "my data"
    MAKERS[task](root)
    files = sorted(root.rglob("*.txt" if task == "language_modeling" else "*.[pn][np][gz]"))
    files = [file for file in files if file.parts[-2] not in ("masks", "val", "test")]
    if task == "object_detection":
        files = [file for file in files if file.suffix == ".png"]
    lines = [line_of(root, file.relative_to(root).as_posix()) for file in files]

    with pytest.raises(modules("core.errors").UserError, match=f"lists all {len(files)} examples"):
        made(modules, root, *lines).setup()
