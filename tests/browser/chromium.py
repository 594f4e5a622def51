"""A browser as a person has it: logs in, looks at pages in every light, and hears complaints."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe  # pyright: ignore[reportMissingImports]
from playwright.sync_api import (  # pyright: ignore[reportMissingImports]
    Browser,
    BrowserContext,
    Page,
    Route,
    expect,
    sync_playwright,
)

from browser.served import PATIENCE

WIDTHS = {"desktop": (1280, 900), "phone": (390, 844)}
SCHEMES = ("light", "dark")
SEVERE = {"serious", "critical"}
# What a browser says of a script, style or address that the page's own policy forbids.
FORBIDDEN = ("Content Security Policy", "Refused to")


class Chromium:
    """One browser, and what was seen in it.

    Args:
        browser: Of Playwright.
        pictures: Where the screenshots go.
    """

    def __init__(self, browser: Browser, pictures: Path) -> None:
        self.browser, self.pictures = browser, pictures
        self.complaints: list[str] = []
        self.looked_at = self.screenshots = 0

    def person(self, *, script: bool = True, state: Any = None) -> BrowserContext:
        """A browser without a session; with that of another where its ``state`` is given."""
        context = self.browser.new_context(
            java_script_enabled=script,
            storage_state=state,
            viewport=_size("desktop"),
            color_scheme="light",
            accept_downloads=True,
        )
        context.set_default_timeout(PATIENCE * 1000)
        context.on("page", self._listen)
        return context

    def look(self, page: Page, name: str) -> None:
        """Take its pictures in every width and light; axe, and no page wider than a phone.

        Args:
            page: What is open.
            name: Of the pictures.
        """
        held: list[Route] = []
        page.route("**/live/**", lambda route: held.append(route))  # the same page in all pictures
        for width in WIDTHS:
            page.set_viewport_size(_size(width))
            for scheme in SCHEMES:
                page.emulate_media(color_scheme=scheme)
                file = self.pictures / f"{name}-{width}-{scheme}.png"
                page.screenshot(path=file, full_page=True, animations="disabled")
                self.screenshots += 1
                self._check_access(page, f"{name}, {width}, {scheme}")
            inner = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert inner <= 0, f"{name}, {width}: it is {inner} pixels too wide"
        page.set_viewport_size(_size("desktop"))
        page.emulate_media(color_scheme="light")
        for route in held:
            route.abort()  # as where a server does not answer; the next one is answered
        page.unroute("**/live/**")

    def keep_last(self, name: str) -> None:
        """Something went wrong: keep a picture of what was open, and say what it was."""
        pages = [page for context in self.browser.contexts for page in context.pages]
        for number, page in enumerate(pages):
            page.screenshot(path=self.pictures / f"failed-{name}-{number}.png", full_page=True)
            print(f"open was {page.url}\n{page.inner_text('body')[:3000]}", flush=True)

    def _check_access(self, page: Page, where: str) -> None:
        found = Axe().run(page).response["violations"]
        severe = [
            f"{where}: {one['id']}: {one['help']}: {node['target']} {node.get('html', '')[:200]}"
            for one in found
            if one["impact"] in SEVERE
            for node in one["nodes"]
        ]
        assert not severe, "\n".join(severe)
        self.looked_at += 1

    def _listen(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.complaints.append(f"{page.url}: {error}"))
        page.on("dialog", lambda dialog: self._dialog(page, dialog))
        page.on("console", lambda said: self._console(page, said.text))

    def _dialog(self, page: Page, dialog: Any) -> None:
        self.complaints.append(f"{page.url}: a script of somebody else said {dialog.message!r}")
        dialog.dismiss()

    def _console(self, page: Page, text: str) -> None:
        if any(word in text for word in FORBIDDEN):
            self.complaints.append(f"{page.url}: {text}")


@contextmanager
def chromium(program: str, pictures: Path) -> Iterator[Chromium]:
    """The browser, closed afterwards."""
    expect.set_options(timeout=PATIENCE * 1000)
    with sync_playwright() as playwright:
        # Without its sandbox, since tests run as root; it opens no page but ours.
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        try:
            yield Chromium(browser, pictures)
        finally:
            browser.close()


def _size(width: str) -> Any:
    across, down = WIDTHS[width]
    return {"width": across, "height": down}
