"""Takes the two pictures that the documentation shows: the form, and a run that is under way."""

from pathlib import Path

from PIL import Image
from playwright.sync_api import expect  # pyright: ignore[reportMissingImports]
from projects import ROOT

from browser.bench import Bench, press, status
from browser.served import wait_for

LARGEST = 200_000  # bytes
DOWN = {"ui-train": 860, "ui-run": 1256}  # pixels


def take(bench: Bench) -> None:
    """``docs/ui-train.png`` and ``docs/ui-run.png``, of a project as it is generated."""
    project = bench.project
    (project.path / "configs/watched.yaml").unlink(missing_ok=True)
    page = bench.logged_in()
    bench.open(page, "/train")
    folder = bench.chromium.pictures
    page.screenshot(path=folder / "ui-train.png", full_page=True)
    page.fill("#name", "digits")
    press(page, "Start")
    page.wait_for_url("**/run/digits*")
    status(page, "digits", "running")
    wait_for(lambda: len(set(project.logged("digits"))) > 30, "curves with a shape")
    press(page, "Sample now")
    expect(page.locator("figure img").first).to_be_visible()
    page.screenshot(path=folder / "ui-run.png", full_page=True)
    for name, down in DOWN.items():
        size = _keep(folder / f"{name}.png", ROOT / f"docs/{name}.png", down)
        bench.done(f"docs/{name}.png: {size:,} bytes")
    page.context.close()


def _keep(taken: Path, kept: Path, down: int) -> int:
    """The upper part of a picture with few colours; its size."""
    picture = Image.open(taken).convert("RGB")
    upper = picture.crop((0, 0, picture.width, min(down, picture.height)))
    upper.quantize(128).save(kept, optimize=True)
    assert kept.stat().st_size < LARGEST
    return kept.stat().st_size
