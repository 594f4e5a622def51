"""What is done once, with one of the projects: by keyboard, without JavaScript, in the queue."""

from playwright.sync_api import Page, expect  # pyright: ignore[reportMissingImports]

from browser.bench import Bench, press, status
from browser.served import PRESET, wait_for

MOST_TABS = 300


def by_keyboard(bench: Bench) -> None:
    """From the address to a started run by Tab, letters and Enter."""
    page = bench.logged_in()
    _tab_to(page, "to the content")
    _tab_to(page, "Train")
    _enter(page)
    _tab_to(page, "preset")
    page.keyboard.type(PRESET)
    _tab_to(page, "Load")
    _enter(page)
    assert "/train?preset=" in page.url
    _tab_to(page, "name")
    page.keyboard.type("typed")
    _tab_to(page, "trainer.max_steps")
    page.keyboard.press("Control+A")
    page.keyboard.type("10")
    _tab_to(page, "Start")
    _enter(page)
    page.wait_for_url("**/run/typed*")
    status(page, "typed", "finished")
    assert bench.project.summary("typed")["steps"] == 10
    page.context.close()
    bench.done("by keyboard alone: from the address to a run of 10 steps")


def _enter(page: Page) -> None:
    with page.expect_navigation():
        page.keyboard.press("Enter")


def _tab_to(page: Page, wanted: str) -> None:
    """Press Tab until the focus, which must be seen, is on what has that name or text."""
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        focus = page.evaluate(
            """() => { const it = document.activeElement, style = getComputedStyle(it);
            return { names: [it.name, (it.textContent || "").trim()],
                     seen: style.outlineStyle !== "none" }; }"""
        )
        if wanted in focus["names"]:
            assert focus["seen"], f"the focus on {wanted} cannot be seen"
            return
    raise AssertionError(f"no Tab leads to {wanted}")


def without_script(bench: Bench) -> None:
    """Choose, be refused, start, load anew, stop: with JavaScript off."""
    page = bench.logged_in(script=False)
    bench.open(page, f"/train?preset={PRESET}")
    expect(page.locator("[data-copy]")).to_be_hidden()
    page.fill("#name", "../../x")
    press(page, "Check")
    expect(page.locator(".field.wrong .problem")).to_contain_text("use letters, digits")
    page.fill("#name", "plain")
    press(page, "Start")
    page.wait_for_url("**/run/plain*")  # the page of the check loads itself anew
    _load_until(page, "running")
    seen = page.locator("progress").get_attribute("value")
    wait_for(
        lambda: _reloaded(page) and page.locator("progress").get_attribute("value") != seen, ""
    )
    press(page, "Stop")
    expect(page.locator(".said")).to_contain_text("asked to end")
    _load_until(page, "stopped")
    page.context.close()
    bench.done("without JavaScript: chosen, refused, started, loaded anew, stopped")


def _reloaded(page: Page) -> bool:
    page.reload()
    return True


def _load_until(page: Page, wanted: str) -> None:
    first = page.locator(".status").first
    wait_for(lambda: _reloaded(page) and first.inner_text() == wanted, wanted)


def in_the_queue(bench: Bench) -> None:
    """Three that wait behind one that runs: moved, and one of them taken out."""
    project = bench.project
    page = bench.logged_in()
    for name in ("runs-now", "one", "two", "three"):
        words = ("fit", "--config", f"configs/{PRESET}.yaml", "--name", name)
        steps = () if name == "runs-now" else ("trainer.max_steps=6",)
        project.type("queue", "add", "--device", "cpu", *words, *steps)
    bench.open(page, "/queue")
    wait_for(lambda: project.job("runs-now")["state"] == "running", "the first to run")
    _see_order(page, ["runs-now", "one", "two", "three"])
    bench.chromium.look(page, "queue")
    _change(page, "one up: three")
    _see_order(page, ["runs-now", "one", "three", "two"])
    _change(page, "first: two")
    _see_order(page, ["runs-now", "two", "one", "three"])
    _change(page, "one down: two")
    _see_order(page, ["runs-now", "one", "two", "three"])
    _change(page, "out of the queue: two")
    _see_order(page, ["runs-now", "one", "three"])
    bench.done("three queued: one up, first, one down, one out, each by its button")
    _change(page, "stop, which saves: runs-now")
    wait_for(lambda: project.job("three")["state"] == "ended", "the others to be trained")
    started = {name: project.job(name)["started"] for name in ("runs-now", "one", "three")}
    assert list(started) == sorted(started, key=lambda name: started[name])
    assert not (project.runs / "two").exists()
    expect(page.locator("tbody").last).to_contain_text("three")
    bench.chromium.look(page, "queue-over")
    page.context.close()
    bench.done("they were trained in that order; the one that was taken out was not")


def _see_order(page: Page, names: list[str]) -> None:
    table = page.locator("h2", has_text="cpu").locator("xpath=following-sibling::div[1]")
    expect(table.locator("tbody th")).to_have_text(names)


def _change(page: Page, label: str) -> None:
    page.get_by_label(label, exact=True).click()
    page.wait_for_load_state()
