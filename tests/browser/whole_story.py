"""One person's day with the page: two trainings from the first address to a second start."""

import json
import shlex
from pathlib import Path

from playwright.sync_api import Page, expect  # pyright: ignore[reportMissingImports]

from browser.bench import Bench, everything, press, status
from browser.served import PRESET, STRANGE, wait_for

RATE = "#f-optimizer\\.learning_rate"
STEPS = "#f-trainer\\.max_steps"


def tell(bench: Bench) -> None:
    """The whole story."""
    page = arrive(bench)
    choose(bench, page)
    start(bench, page, "first")
    watch(bench, page)
    page = lose_the_server(bench, page)
    stop_and_go_on(bench, page)
    ask_for(bench, page)
    finish(bench, page)
    take_away(bench, page)
    copy_as_new(bench, page)
    compare(bench, page)


def arrive(bench: Bench) -> Page:
    """Log in by the address that the server has printed."""
    address = bench.project.start()
    stranger = bench.chromium.person().new_page()
    stranger.goto(bench.url)
    expect(stranger.locator("body")).not_to_contain_text("Train")
    bench.chromium.look(stranger, f"{bench.project.task}-login")
    context = bench.chromium.person()
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(address)
    assert page.url == f"{bench.url}/train", page.url
    assert "token" not in page.url
    stranger.goto(address)
    expect(stranger.locator("body")).to_contain_text("That address was used already")
    stranger.context.close()
    bench.done("the address lets one browser in, once; without runs it leads to the form")
    return page


def choose(bench: Bench, page: Page) -> None:
    """Set a wrong value, then a right one."""
    look, task = bench.chromium.look, bench.project.task
    look(page, f"{task}-train")
    everything(page)
    look(page, f"{task}-train-everything")
    page.get_by_label("Preset").select_option(PRESET)
    press(page, "Load")
    everything(page)
    page.fill(RATE, "fast")
    press(page, "Check")
    wrong = page.locator(".field.wrong")
    expect(wrong.locator(".problem")).to_contain_text("optimizer.learning_rate is 'fast'")
    expect(wrong.locator("input")).to_have_value("fast")
    expect(wrong.locator("input")).to_be_focused()
    expect(wrong.locator("input")).to_be_in_viewport()
    expect(page.get_by_role("alert")).to_contain_text("optimizer.learning_rate is 'fast'")
    expect(wrong.locator("input")).to_have_attribute("aria-invalid", "true")
    look(page, f"{task}-refused")
    bench.done("a wrong value: the sentence stands beside its field, which keeps what was typed")
    page.fill(RATE, "0.0025")
    page.fill("#name", "first")
    press(page, "Check")
    expect(page.locator(".good.card")).to_contain_text("Nothing is wrong with it.")
    expect(page.locator(".field.wrong")).to_have_count(0)
    bench.done("a right one: nothing is wrong with it")


def start(bench: Bench, page: Page, name: str) -> None:
    """Start what is set; the pages lead on by themselves."""
    press(page, "Copy")
    expect(page.locator("[data-copy]")).to_have_text("Copied")
    copied = shlex.split(page.evaluate("navigator.clipboard.readText()"))
    press(page, "Start")
    page.wait_for_url("**/errand/*")
    expect(page.locator("h1")).to_have_text(f"Checking {name}")
    if name == "first":
        bench.chromium.look(page, f"{bench.project.task}-preflight")
    page.wait_for_url(f"**/run/{name}*")
    bench.done("the pre-flight leads on by itself to the page of the run")
    job = bench.project.job(name)
    assert copied[:4] == ["uv", "run", "python", "main.py"]
    assert job["words"] == copied[4:], (job["words"], copied)
    bench.done(f"what runs is the command as it was shown and copied: {' '.join(copied[4:])}")


def watch(bench: Bench, page: Page) -> None:
    """See it get on, without loading anything anew."""
    status(page, "first", "running")
    line = page.locator(".curves polyline").first
    drawn = line.get_attribute("points") or ""
    expect(line).not_to_have_attribute("points", drawn)
    bar = page.locator("progress")
    done = float(bar.get_attribute("value") or 0)
    wait_for(lambda: float(bar.get_attribute("value") or 0) > done, "the bar to move")
    left = page.locator(".facts-row div", has_text="left").locator("dd")
    expect(left).to_contain_text("about")
    first = left.inner_text()
    expect(left).not_to_have_text(first)
    bench.done(f"curves, bar and the time left move by themselves ({first}, then less)")
    expect(page.locator("pre")).to_contain_text(STRANGE)
    bench.done("a log line with <script> and one of 240 letters are text")
    bench.chromium.look(page, f"{bench.project.task}-run-live")


def lose_the_server(bench: Bench, page: Page) -> Page:
    """Close the tab, kill the server, start it again: the training knows nothing of it."""
    project = bench.project
    page.context.close()
    project.kill()
    seen = project.step("first")
    wait_for(lambda: project.step("first") > seen + 5, "the training to get on without a server")
    known = json.loads(project.type("runs", "--json"))
    assert [(run["name"], run["status"]) for run in known] == [("first", "running")], known
    bench.done(f"tab closed, server killed at step {seen}: at step {project.step('first')} it runs")
    context = bench.chromium.person()
    page = context.new_page()
    page.goto(project.start())
    assert page.url == f"{bench.url}/runs", page.url
    page.get_by_role("link", name="first", exact=True).click()
    status(page, "first", "running")
    assert len(project.jobs()) == 1
    assert project.job("first")["starts"] == 1
    bench.done("a new server, a new address: it is still running, by its first start")
    return page


def stop_and_go_on(bench: Bench, page: Page) -> None:
    """Stop it, which saves, and let it go on from there."""
    project = bench.project
    press(page, "Stop")
    status(page, "first", "stopped")
    assert (project.runs / "first/checkpoints/last.ckpt").is_file()
    wait_for(lambda: project.job("first")["state"] == "stopped", "the queue to know it")
    before = project.logged("first")
    bench.done(f"stopped: saved, and the page says so (rows up to step {before[-1]})")
    press(page, "Go on")
    status(page, "first", "running")
    wait_for(lambda: len(project.logged("first")) > len(before) + 2, "rows after going on")
    after = project.logged("first")[len(before) :]
    assert 0 < after[0] - before[-1] < 30, (before[-3:], after[:3])
    assert [folder.name for folder in project.runs.glob("first*")] == ["first"]
    bench.done(f"gone on: the same run, rows {before[-1]} and then {after[0]}")


def ask_for(bench: Bench, page: Page) -> None:
    """A checkpoint and a picture, now."""
    project = bench.project
    last = project.runs / "first/checkpoints/last.ckpt"
    saved = last.stat().st_mtime_ns
    press(page, "Save now")
    expect(page.locator(".said")).to_contain_text("asked")
    wait_for(lambda: last.stat().st_mtime_ns > saved, "a checkpoint")
    bench.done("save now: a checkpoint is written")
    press(page, "Sample now")
    picture = page.locator("figure img").first
    picture.wait_for()
    wait_for(lambda: picture.evaluate("image => image.naturalWidth") > 50, "the picture")
    picture.evaluate("image => { image.dataset.seen = 'yes'; }")
    before = page.locator(".facts-row").inner_text()
    expect(page.locator(".facts-row")).not_to_have_text(before, use_inner_text=True)
    assert picture.get_attribute("data-seen") == "yes", "the picture was loaded once more"
    bench.done("sample now: the picture appears")


def finish(bench: Bench, page: Page) -> None:
    """Wait for its end, on the same page."""
    status(page, "first", "finished")
    expect(page.locator(".files")).to_contain_text("the best checkpoint")
    bench.chromium.look(page, f"{bench.project.task}-run-finished")
    rows = bench.project.logged("first")
    assert rows[-1] >= 299, rows[-1]
    bench.done("finished, and the open page says so by itself")


def take_away(bench: Bench, page: Page) -> None:
    """Download the best checkpoint and what an export makes."""
    folder = bench.project.runs / "first"
    best = folder / bench.project.summary("first")["best"]["checkpoint"]
    size = _download(page, folder, best)
    bench.done(f"the best checkpoint as a download: {size:,} bytes, the same ones")
    press(page, "Export")
    page.wait_for_url("**/errand/*")
    page.wait_for_url("**/run/first*")
    made = [folder / line for line in _files(page) if line.startswith("export/")]
    assert len(made) >= 3, _files(page)
    total = sum(_download(page, folder, file) for file in made)
    bench.done(f"exported: {len(made)} files listed, {total:,} bytes downloaded, the same ones")


def _files(page: Page) -> list[str]:
    return page.locator(".files a").all_inner_texts()


def _download(page: Page, folder: Path, file: Path) -> int:
    """Fetch it by its link, as a download where it is offered as one; see that it is the file."""
    link = page.locator(f'.files a[href$="/{file.relative_to(folder).as_posix()}"]')
    answer = page.context.request.get(f"{page.url.split('/run/')[0]}{link.get_attribute('href')}")
    assert answer.ok
    content = answer.body()
    if "attachment" in answer.headers.get("content-disposition", ""):
        with page.expect_download() as begun:
            link.click()
        content = Path(begun.value.path()).read_bytes()
        assert begun.value.suggested_filename == file.name
    assert content == file.read_bytes(), file
    return len(content)


def copy_as_new(bench: Bench, page: Page) -> None:
    """A second training, from the settings of the first."""
    page.get_by_role("link", name="Copy as new").click()
    page.wait_for_url("**/train?from=first*")
    everything(page)
    expect(page.locator(".changed", has=page.locator(RATE))).to_be_visible()
    expect(page.locator(RATE)).to_have_value("0.0025")
    bench.done("copied as new: the fields that differ from the preset are marked")
    page.fill(RATE, "0.005")
    page.fill(STEPS, "60")
    page.fill("#name", "second")
    press(page, "Start")
    page.wait_for_url("**/run/second*")
    status(page, "second", "finished")
    bench.done("the second one runs and finishes")


def compare(bench: Bench, page: Page) -> None:
    """Both side by side."""
    bench.open(page, "/runs")
    bench.chromium.look(page, f"{bench.project.task}-runs")
    page.get_by_label("compare first").check()
    page.get_by_label("compare second").check()
    press(page, "Compare those that are ticked")
    expect(page.locator("h1")).to_contain_text("first")
    expect(page.locator("table").last).to_contain_text("0.0025")
    expect(page.locator("table").last).to_contain_text("0.005")
    assert page.locator(".curves polyline").count() >= 4
    bench.chromium.look(page, f"{bench.project.task}-compare")
    bench.done("compared: the settings that differ, and both curves in each chart")
