"""What every story needs: the project, the browser, and somewhere to say how far it is."""

import time
from dataclasses import dataclass, field

from playwright.sync_api import Page, expect  # pyright: ignore[reportMissingImports]

from browser.chromium import Chromium
from browser.served import ServedProject

RUNNING = ".status.running"


@dataclass
class Bench:
    """A project and a browser.

    Attributes:
        project: Whose page is served.
        chromium: What opens it.
        steps: How many checks have held.
    """

    project: ServedProject
    chromium: Chromium
    steps: int = 0
    began: float = field(default_factory=time.monotonic)

    def done(self, what: str) -> None:
        """Say that something was seen to be so."""
        self.steps += 1
        seconds = time.monotonic() - self.began
        print(f"  {seconds:5.0f} s  {self.project.task}: {what}", flush=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.project.port}"

    def logged_in(self, *, script: bool = True) -> Page:
        """A page of a browser that an address of its own has let in."""
        page = self.chromium.person(script=script).new_page()
        page.goto(self.project.address())
        return page

    def open(self, page: Page, path: str) -> None:
        """Open one of the pages."""
        answer = page.goto(f"{self.url}{path}")
        assert answer is not None
        assert answer.ok, f"{path}: {answer.status}"


def press(page: Page, name: str) -> None:
    """Click the button of exactly that name."""
    page.get_by_role("button", name=name, exact=True).first.click()


def status(page: Page, run: str, wanted: str) -> None:
    """Wait until the open page of a run says that status by itself."""
    assert page.url.endswith(f"/run/{run}") or f"/run/{run}?" in page.url, page.url
    expect(page.locator(".status").first).to_have_text(wanted)


def everything(page: Page) -> None:
    """Open the part of the form that is closed at first."""
    if page.locator("details.everything").get_attribute("open") is None:
        page.get_by_text("Everything", exact=True).click()
