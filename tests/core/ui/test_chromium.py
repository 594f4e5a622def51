"""What only a browser decides: which requests bring the cookie, and what a sandbox holds.

Skipped where there is no Chromium.
"""

import http.server
import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from assemble import Package
from harness.guarded_page import Clock, Page
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CHROMIUM, reason="needs Chromium, as apt-get install chromium has it"),
]

INSIDE = """<!doctype html><p id="out">no script ran</p><script>
const out = [];
const attempt = (name, run) => { try { out.push(name + "=" + run()); }
  catch (error) { out.push(name + "=" + error.name); } };
attempt("origin", () => self.origin);
attempt("cookie", () => document.cookie || "none");
attempt("storage", () => localStorage.length);
attempt("popup", () => window.open("/") ? "opened" : "none");
fetch("/secret").then(() => "read", () => "refused").then(answer => {
  out.push("fetch=" + answer);
  document.getElementById("out").textContent = out.join(" ");
  if (location.search) location.href = "/?after";
});
</script>"""


class Seen:
    """What the page was asked, and how it answered."""

    def __init__(self, elsewhere: str) -> None:
        self.elsewhere = elsewhere
        self.posted: list[dict[str, list[str]]] = []

    def app(self, package: Package, folder: Path) -> Starlette:
        """A page whose index leads to where ``?to=`` says, or submits a form."""
        serving = package.module("core.ui.access.serving")

        async def index(request: Request) -> Response:
            return HTMLResponse(
                f"<title>index</title><p>index {request.url.query}</p>"
                f'<form method="post" action="/start?{request.url.query}">'
                f'<input type="hidden" name="csrf" value="{request.state.csrf}"></form>'
                f'<script src="/go.js"></script>'
            )

        async def go(request: Request) -> Response:
            text = (folder / "go.js").read_text()
            return PlainTextResponse(text, media_type="text/javascript")

        async def start(request: Request) -> Response:
            self.posted.append(request.state.form)
            if "elsewhere" in request.url.query:
                return RedirectResponse(self.elsewhere, 303)
            return HTMLResponse("<p>started</p>")

        async def secret(request: Request) -> Response:
            return PlainTextResponse("secret")

        async def file(request: Request) -> Response:
            return serving.file_response(serving.safe_file(folder, request.path_params["path"]))

        return Starlette(
            routes=[
                Route("/", index),
                Route("/go.js", go),
                Route("/start", start, methods=["POST"]),
                Route("/secret", secret),
                Route("/files/{path:path}", file),
            ]
        )


@contextmanager
def running(package: Package, make: Callable[[int], Any]) -> Iterator[None]:
    listen = package.module("core.ui.access.listen")
    with closing(listen.open_socket("127.0.0.1", 0)) as socket:
        server = listen.make_server(make(socket.getsockname()[1]))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [socket]})
        thread.start()
        try:
            yield
        finally:
            server.should_exit = True
            thread.join(10)


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[tuple[Path, int]]:
    """Somebody else's server: its folder and its port; ``localhost`` is another site, 127.0.0.1 the
    same one with another origin."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "index.html").write_text("<p>elsewhere</p>")

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *given: Any) -> None:
            super().__init__(*given, directory=str(folder))

        def log_message(self, format: str, *args: Any) -> None:
            """Nobody reads it."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield folder, server.server_address[1]
    server.shutdown()
    thread.join()
    server.server_close()


def shown_by(command: list[str], seconds: float) -> str:
    """What it prints; nothing where it waits for ever, as for an answer that it has refused."""
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    try:
        return process.communicate(timeout=seconds)[0]
    except subprocess.TimeoutExpired:
        return ""
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


@pytest.fixture
def browse(
    package: Package, elsewhere: tuple[Path, int], tmp_path: Path
) -> Callable[..., tuple[str, Seen]]:
    """``browse(script)`` logs in, runs a script of the index, and gives the last page's content."""

    def run(
        script: str = "",
        leads_to: str = "",
        begin: str = "OWN/?token=TOKEN",
        seconds: float = 90,
    ) -> Any:
        folder, port = elsewhere
        seen = Seen(f"http://127.0.0.1:{port}/")
        (tmp_path / "go.js").write_text(script.replace("PORT", str(port)))
        (tmp_path / "inside.html").write_text(INSIDE)
        made: list[Page] = []

        def make(own_port: int) -> Any:
            hosts = package.module("core.ui.access.hosts").Hosts("127.0.0.1", own_port)
            access = package.module("core.ui.access.access").Access(tmp_path, hosts.url, own_port)
            app = package.module("core.ui.access.guard").Guard(
                seen.app(package, tmp_path),
                access,
                hosts,
                forms_lead_to=leads_to.replace("PORT", str(port)),
            )
            made.append(Page(app, access, Clock(), tmp_path))
            return app

        with running(package, make):
            own, token = made[0].access.address.url, made[0].token()
            for page in folder.glob("*.html"):
                text = page.read_text().replace("OWN", own).replace("TOKEN", token)
                page.write_text(text)
            address = begin.replace("OWN", own).replace("TOKEN", token).replace("PORT", str(port))
            command = [
                CHROMIUM,
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-background-networking",
                f"--user-data-dir={tmp_path / 'profile'}",
                "--virtual-time-budget=6000",
                "--dump-dom",
                address,
            ]
            return shown_by(command, seconds), seen

    return run


def test_a_browser_logs_in_and_its_own_form_is_taken(browse: Callable[..., Any]) -> None:
    content, seen = browse("document.forms[0].submit();")

    assert "started" in content
    assert len(seen.posted) == 1


def test_a_page_of_a_run_works_in_its_sandbox_and_reads_nothing(browse: Callable[..., Any]) -> None:
    content, _ = browse("location.href = '/files/inside.html';")

    assert "origin=null" in content
    assert "cookie=SecurityError" in content
    assert "storage=SecurityError" in content
    assert "popup=none" in content
    assert "fetch=refused" in content


def test_a_link_in_the_sandbox_leads_back(browse: Callable[..., Any]) -> None:
    """It comes as if from elsewhere, without the cookie: the guard has the browser ask again."""
    content, _ = browse("if (!location.search) location.href = '/files/inside.html?go';")

    assert "index after" in content


def test_the_printed_address_works_from_another_site(
    browse: Callable[..., Any], elsewhere: tuple[Path, int]
) -> None:
    folder, _ = elsewhere
    (folder / "link.html").write_text(
        '<a href="OWN/?token=TOKEN">x</a><script src="x.js"></script>'
    )
    (folder / "x.js").write_text("document.links[0].click();")

    content, _ = browse(begin="http://localhost:PORT/link.html")

    assert "<p>index" in content


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_a_foreign_page_sends_no_form_and_sees_nothing(
    browse: Callable[..., Any], elsewhere: tuple[Path, int], host: str
) -> None:
    """Of 127.0.0.1 with another port the browser even brings the cookie along."""
    folder, _ = elsewhere
    (folder / "evil.html").write_text(
        '<form method="post" action="OWN/start"><input name="csrf" value="x"></form>'
        "<script>document.forms[0].submit();</script>"
    )

    content, seen = browse(f"location.href = 'http://{host}:PORT/evil.html';")

    assert "This was not sent from here" in content
    assert seen.posted == []


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_a_foreign_page_embeds_and_reads_nothing(
    browse: Callable[..., Any], elsewhere: tuple[Path, int], tmp_path: Path, host: str
) -> None:
    folder, _ = elsewhere
    (tmp_path / "a.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'
    )
    (folder / "evil.html").write_text(
        '<p id="out"></p><img id="i" src="OWN/files/a.svg"><iframe id="f" src="OWN/"></iframe>'
        "<script>addEventListener('load', async () => {"
        "const asked = fetch('OWN/secret', {credentials: 'include'});"
        "const read = await asked.then(() => 'read', () => 'no');"
        "const frame = f.contentDocument ? 'open' : 'closed';"
        "out.textContent = `image=${i.naturalWidth} fetch=${read} frame=${frame}`; });</script>"
    )

    content, _ = browse(f"location.href = 'http://{host}:PORT/evil.html';")

    assert "image=0 fetch=no frame=closed" in content


@pytest.mark.parametrize("leads_to", ["", "http://127.0.0.1:PORT"])
def test_a_form_leads_only_to_the_wandb_that_is_named(
    browse: Callable[..., Any], leads_to: str
) -> None:
    script = "if (!location.search) location.href = '/?elsewhere'; else document.forms[0].submit();"

    content, seen = browse(script, leads_to, seconds=90 if leads_to else 15)

    assert len(seen.posted) == 1
    assert ("<p>elsewhere" in content) == bool(leads_to)
