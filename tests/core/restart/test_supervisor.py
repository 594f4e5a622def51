"""What the supervisor sees and does at moments that no training brings about when it should."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from assemble import Package, assemble
from harness.processes import is_alive


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    return Package(assemble(tmp_path_factory.mktemp("watching")))


def test_who_asks_for_the_end_while_there_is_no_training_gets_it(
    package: Package, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    supervise = package.module("core.restart.supervisor")
    run = package.module("core.runs.run").Run(tmp_path)
    sleep = [sys.executable, "-c", "import time; time.sleep(60)"]
    monkeypatch.setattr(supervise, "training_command", lambda run: sleep)
    supervisor = supervise.Supervisor(run, package.module("core.config.run_config").RunConfig())
    supervisor._forward(signal.SIGTERM, None)  # while a checkpoint is read, say

    started = time.monotonic()
    code = supervisor._train()

    assert code == -signal.SIGTERM
    assert time.monotonic() - started < 30


def test_an_alert_that_hangs_ends_with_all_that_it_started(
    package: Package, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alerts = package.module("core.restart.alerts")
    monkeypatch.setattr(alerts, "COMMAND_SECONDS", 0.5)
    monkeypatch.setattr(package.module("core.restart.orphans"), "GRACE_SECONDS", 0.1)
    said: list[str] = []
    monkeypatch.setattr(alerts, "say", said.append)
    command = f"sleep 1000 & echo $! > {tmp_path / 'pid'}; wait"
    config = package.module("core.config.restart").AlertConfig(command=command, wandb=False)
    run = package.module("core.runs.run").Run(tmp_path, summary={"name": "a"})

    alerts.Alerts(run, config).send(("crash",), "a: killed by SIGKILL")

    assert said == ["alert.command failed (not done in 0.5 s): a: killed by SIGKILL"]
    left = int((tmp_path / "pid").read_text())
    assert not psutil.pid_exists(left) or not is_alive(psutil.Process(left))


@pytest.mark.parametrize(
    ("line", "stops"),
    [
        ("    breakpoint()", True),
        ("    if step == 9: breakpoint()", True),
        ("    import pdb; pdb.set_trace()", True),
        ("    import ipdb; ipdb.set_trace()", True),
        ("    set_trace()", True),
        ("    debugpy.listen(5678); debugpy.wait_for_client()", True),
        ("    # here: breakpoint()", False),
        ("    model.breakpoint()", False),
        ("    # caf\N{LATIN SMALL LETTER E WITH ACUTE}", False),
    ],
)
def test_what_stops_in_a_debugger_is_seen(
    line: str, stops: bool, package: Package, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    debugger = package.module("core.restart.debugger")
    monkeypatch.setattr(debugger, "DEBUGGERS", ())  # one of pytest's may be there
    monkeypatch.setattr(sys, "gettrace", lambda: None)
    (tmp_path / "mine.py").write_text(f"# -*- coding: latin-1 -*-\n{line}\n", encoding="latin-1")

    assert debugger.is_debugged(tmp_path) == stops


def test_a_second_process_waits_until_the_first_has_said_who_it_is(
    package: Package, tmp_path: Path
) -> None:
    run = package.module("core.runs.run")
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    host = os.uname().nodename
    package.module("core.files").write_json(
        tmp_path / "summary.json", {"process": {"pid": dead.pid, "host": host}}
    )
    first = (
        "import json, os, sys, time; from pathlib import Path; from filelock import FileLock\n"
        "lock = FileLock('.lock'); lock.acquire(); Path('locked').touch(); time.sleep(0.5)\n"
        "process = {'pid': os.getpid(), 'host': os.uname().nodename}\n"
        "Path('new').write_text(json.dumps({'process': process}))\n"
        "os.replace('new', 'summary.json')\n"
        "time.sleep(60)"
    )
    owner = subprocess.Popen([sys.executable, "-c", first], cwd=tmp_path)
    try:
        while not (tmp_path / "locked").exists():
            time.sleep(0.01)

        with pytest.raises(package.module("core.errors").UserError) as refusal:
            run.Run(tmp_path).lock()
    finally:
        owner.kill()
        owner.wait()

    assert f" is in use by process {owner.pid} on {host}; " in str(refusal.value)
