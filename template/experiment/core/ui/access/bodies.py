"""What a browser sends: counted as it comes, whatever its Content-Length says, and not for ever.

Template's file: updates replace it.
"""

import time
from urllib.parse import parse_qs

import anyio
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.types import Message, Receive

MEGABYTE = 2**20
SILENT = 60.0  # seconds without a byte
WHOLE = 30.0  # seconds for a form
# Of a refused body this much is still read: a browser that is cut off shows no page.
POLITE, PATIENCE = 16 * MEGABYTE, 3.0
FIELDS = 5000  # of a form
FORM = "application/x-www-form-urlencoded"


class Body:
    """Stands between the server and whoever reads; it is itself what ASGI calls ``receive``."""

    def __init__(self, receive: Receive, limit: int, declared: str | None) -> None:
        self.receive, self.limit, self.count = receive, limit, 0
        self.is_whole = False
        self.declared = _length(declared)

    async def __call__(self) -> Message:
        """The next message.

        Raises:
            HTTPException: It is too much, or does not come.
        """
        if self.is_whole:  # nothing comes but that the browser leaves, at whatever time
            return await self.receive()
        self.check_declared()
        message = await self._next(SILENT)
        self.count += len(message.get("body", b""))
        if self.count > self.limit:
            raise HTTPException(413, self._too_large())
        return message

    def check_declared(self) -> None:
        """Refuse what says itself that it is too large, before a byte of it is read."""
        if self.declared > self.limit:
            raise HTTPException(413, self._too_large())

    async def read(self) -> bytes:
        """All of it."""
        parts: list[bytes] = []
        end = time.monotonic() + WHOLE
        while not self.is_whole:
            message = await self()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            parts.append(message.get("body", b""))
            if time.monotonic() > end:
                raise HTTPException(408, "That took too long.")
        return b"".join(parts)

    async def drain(self) -> None:
        """Let a browser finish what is refused, within limits."""
        if self.declared > POLITE:
            return
        read = 0
        with anyio.move_on_after(PATIENCE):
            while not self.is_whole and read < POLITE:
                read += len((await self._next(PATIENCE)).get("body", b""))

    async def _next(self, seconds: float) -> Message:
        try:
            with anyio.fail_after(seconds):
                message = await self.receive()
        except TimeoutError:
            self.is_whole = True
            raise HTTPException(408, "Nothing came for too long.") from None
        if message["type"] == "http.disconnect" or not message.get("more_body", False):
            self.is_whole = True
        return message

    def _too_large(self) -> str:
        limit = self.limit / MEGABYTE
        return f"That is too much: at most {limit:,.0f} MB may be sent here."


def replay(content: bytes, rest: Receive) -> Receive:
    """A ``receive`` for a body that was read already."""
    waiting = [content]

    async def receive() -> Message:
        if waiting:
            return {"type": "http.request", "body": waiting.pop(), "more_body": False}
        return await rest()

    return receive


def read_form(request: Request, content: bytes) -> dict[str, list[str]]:
    """The fields of a form; none of anything else, which is the app's to read.

    Raises:
        HTTPException: It is no form, though it says so.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != FORM:
        return {}
    try:
        return parse_qs(
            content.decode("utf-8"),
            keep_blank_values=True,
            encoding="utf-8",
            errors="strict",
            max_num_fields=FIELDS,
        )
    except ValueError:  # UnicodeDecodeError is one
        raise HTTPException(400, f"That is no form of at most {FIELDS} fields.") from None


def _length(declared: str | None) -> int:
    """The server has refused what is no number; -1 when nothing is declared."""
    return int(declared) if declared and declared.isascii() and declared.isdigit() else -1
