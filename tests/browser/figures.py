"""What the page costs: until it is there, while nobody uses it, and with two hundred runs."""

import json
import shutil
import statistics
import time
from collections.abc import Iterable
from typing import Any

import httpx
import psutil

from browser.bench import Bench

IDLE_SECONDS = 20.0
RUNS = 200
LISTED_SECONDS = 0.3
ASKED = 5


def measure(bench: Bench) -> None:
    """The figures, a line each; /runs must be quick enough.

    The server is one that was started for this, and no training runs.
    """
    bench.project.kill()
    started = time.monotonic()
    address = bench.project.start()
    page = bench.chromium.person().new_page()
    page.goto(address)
    seconds = time.monotonic() - started
    bench.done(f"from `python main.py ui` to the first page shown: {seconds:.1f} s")
    page.goto("about:blank")
    bench.done(f"the server while nobody looks: {_idle(bench)}")
    bench.open(page, "/runs")
    bench.done(f"the server while the page of runs is open: {_idle(bench)}")
    seconds, work = _list_many(bench, page.context.cookies())
    said = f"/runs with {RUNS} runs: {seconds:.3f} s, the median of {ASKED}; {work:.3f} s of work"
    assert min(seconds, work) < LISTED_SECONDS, said  # others may use the machine meanwhile
    bench.done(said)
    page.context.close()


def _idle(bench: Bench) -> str:
    """Memory and processor of the server over some seconds."""
    assert bench.project.process
    process = psutil.Process(bench.project.process.pid)
    before = sum(process.cpu_times()[:2])
    time.sleep(IDLE_SECONDS)
    spent = sum(process.cpu_times()[:2]) - before
    memory = process.memory_info().rss / 1e6
    return (
        f"{memory:.0f} MB, {100 * spent / IDLE_SECONDS:.1f} % of one core in {IDLE_SECONDS:.0f} s"
    )


def _list_many(bench: Bench, cookies: Iterable[Any]) -> tuple[float, float]:
    """The seconds until the list of many runs is there, copies of a real one, and the server's."""
    assert bench.project.process
    process = psutil.Process(bench.project.process.pid)
    runs = bench.project.runs
    real = next(folder for folder in runs.iterdir() if (folder / "checkpoints/best.json").exists())
    for number in range(RUNS):
        copy = runs / f"copy-{number:03d}"
        (copy / "checkpoints").mkdir(parents=True)
        for name in ("config.yaml", "metrics.jsonl", "checkpoints/best.json"):
            shutil.copy(real / name, copy / name)
        summary = {**json.loads((real / "summary.json").read_text("utf-8")), "name": copy.name}
        (copy / "summary.json").write_text(json.dumps(summary), "utf-8")
    taken: list[float] = []
    with httpx.Client(cookies={one["name"]: one["value"] for one in cookies}) as client:
        before = sum(process.cpu_times()[:2])
        for _ in range(ASKED):
            began = time.perf_counter()
            answer = client.get(f"{bench.url}/runs", timeout=60)
            taken.append(time.perf_counter() - began)
            assert answer.text.count("<tr>") > RUNS
        work = (sum(process.cpu_times()[:2]) - before) / ASKED
    for number in range(RUNS):
        shutil.rmtree(runs / f"copy-{number:03d}")
    return statistics.median(taken), work
