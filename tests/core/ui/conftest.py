"""A small page behind the guard, asked in memory and by a real server."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from assemble import Package, assemble
from harness.guarded_page import PORT, UPLOAD_LIMIT, Clock, Page, small_app


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    return Package(assemble(tmp_path_factory.mktemp("page")))


@pytest.fixture
def cheap_hashes(package: Package, monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords in a millisecond: what is tested is not their cost."""
    monkeypatch.setattr(package.module("core.ui.access.password"), "COST", 2)


@pytest.fixture
def make_page(package: Package, tmp_path: Path) -> Callable[..., Page]:
    """Pages; each is another start of the server."""

    def make(port: int = PORT, password: str = "", **hosts: Any) -> Page:
        clock = Clock()
        known = package.module("core.ui.access.hosts").Hosts(
            hosts.pop("host", "127.0.0.1"), port, **hosts
        )
        if password:
            package.module("core.ui.access.password").Password(tmp_path).set(password)
        access = package.module("core.ui.access.access").Access(tmp_path, known.url, port, clock)
        guarded = package.module("core.ui.access.guard").Guard(
            small_app(), access, known, uploads={"/upload"}, max_upload=UPLOAD_LIMIT
        )
        return Page(guarded, access, clock, tmp_path)

    return make


@pytest.fixture
def page(make_page: Callable[..., Page]) -> Page:
    return make_page()


@pytest.fixture
def served(package: Package, make_page: Callable[..., Page]) -> Iterator[tuple[Page, int]]:
    """The same behind a real server, and its port."""
    listen = package.module("core.ui.access.listen")
    with closing(listen.open_socket("127.0.0.1", 0)) as socket:
        port = socket.getsockname()[1]
        page = make_page(port)
        server = listen.make_server(page.app)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [socket]})
        thread.start()
        try:
            for _ in range(400):
                if server.started:
                    break
                time.sleep(0.01)
            assert server.started
            yield page, port
        finally:
            server.should_exit = True
            thread.join(10)
    assert not thread.is_alive()


@pytest.fixture
def session(served: tuple[Page, int]) -> Iterator[httpx.Client]:
    """A browser that is logged in at the real server, with its ``csrf`` as a header."""
    page, port = served
    url = f"http://127.0.0.1:{port}"
    with httpx.Client(base_url=url, headers={"Origin": url}, timeout=20) as client:
        assert client.get("/", params={"token": page.token()}).status_code == 303
        client.headers["X-CSRF"] = client.get("/").text.removeprefix("csrf=")
        yield client
