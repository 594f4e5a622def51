"""The pages in a project's docs/ are true: each snippet is put where it says, and run."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
from harness.experiment import Experiment
from projects import PAGES_OF_ONE_TASK, ROOT

pytestmark = pytest.mark.slow
PAGES = ROOT / "template/docs"
CODE = re.compile(r"```(?:python|yaml)\n# ([^\n]+)\n(.*?)```", re.DOTALL)
# In the place of matplotlib, which the tests' environment may lack.
MATPLOTLIB = """
from PIL import Image

class Figure:
    def subplots(self): return self
    def plot(self, values): pass
    def savefig(self, file, format): Image.new("RGB", (64, 48)).save(file, format)
"""


class Snippet(NamedTuple):
    """A block of code on a page, and where it belongs."""

    place: str
    code: str


def snippets(page: str) -> list[Snippet]:
    return [Snippet(*found) for found in CODE.findall((PAGES / page).read_text(encoding="utf-8"))]


def put(experiment: Experiment, snippet: Snippet) -> None:
    """Do what the reader of a page does with its snippet."""
    file, _, owner = snippet.place.partition(", in ")
    path = experiment / file
    text = path.read_text(encoding="utf-8")
    if not owner:
        if file.endswith(".yaml"):  # a section that the file has, too
            snippet = snippet._replace(code=snippet.code.partition("\n")[2])
            assert "extra" not in text
            path.write_text(re.sub(r"(?m)^(callbacks:.*\n)", rf"\1{snippet.code}", text))
        else:
            path.write_text(f"{text}\n\n{snippet.code}")
        return
    lines = snippet.code.splitlines()
    imports = [line for line in lines if line.startswith(("import ", "from "))]
    body = [line for line in lines if line not in imports]
    methods = body.index(next(line for line in body if line.startswith("def ")))
    first = re.search(r"(?m)^(import|from) ", text)
    assert first
    text = text[: first.start()] + "".join(f"{line}\n" for line in imports) + text[first.start() :]
    own = [f"    {line}" for line in body[methods:]]
    parts = [text, *body[:methods], "", f"class _Own({owner}):", *own, "", f"{owner} = _Own", ""]
    path.write_text("\n".join(parts))


def test_every_page_is_run_or_holds_no_code() -> None:
    tested = {"load.md", "loaders.md", "metrics.md", "optimizers.md", "pictures.md"}
    whole = {Path(page).name for pages in PAGES_OF_ONE_TASK.values() for page in pages}

    with_code = {page.name for page in PAGES.glob("*.md") if "```" in page.read_text()}
    with_code.remove("updating.md")  # tests/test_updating_page.py types its commands
    with_code.remove("web-page.md")  # python -m tests.browser docs
    with_code -= whole  # test_worked_examples.py

    assert with_code == tested
    for page in tested:  # and nothing on it is passed over
        assert len(snippets(page)) == (PAGES / page).read_text().count("```") // 2, page


@pytest.mark.parametrize(
    ("page", "which", "words", "logs"),
    [
        ("optimizers.md", [0], (), "train/loss"),
        ("optimizers.md", [1], (), "train/loss"),
        ("optimizers.md", [2], ("trainer.gradient_clip_norm=null",), "train/loss"),
        ("loaders.md", [0, 1], (), "train/loss"),
        ("loaders.md", [2, 3], ("checkpoint.monitor=val/loss/clean",), "val/loss/few"),
        ("metrics.md", [0], ("checkpoint.monitor=val/confidence", "checkpoint.mode=max"),
         "val/confidence"),
        ("pictures.md", [0, 1], (), "val/loss"),
    ],
)  # fmt: skip
def test_a_snippet_trains(
    experiment: Experiment, page: str, which: list[int], words: tuple[str, ...], logs: str
) -> None:
    if page == "pictures.md":
        (experiment / "matplotlib").mkdir()
        (experiment / "matplotlib/__init__.py").write_text("")
        (experiment / "matplotlib/figure.py").write_text(MATPLOTLIB)
    for number in which:
        put(experiment, snippets(page)[number])

    run = experiment.trained(*words, "--epochs", "1")

    assert run.series(logs)
    if page == "pictures.md":
        for name in ("images/val/curve", "images/val/noise", "audio/val/tone"):
            assert list((run / name).iterdir()), name


def test_the_cell_of_a_notebook_works(experiment: Experiment) -> None:
    experiment.fit("--name", "wide", "--epochs", "1")
    (experiment / "notebooks").mkdir()
    (cell,) = snippets("load.md")

    done = subprocess.run(
        [sys.executable, "-c", f"{cell.code}\nprint(len(batch.label))"],
        cwd=Path(experiment / "notebooks"),
        env={**os.environ, "CUDA_VISIBLE_DEVICES": ""},
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 0
