"""``cluster/``, with a real SLURM on this machine: what it interrupts ends with the same bits."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from harness.experiment import RunFolder, fit_words, replace, wait_until
from projects import Project, Template
from slurm import Slurm, why_not

# One validation, at the end: SIGTERM in the midst of one saves nothing, and the step is made again.
WORDS = ("data.batch_size=8", "trainer.max_epochs=5", "trainer.check_val_every_n_epoch=5")
# Slow until SLURM has interrupted it, so that it is still at work when that happens.
SLOW = """\
        import os, time

        if "SLURM_RESTART_COUNT" not in os.environ:
            time.sleep(0.4)
"""


@pytest.fixture(scope="module")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slurm]:
    if reason := why_not():
        pytest.skip(reason)
    slurm = Slurm(tmp_path_factory.mktemp("slurm"))
    yield slurm
    slurm.close()


@pytest.fixture
def clustered(published: Template, tmp_path: Path) -> Project:
    """A project with ``cluster/``."""
    return published.generate(tmp_path / "my-experiment", cluster="yes")


@pytest.mark.slow
def test_what_slurm_preempts_or_stops_at_its_time_limit_ends_with_the_same_bits(
    slurm: Slurm, clustered: Project, python: Path, undisturbed: Callable[..., RunFolder]
) -> None:
    line = "        logits = self.model(batch.image)"
    replace(clustered / "experiment/module.py", line, SLOW + line)

    def submit(*words: str) -> str:
        variables = {"EXPERIMENT_PYTHON": str(python)}
        return slurm.run("sbatch", "--parsable", f"--chdir={clustered.path}", *words, **variables)

    words = (str(clustered / "cluster/slurm.sh"), "wide", *fit_words(*WORDS)[1:], "restart.max=3")
    submit("--partition=usual", "--array=0", "--output=0.out", *words)
    limited = submit("--partition=urgent", "--array=1", "--output=1.out", *words)
    runs = [RunFolder(clustered / "runs" / f"wide-seed-{seed}") for seed in (0, 1)]
    for run in runs:
        wait_until(lambda run=run: run.logged() > 2)
    clustered.append("experiment/model.py", "1 / 0  # an edit at midnight")
    # SLURM looks at the clock every 30 s: at the next look this limit is near.
    slurm.run("scontrol", "update", f"JobId={limited}", "TimeLimit=1")
    submit("--partition=urgent", "--ntasks=3", "--output=urgent.out", "--wrap=sleep 1")
    wait_until(lambda: "goes back" in (clustered / "1.out").read_text())
    slurm.run("scontrol", "update", f"JobId={limited}", "TimeLimit=60")

    wait_until(lambda: not slurm.jobs())

    outputs = [(clustered / f"{seed}.out").read_text() for seed in (0, 1)]
    assert "DUE TO PREEMPTION" in outputs[0]
    assert f"the time limit is near; job {limited}_1 goes back into the queue" in outputs[1]
    for seed, run in enumerate(runs):
        assert run.summary["status"] == "finished", outputs[seed]
        assert f"resuming wide-seed-{seed} at epoch" in outputs[seed]
        calm = undisturbed(*WORDS, f"seed={seed}")
        assert run.weights() == calm.weights()
        assert run.metrics() == calm.metrics()
        steps = [row["step"] for row in run.rows() if "train/loss_step" in row]
        assert len(steps) == len(set(steps)), "a step was made twice: nothing was saved at the end"


def test_the_service_starts_a_run_of_this_project(clustered: Project, tmp_path: Path) -> None:
    (clustered / "runs/wide").mkdir(parents=True)
    (clustered / "runs/wide/config.yaml").touch()
    said = tmp_path / "said"
    for name in ("systemctl", "loginctl"):
        program = tmp_path / "bin" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(f'#!/bin/sh\necho {name} "$@" >> {said}\n')
        program.chmod(0o755)
    path = f"{tmp_path / 'bin'}:{os.environ['PATH']}"
    variables = {**os.environ, "PATH": path, "XDG_CONFIG_HOME": str(tmp_path)}
    install = [str(clustered / "cluster/install-service.sh")]

    done = subprocess.run([*install, "wide"], env=variables, capture_output=True, text=True)
    missing = subprocess.run([*install, "deep"], env=variables, capture_output=True, text=True)

    assert done.returncode == 0, done.stderr
    assert "systemctl --user enable my-experiment@wide" in said.read_text().splitlines()
    unit = tmp_path / "systemd/user/my-experiment@.service"
    settings = dict(re.findall(r"^(\w+)=(.*)$", unit.read_text(), re.M))
    assert settings["WorkingDirectory"] == str(clustered.path)
    assert settings["ExecStart"] == f"{clustered.path}/cluster/start.sh %i"
    assert (missing.returncode, missing.stdout) == (2, "")
    assert missing.stderr == "runs/deep is no run: start it first, by main.py --name deep\n"
    if verify := shutil.which("systemd-analyze"):
        checked = subprocess.run([verify, "verify", unit], capture_output=True, text=True)
        assert checked.returncode == 0, checked.stderr
        assert str(unit) not in checked.stderr
