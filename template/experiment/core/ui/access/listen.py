"""How the server listens: set here, since what uvicorn does by itself depends on what is installed.

Template's file: updates replace it.
"""

import asyncio
import socket

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from ...errors import UserError

SILENT = 10.0  # seconds that a request may take to say what it wants


class Impatient(H11Protocol):
    """Lets go who connects and does not ask: uvicorn takes 200 at a time, and waits for ever."""

    _leaving: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._wait()

    def _wait(self) -> None:
        if self._leaving is None and self._is_open_question():
            self._leaving = self.loop.call_later(SILENT, self._leave)

    def _leave(self) -> None:
        self._leaving = None
        if self._is_open_question() and not self.transport.is_closing():
            self.transport.close()

    def _is_open_question(self) -> bool:
        """Whether no request is there whole that is not answered yet."""
        return self.cycle is None or self.cycle.response_complete


def open_socket(host: str, port: int) -> socket.socket:
    """A socket that listens, so that a port in use is said before anything is printed.

    Args:
        host: A name or a number; ``localhost`` is 127.0.0.1, whatever the machine's files say.
        port: 0 takes a free one.

    Raises:
        UserError: It cannot be had.
    """
    if not 0 <= port <= 65535:  # it would be another one, modulo 65536
        raise UserError(f"--port {port}: a port is a number from 0 to 65535")
    number = "127.0.0.1" if host == "localhost" else host
    try:
        found = socket.getaddrinfo(number, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = found[0]
        listening = socket.socket(family, kind, protocol)
        try:
            # After a kill the port is free at once; on Windows that would let two have it.
            if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):
                listening.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
            else:
                listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(address)
            listening.listen(128)
        except OSError:
            listening.close()
            raise
    except (OSError, OverflowError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UserError(f"--host {host} --port {port}: {reason}; choose another one") from None
    return listening


def make_server(app: ASGIApp) -> uvicorn.Server:
    """The server for a guarded app: ``make_server(Guard(...)).run(sockets=[open_socket(...)])``."""
    settings = uvicorn.Config(
        app,
        http=Impatient,  # h11: refuses two Host headers, and a Content-Length that is none
        ws="none",
        access_log=False,  # it would keep tokens
        log_level="warning",
        proxy_headers=False,  # who writes X-Forwarded-For would be whoever they like
        server_header=False,
        limit_concurrency=200,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=3,
    )
    return uvicorn.Server(settings)
