"""A sweep of two trials, an archive that is trained on, and one that climbs out."""

import io
import zipfile

import numpy as np
import yaml
from PIL import Image
from playwright.sync_api import (  # pyright: ignore[reportMissingImports]
    FilePayload,
    Page,
    expect,
)

from browser.bench import Bench, everything, press, status
from browser.served import PATIENCE, PRESET, wait_for

SWEEP = {
    "program": "main.py",
    "method": "grid",
    "metric": {"name": "val/loss", "goal": "minimize"},
    "parameters": {
        "optimizer.learning_rate": {"values": [0.001, 0.01]},
        "trainer.max_steps": {"value": 14},
        "data.limit": {"value": 200},
        "model.width": {"value": 8},
    },
    "command": [
        "${env}", "${interpreter}", "${program}", "fit", "--set-json", "${args_json}",
    ],
}  # fmt: skip
CLASSES = ("<img src=x onerror=alert(1)>", "a class whose name is long " + "and longer " * 12)


def sweep(bench: Bench) -> None:
    """Start one from its file; its page opens in a sandbox."""
    project = bench.project
    (project.path / "sweeps/tiny.yaml").write_text(yaml.safe_dump(SWEEP), "utf-8")
    page = bench.logged_in()
    bench.open(page, "/sweeps")
    page.get_by_label("file").select_option("tiny.yaml")
    page.fill("#name", "tiny")
    page.fill("#workers", "0")
    press(page, "Start")
    expect(page.locator(".said")).to_contain_text("workers is 0; it must be a number from 1 to 64")
    page.get_by_label("file").select_option("tiny.yaml")
    page.fill("#name", "tiny")
    press(page, "Start")
    expect(page.locator(".said")).to_contain_text("tiny is in the queue")
    row = page.locator("tbody tr", has_text="tiny")
    expect(row).to_contain_text("2 finished", timeout=2 * PATIENCE * 1000)
    wait_for(lambda: project.job("tiny")["state"] == "ended", "the sweep to end")
    bench.chromium.look(page, "sweeps")
    with page.expect_response(lambda answer: "/tiny/index.html" in answer.url) as answered:
        page.get_by_role("link", name="tiny", exact=True).click()
    policy = answered.value.headers["content-security-policy"]
    assert policy.startswith("sandbox allow-scripts"), policy
    assert "allow-same-origin" not in policy
    assert page.evaluate("self.origin") == "null"
    expect(page.locator("body")).to_contain_text("trial")
    bench.done("a sweep of two trials: started, watched, its page opened as one of nowhere")
    bench.open(page, "/runs?where=name=tiny/*")
    expect(page.locator("tbody tr")).to_have_count(2)
    page.context.close()
    bench.done("its trials are listed by the link beside it")


def upload(bench: Bench) -> None:
    """A zip of hands of cards: trained on, once it was looked at; one that climbs is refused."""
    page = bench.logged_in()
    bench.open(page, "/data")
    bench.chromium.look(page, "data-empty")
    _send(page, "evil", {"../../escaped.txt": b"out"})
    expect(page.locator("main")).to_contain_text("Nothing was kept.")
    refusal = page.locator("main").inner_text().splitlines()[-1]
    assert not list(bench.project.path.parent.rglob("escaped.txt"))
    bench.done(f"an archive that climbs out is refused: {refusal}")
    bench.open(page, "/data")
    _send(page, "hands", {f"hand-{i:03d}.npz": _hand(i) for i in range(120)})
    expect(page.locator(".said")).to_contain_text("120 files are in hands")
    bench.chromium.look(page, "data")
    page.locator("li", has_text="hands").get_by_role("link", name="train on it").click()
    page.get_by_label("Preset").wait_for()
    expect(page.locator("#f-data\\.root")).to_have_value("data/hands")
    expect(page.locator("#f-data\\.source")).to_have_value("folder")
    page.fill("#name", "of-hands")
    page.fill("#f-trainer\\.max_steps", "6")
    press(page, "Start")
    expect(page.locator("h1")).to_have_text("Looking at hands")
    page.wait_for_url("**/run/of-hands*")
    status(page, "of-hands", "finished")
    assert (bench.project.runs / "inspect-data/index.html").is_file()
    log = (bench.project.runs / "of-hands/train.log").read_text("utf-8")
    assert "hands" in log, log
    page.context.close()
    bench.done("a zip of 120 examples: unpacked, looked at by itself, trained on")


def strange_classes(bench: Bench) -> None:
    """Classes whose names are HTML, or longer than a line, of images in folders."""
    folder = bench.project.path / "data/strange"
    for shade, name in enumerate(CLASSES):
        (folder / name).mkdir(parents=True)
        for i in range(40):
            noise = np.random.default_rng(i).integers(0, 99, (28, 28), dtype=np.uint8)
            Image.fromarray(noise + 120 * shade).save(folder / name / f"{i}.png")
    page = bench.logged_in()
    bench.open(page, f"/train?preset={PRESET}&set=data.source=folder&set=data.root=data/strange")
    everything(page)
    page.fill("#name", "strange")
    page.fill("#f-trainer\\.max_steps", "20")
    press(page, "Start")
    page.wait_for_url("**/run/strange*")
    status(page, "strange", "finished")
    bench.chromium.look(page, "strange-run")
    bench.project.type("inspect", "data", "data.source=folder", "data.root=data/strange")
    bench.open(page, "/data")
    page.get_by_role("link", name="The last look at it").click()
    expect(page.locator("body")).to_contain_text(CLASSES[0])
    page.context.close()
    bench.done("names of classes that are HTML, and 150 letters long, are text")


def _send(page: Page, name: str, files: dict[str, bytes]) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    page.fill("#name", name)
    file = FilePayload(name="data.zip", mimeType="application/zip", buffer=packed.getvalue())
    page.set_input_files("#archive", file)
    press(page, "Upload")
    page.wait_for_load_state()


def _hand(number: int) -> bytes:
    """A hand of six cards, as the task's reader wants it."""
    random = np.random.default_rng(number)
    content = io.BytesIO()
    np.savez(content, cards=random.random((6, 10), np.float32), label=number % 2)
    return content.getvalue()
