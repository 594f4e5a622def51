"""A small page behind the guard of the web page, and browsers for it."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

PORT = 7860
URL = f"http://127.0.0.1:{PORT}"
UPLOAD_LIMIT = 3 * 2**20


class Clock:
    """Time that a test sets."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


async def index(request: Request) -> Response:
    return PlainTextResponse(f"csrf={request.state.csrf}")


async def start(request: Request) -> Response:
    return JSONResponse({"form": request.state.form, "body": len(await request.body())})


async def upload(request: Request) -> Response:
    count = 0
    async for part in request.stream():
        count += len(part)
    return JSONResponse({"received": count})


async def broken(request: Request) -> Response:
    raise RuntimeError("a fault of the app")


async def sandboxed(request: Request) -> Response:
    return PlainTextResponse("x", headers={"Content-Security-Policy": "sandbox"})


ROUTES = [
    Route("/", index),
    Route("/start", start, methods=["POST"]),
    Route("/upload", upload, methods=["POST"]),
    Route("/files/{path:path}", index),
    Route("/broken", broken),
    Route("/sandboxed", sandboxed),
]


def small_app() -> Starlette:
    """The page itself, which guards nothing."""
    return Starlette(routes=ROUTES)


@dataclass
class Page:
    """A guarded app, and what its owner knows of it."""

    app: Any
    access: Any
    clock: Clock
    project: Path

    def client(self, url: str = URL, **options: Any) -> TestClient:
        """A browser that knows nothing."""
        return TestClient(
            self.app,
            base_url=url,
            follow_redirects=False,
            raise_server_exceptions=False,
            **options,
        )

    def token(self) -> str:
        """The one that the current address has."""
        return self.access.address.current.partition("?token=")[2]

    def browser(self) -> TestClient:
        """A browser that is logged in."""
        client = self.client()
        assert client.get("/", params={"token": self.token()}).status_code == 303
        return client


def csrf(client: TestClient) -> str:
    """What the forms that a browser is shown hold."""
    found = re.fullmatch(r"csrf=(\S+)", client.get("/").text)
    assert found
    return found[1]
