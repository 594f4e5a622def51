"""A real training, from the form to the downloaded checkpoint: over HTTP alone."""

import html
import re
import time
from pathlib import Path
from shutil import copytree

import pytest
from assemble import Package
from harness.experiment import Experiment
from harness.ui_pages import Pages
from projects import ROOT

PATIENCE = 300  # s

pytestmark = pytest.mark.slow


@pytest.fixture
def pages(experiment: Experiment, monkeypatch: pytest.MonkeyPatch) -> Pages:
    """Of a project in which trainings run."""
    monkeypatch.chdir(experiment.path)
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    room = "experiment/core/ui"  # as the answer ui brings it
    copytree(ROOT / "template" / room, experiment.path / room)
    return Pages(Package(experiment.path), experiment.path, experiment.path / "runs")


def settled(pages: Pages, address: str) -> str:
    """Where a check has led, or what it says is wrong."""
    until = time.monotonic() + PATIENCE
    while True:
        answer = pages.client.get(address, follow_redirects=False)
        assert time.monotonic() < until, answer.text
        if answer.status_code == 303 and "/errand/" not in answer.headers["location"]:
            return answer.headers["location"]
        address = answer.headers.get("location", address)
        if wrong := re.findall(r'role="alert">(.*?)</p>', answer.text, re.S):
            return html.unescape(wrong[0])
        time.sleep(0.5)


def test_from_the_form_to_the_checkpoint(pages: Pages) -> None:
    with pages.client:  # one loop for all requests, as a server has
        fields = {**pages.form(), "name": "wide", "device": "cpu", "do": "start"}
        fields |= {"trainer.max_steps": "6", "trainer.max_epochs": "", "data.limit": "96"}
        # Two tabs, whose names were both free when they were checked; the first is clicked twice.
        clicks = [{**fields, "drawn": tab} for tab in ("first", "first", "second")]
        first, again, *tabs = [pages.post("/train", **one).headers["location"] for one in clicks]
        assert first == again
        tabs = [first, *tabs]
        ends = sorted(settled(pages, tab) for tab in tabs)
        assert ends[0] == "/go/wide"
        assert "has the run wide" in ends[1]
        (job,) = pages.site.queue.jobs()
        assert job.run == "wide"

        until = time.monotonic() + PATIENCE
        while pages.site.queue.job(job.id).state in {"waiting", "running"}:
            assert time.monotonic() < until
            assert pages.get("/live/run/wide").status_code == 200
            time.sleep(0.5)

        assert pages.site.queue.job(job.id).state == "ended"
        page = pages.get("/go/wide")
        assert page.url.path == "/run/wide"
        assert "6 of 6" in page.text
        assert "<svg" in page.text
        best = re.findall(r'href="(/file/wide/checkpoints/best[^"]+)"', page.text)[0]
        file = Path(pages.output, best.removeprefix("/file/"))
        assert pages.get(best).content == file.read_bytes()
        assert "attachment" in pages.get(best).headers["content-disposition"]
        again = pages.get("/train", **{"from": "wide"}).text
        assert "trainer.max_steps=6" in again


def test_what_the_check_finds_starts_nothing(pages: Pages) -> None:
    model = pages.project / "experiment/model.py"
    model.write_text(model.read_text().replace("def forward(", "def forwards("))
    with pages.client:
        fields = {**pages.form(), "device": "cpu", "do": "start"}
        end = settled(pages, pages.post("/train", **fields).headers["location"])

    assert not end.startswith("/")
    assert pages.site.queue.jobs() == []
    assert not list(pages.output.glob("*/config.yaml"))
