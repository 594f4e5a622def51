"""What only a real server shows: lying lengths, chunks, raw headers, and who is slow."""

import json
import re
import socket
import threading
import time
from types import ModuleType
from typing import Any

import httpx
import pytest
from assemble import Package
from harness.guarded_page import UPLOAD_LIMIT, Page

MEGABYTE = 2**20


def talk(port: int, sent: bytes, seconds: float = 20) -> str:
    """Send bytes as they are, and read until the server ends it."""
    with socket.create_connection(("127.0.0.1", port), timeout=seconds) as connection:
        connection.sendall(sent)
        answer = b""
        try:
            while part := connection.recv(65536):
                answer += part
        except (TimeoutError, ConnectionResetError):
            pass
    return answer.decode("latin-1")


def head(port: int, line: str = "GET / HTTP/1.1", *headers: str, host: str = "") -> bytes:
    lines = [line, f"Host: {host or f'127.0.0.1:{port}'}", "Connection: close", *headers, "", ""]
    return "\r\n".join(lines).encode("latin-1")


def own(session: httpx.Client) -> list[str]:
    """The headers of a browser that may."""
    cookie = "; ".join(f"{name}={value}" for name, value in session.cookies.items())
    return [
        f"Cookie: {cookie}",
        f"Origin: {session.base_url}".rstrip("/"),
        f"X-CSRF: {session.headers['X-CSRF']}",
    ]


def test_a_browser_gets_in_and_sends_a_form(session: httpx.Client) -> None:
    answer = session.post("/start", data={"lr": "0.1"})

    assert answer.json()["form"] == {"lr": ["0.1"]}
    assert "server" not in answer.headers


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ("GET / HTTP/1.1\r\nConnection: close\r\n\r\n", "400"),
        ("GET / HTTP/1.0\r\n\r\n", "400"),
        ("GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n", "400"),
        ("GET / HTTP/1.1\r\nHost: {own}\r\nHost: evil.example\r\nConnection: close\r\n\r\n", "400"),
        ("GET / HTTP/1.1\r\nHost : {own}\r\nConnection: close\r\n\r\n", "400"),
        ("GET http://evil.example/ HTTP/1.1\r\nHost: {own}\r\nConnection: close\r\n\r\n", "401"),
        ("GET //evil.example/ HTTP/1.1\r\nHost: {own}\r\nConnection: close\r\n\r\n", "401"),
        ("GET /../../etc/passwd HTTP/1.1\r\nHost: {own}\r\nConnection: close\r\n\r\n", "401"),
        ("GET /%00 HTTP/1.1\r\nHost: {own}\r\nConnection: close\r\n\r\n", "401"),
        ("GET /%ff%fe HTTP/1.1\r\nHost: {own}\r\nConnection: close\r\n\r\n", "401"),
        ("POST / HTTP/1.1\r\nHost: {own}\r\nContent-Length: -1\r\n\r\n", "400"),
        ("POST / HTTP/1.1\r\nHost: {own}\r\nContent-Length: 1e9\r\n\r\n", "400"),
        ("CONNECT a:1 HTTP/1.1\r\nHost: {own}\r\nConnection: close\r\n\r\n", "403"),
        ("TRACE / HTTP/1.1\r\nHost: {own}\r\nConnection: close\r\n\r\n", "403"),
        (
            "GET / HTTP/1.1\r\nHost: {own}\r\nUpgrade: websocket\r\nConnection: upgrade, close\r\n"
            "Sec-WebSocket-Key: x\r\nSec-WebSocket-Version: 13\r\n\r\n",
            "401",
        ),
        ("\x16\x03\x01\x02\x00\x01\x00", "400"),
    ],
)
def test_odd_requests_are_refused(served: tuple[Page, int], sent: str, status: str) -> None:
    _, port = served

    answer = talk(port, sent.format(own=f"127.0.0.1:{port}").encode("latin-1"), 2)

    assert re.match(rf"HTTP/1.1 {status} ", answer), answer[:200]
    assert "csrf" not in answer


def test_a_length_that_lies_is_cut_off_where_it_is_too_much(
    served: tuple[Page, int], session: httpx.Client
) -> None:
    _, port = served
    post = ("POST /start HTTP/1.1", *own(session))

    too_long = talk(port, head(port, *post, "Content-Length: 5000000000"))
    assert too_long.startswith("HTTP/1.1 413 ")
    # More comes than was said: what is left over is another request, and none.
    short = talk(port, head(port, *post, "Content-Length: 3") + b"a=1" + b"x" * MEGABYTE)
    assert short.startswith("HTTP/1.1 200 ")
    assert short.count("HTTP/1.1 200") == 1
    # Less comes: nothing is done with the half.
    half = talk(port, head(port, *post, "Content-Length: 100") + b"a=1", 1)
    assert not half
    assert session.get("/").status_code == 200


def test_chunks_are_counted_as_they_come(served: tuple[Page, int], session: httpx.Client) -> None:
    def chunks(size: int) -> "httpx.Response":
        parts = (b"x" * 65536 for _ in range(size // 65536))
        return session.post(path, content=parts)

    path = "/start"
    assert chunks(MEGABYTE).status_code == 200
    assert chunks(4 * MEGABYTE).status_code == 413
    path = "/upload"
    assert chunks(UPLOAD_LIMIT).json() == {"received": UPLOAD_LIMIT}
    assert chunks(UPLOAD_LIMIT + 3 * MEGABYTE).status_code == 413
    path = "/login"
    assert chunks(4 * MEGABYTE).status_code == 413
    path = "/upload"
    del session.headers["X-CSRF"]
    assert chunks(UPLOAD_LIMIT).status_code == 403
    session.cookies.clear()
    assert chunks(UPLOAD_LIMIT).status_code == 401


def test_a_body_without_an_end_ends(served: tuple[Page, int], session: httpx.Client) -> None:
    _, port = served
    chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    start = head(port, "POST /start HTTP/1.1", *own(session), "Transfer-Encoding: chunked")

    answer = talk(port, start + chunk * 20, 10)

    assert answer.startswith("HTTP/1.1 413 ")


def test_who_sends_nothing_is_let_go(
    served: tuple[Page, int],
    session: httpx.Client,
    package: Package,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _, port = served
    monkeypatch.setattr(package.module("core.ui.access.bodies"), "SILENT", 0.3)
    start = time.monotonic()

    for path in ("/start", "/upload"):
        answer = talk(
            port, head(port, f"POST {path} HTTP/1.1", *own(session), "Content-Length: 100") + b"a"
        )
        assert answer.startswith("HTTP/1.1 408 ")

    assert time.monotonic() - start < 10


def test_who_connects_and_asks_nothing_does_not_lock_out_others(
    served: tuple[Page, int],
    session: httpx.Client,
    package: Package,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _, port = served
    monkeypatch.setattr(package.module("core.ui.access.listen"), "SILENT", 1.0)
    idle = [socket.create_connection(("127.0.0.1", port)) for _ in range(250)]
    try:
        for connection in idle[::2]:
            connection.sendall(b"GET / HT")
        for connection in idle:
            connection.settimeout(5)
            assert connection.recv(1) == b""
        asked = head(port).replace(b"Connection: close\r\n", b"")
        with socket.create_connection(("127.0.0.1", port)) as twice:
            twice.sendall(asked + b"GET / HT")
            twice.settimeout(5)
            answer = b""
            while part := twice.recv(65536):
                answer += part
            assert answer.startswith(b"HTTP/1.1 401 ")  # and then it is ended
        assert session.get("/").status_code == 200
    finally:
        for connection in idle:
            connection.close()


def test_headers_are_bounded(served: tuple[Page, int]) -> None:
    _, port = served

    answer = talk(port, head(port, "GET / HTTP/1.1", "X-Long: " + "x" * 200_000))

    assert answer.startswith("HTTP/1.1 400 ") or not answer


def test_forwarded_addresses_are_not_believed(
    served: tuple[Page, int], package: Package, cheap_hashes: None
) -> None:
    page, port = served
    package.module("core.ui.access.password").Password(page.project).set("a password of ours")
    url = f"http://127.0.0.1:{port}"

    with httpx.Client(base_url=url, headers={"Origin": url}) as client:
        statuses = [
            client.post(
                "/login",
                data={"password": "wrong"},
                headers={
                    "X-Forwarded-For": f"10.0.0.{number}",
                    "Forwarded": f"for=10.1.1.{number}",
                },
            ).status_code
            for number in range(10)
        ]

    assert statuses == [401] * 5 + [429] * 5


def test_the_address_goes_with_the_server(package: Package, make_page: Any) -> None:
    listen = package.module("core.ui.access.listen")
    with listen.open_socket("127.0.0.1", 0) as opened:
        page = make_page(opened.getsockname()[1])
        server = listen.make_server(page.app)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [opened]})
        assert list(page.project.glob(".ui-address-*"))
        thread.start()
        while not server.started:
            time.sleep(0.01)
        server.should_exit = True
        thread.join(10)

    assert not list(page.project.glob(".ui-address-*"))


def test_a_port_in_use_is_said(served: tuple[Page, int], package: Package) -> None:
    _, port = served
    listen: ModuleType = package.module("core.ui.access.listen")
    user_error = package.module("core.errors").UserError

    for host, number, said in [
        ("127.0.0.1", port, "in use"),
        ("no.such.host.invalid", 1, "choose another"),
        ("192.0.2.1", 7860, "assign"),
    ]:
        with pytest.raises(user_error, match=rf"--host {host} --port {number}: .*{said}"):
            listen.open_socket(host, number)
    for number in (-1, 65536 + port):
        with pytest.raises(user_error, match="a port is a number from 0 to 65535"):
            listen.open_socket("127.0.0.1", number)


def test_json_is_told_to_programs(served: tuple[Page, int]) -> None:
    _, port = served

    answer = talk(port, head(port, "GET / HTTP/1.1", "Accept: application/json"))

    assert json.loads(answer.partition("\r\n\r\n")[2]) == {"error": "log in first"}
