"""No release alters a running experiment unnoticed: a run that an earlier version left half-done.

``python tests/stored/remake.py`` makes what is compared here; see there.
"""

import json
import shutil
from pathlib import Path

import pytest
from harness.experiment import Experiment

pytestmark = pytest.mark.slow
STORED = Path(__file__).parents[2] / "stored"
WITHIN = 1e-3  # of a loss: the stored half was computed by another processor


def test_a_run_of_an_earlier_version_is_finished(experiment: Experiment) -> None:
    logged = json.loads((STORED / "whole.json").read_text())
    whole = {(step, name): value for step, name, value in logged}
    run = experiment.run("stored")
    shutil.copytree(STORED / "half_done", run.path)

    done = experiment.main("fit", "--name", "stored", "--config", str(run / "config.yaml"))

    assert done.returncode == 0, done.stdout + done.stderr
    assert "resuming stored at epoch 2, batch 5 of 7, from last.ckpt (step 11)" in done.stdout
    finished = run.metrics(WITHIN)
    assert sorted(finished) == list(whole)
    for name in ("train/loss", "val/loss"):
        assert run.series(name, WITHIN)[-1] == pytest.approx(whole[20, name], abs=WITHIN)
    rates = [name for _, name in whole if name.startswith("lr-")]
    assert all(finished[20, name] == pytest.approx(whole[20, name]) for name in set(rates))


def test_the_stored_run_is_small_and_nobodys() -> None:
    files = [file for file in STORED.rglob("*") if file.is_file()]

    assert sum(file.stat().st_size for file in files) < 1_000_000
    for file in (STORED / "half_done").rglob("*.*"):
        if file.suffix in {".json", ".yaml", ".jsonl"}:
            assert "/tmp" not in file.read_text(), file
