"""Queues a hundred jobs of a second and ten real trainings, and kills whoever moves them.

    uv run python -m tests.queue_under_fire

The hundred are stand-ins, which train nothing (harness/stand_in.py); the ten train for a few steps.
All are on one device. Three times in each part the dispatcher, a ``main.py queue --serve`` that
waits to take over, and the server of the web page are killed by SIGKILL at a random moment; the
server that is started then has to let the queue go on. Asked is that each job was started once, in
its order, that all ended well, and that the ten have the same weights. It prints a line a part,
and last one line: jobs, kills, wrong.
"""

import json
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
os.environ.update(SMOKE="skip", SMOKE_PYTHON="none")  # the hooks: the files alone are wanted

from harness.experiment import ON_ONE_CPU, RunFolder, fit_words
from harness.queued import QueuedProject, kill
from harness.stand_in import STEP_SECONDS
from projects import make_template

STAND_INS, REAL, KILLS = 100, 10, 3
OVER = {"ended", "failed", "stopped"}
ADD_ALL = """
import json, sys
from experiment.config import Config
from experiment.core.commands import run_command
from experiment.core.config import make_parser, parse_arguments
for words in json.loads(sys.argv[1]):
    arguments = parse_arguments(make_parser(""), ["queue", "add", *words])
    assert run_command(arguments, Config, None) == 0
"""


def add(project: QueuedProject, lines: list[list[str]]) -> float:
    """Queue them all in one process; the seconds a job."""
    began = time.monotonic()
    words = [sys.executable, "-c", ADD_ALL, json.dumps(lines)]
    done = subprocess.run(words, cwd=project.path, env=project.variables, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    return (time.monotonic() - began) / len(lines)


def fire(project: QueuedProject, draws: random.Random, jobs: int) -> int:
    """Kill whoever moves the queue, when about so many jobs are over; how many were killed."""
    killed = 0
    page = serve_page(project)
    for part in range(1, KILLS + 1):
        served = project.start("--serve")  # waits for the other one's end
        while over(project) < part * jobs // (KILLS + 1):
            time.sleep(0.05)
        for _ in range(2):  # the detached one, then the one that took over
            time.sleep(draws.uniform(0, 3.0))
            if pid := project.dispatcher():
                kill(pid)
                killed += 1
        for process in (served, page):
            kill(process.pid)
            process.wait()
        killed += 1  # the page; the one that served is among those that moved the queue
        time.sleep(draws.uniform(0, 1.5))
        page = serve_page(project)  # it starts a new dispatcher
    while over(project) < jobs:
        time.sleep(0.1)
    return killed


def serve_page(project: QueuedProject) -> "subprocess.Popen[str]":
    """The server of the web page, once it listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = project.start_command("ui", "--port", str(port))
    assert server.stdout
    said = server.stdout.readline()
    assert said.startswith("the page of "), said + server.stdout.read()
    return server


def over(project: QueuedProject) -> int:
    """How many jobs are over."""
    return sum(state in OVER for state in project.states().values())


def wrong(project: QueuedProject, names: list[str], started: list[str]) -> int:
    """How many jobs were not started once, in their order, or did not end well."""
    amiss = [name for name in names if project.states()[name] != "ended"]
    amiss += [name for name in names if started.count(name) != 1]
    if started != names:
        amiss.append("the order")
    for name in amiss:
        print(f"wrong: {name}", file=sys.stderr)
    return len(amiss)


def stand_ins(folder: Path, draws: random.Random) -> tuple[int, int]:
    """The hundred; kills, and what was wrong."""
    project = QueuedProject.small(folder / "small")
    try:
        names = [f"job-{number:03d}" for number in range(1, STAND_INS + 1)]
        steps = f"trainer.max_epochs={round(1 / STEP_SECONDS)}"
        fit = ["--device", "0", "fit", steps]
        began = time.monotonic()
        adding = add(project, [[*fit, "--name", name] for name in names])
        killed = fire(project, draws, STAND_INS)
        seconds = time.monotonic() - began
        amiss = wrong(project, names, project.starts())
    finally:
        project.kill_everything()
    print(
        f"{STAND_INS} stand-ins of a second: {killed} kills, {amiss} wrong; "
        f"{adding:.2f} s to queue one, {seconds / STAND_INS:.2f} s a job in all",
        flush=True,
    )
    return killed, amiss


def real_runs(folder: Path, draws: random.Random) -> tuple[int, int]:
    """The ten; kills, and what was wrong."""
    path = make_template(folder / "template").generate(folder / "my-experiment", ui="yes").path
    project = QueuedProject(path, device="")
    project.variables.update(ON_ONE_CPU)
    try:
        names = [f"real-{number:02d}" for number in range(1, REAL + 1)]
        began = time.monotonic()
        add(project, [list(fit_words("--name", name)) for name in names])
        killed = fire(project, draws, REAL)
        seconds = time.monotonic() - began
        jobs = sorted(project.jobs(), key=lambda job: job["started"])
        started = [job["run"] for job in jobs for _ in range(job["starts"])]
        amiss = wrong(project, names, started)
        runs = [RunFolder(path / "runs" / name) for name in names]
        amiss += sum(run.summary["status"] != "finished" for run in runs)
        amiss += len({run.weights() for run in runs}) - 1
    finally:
        project.kill_everything()
    print(
        f"{REAL} real runs: {killed} kills, {amiss} wrong; {seconds / REAL:.1f} s each", flush=True
    )
    return killed, amiss


def main() -> int:
    """Both parts; 1 if anything was wrong."""
    draws = random.Random(0)
    with tempfile.TemporaryDirectory() as name:
        parts = [stand_ins(Path(name), draws), real_runs(Path(name), draws)]
    kills, amiss = (sum(column) for column in zip(*parts, strict=True))
    print(f"queue under fire: {STAND_INS + REAL} jobs, {kills} kills, {amiss} wrong")
    return 1 if amiss else 0


if __name__ == "__main__":
    sys.exit(main())
