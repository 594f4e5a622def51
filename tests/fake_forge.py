"""A stand-in for GitHub and GitLab: it answers the few requests of .ci/forge.py and keeps them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

LISTS = {"pulls": "pulls", "merge_requests": "pulls", "issues": "issues"}
# GitLab's words, and GitHub's for the same.
WORDS = {"description": "body", "source_branch": "head", "target_branch": "base"}


class FakeForge:
    """What was asked, and what there is.

    Args:
        asked: ``POST pulls`` and the like, in their order; no questions, which change nothing.
        pulls: Requests, the newest first; a test may close or merge one.
        issues: Issues, the newest first.
        tokens: The headers that let somebody in.
        refused: ``POST pulls``, with the code to answer it with.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self.asked: list[str] = []
        self.pulls: list[dict[str, Any]] = []
        self.issues: list[dict[str, Any]] = []
        self.tokens: set[str] = set()
        self.refused: dict[str, int] = {}

    def answer(self, method: str, path: str, fields: dict[str, Any]) -> tuple[int, Any]:
        """Do what is asked; returns code and answer."""
        kind, _, number = path.partition("/")
        if method != "GET":
            self.asked.append(f"{method} {path}")
        if code := self.refused.get(f"{method} {path}"):
            return code, {"message": "not permitted"}
        if kind == "actions":
            return 204, None
        entries: list[dict[str, Any]] = getattr(self, LISTS[kind])
        if method == "GET":
            return 200, [it for it in entries if kind != "issues" or it["state"] in OPEN]
        if method == "POST":
            address = f"https://forge.example/{kind}/{len(entries) + 1}"
            opened = "opened" if kind == "merge_requests" or "description" in fields else "open"
            entries.insert(0, {"number": len(entries) + 1, "iid": len(entries) + 1,
                               "html_url": address, "web_url": address, "state": opened,
                               "merged_at": None})  # fmt: skip
            number = str(len(entries))
        found = next(it for it in entries if it["number"] == int(number))
        found.update({WORDS.get(name, name): value for name, value in fields.items()})
        found["state"] = {"close": "closed"}.get(found.pop("state_event", ""), found["state"])
        return 200, found


OPEN = ("open", "opened")


@contextmanager
def fake_forge() -> Iterator[FakeForge]:
    """Serve on a free port."""

    class Handler(BaseHTTPRequestHandler):
        def do(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            path = urlsplit(self.path).path.removeprefix("/repos/ada/wide/")
            path = path.removeprefix("/projects/7/")
            tokens = (self.headers.get("Authorization"), self.headers.get("PRIVATE-TOKEN"))
            forge.tokens |= {token for token in tokens if token}
            code, answer = forge.answer(self.command, path, json.loads(body or b"{}"))
            self.send_response(code)
            self.end_headers()
            if answer is not None:
                self.wfile.write(json.dumps(answer).encode())

        do_GET = do_POST = do_PATCH = do_PUT = do

        def log_message(self, format: str, *args: Any) -> None:
            """Stay quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    forge = FakeForge(f"http://127.0.0.1:{server.server_port}")
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield forge
    finally:
        server.shutdown()
        server.server_close()
