"""The names that the server answers to: a page of another name is somebody else's (DNS rebinding).

Template's file: updates replace it.
"""

import ipaddress
import re
import socket
from collections.abc import Iterable

from ...console import say
from ...errors import UserError

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
ANY = ("0.0.0.0", "::")  # each address that the machine has
NAME = re.compile(r"(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?)(:[0-9]{1,5})?")
TOLD = 20  # foreign names that the terminal hears of; a stranger could send any number


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches it."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Hosts:
    """What may stand in a request's ``Host``.

    Args:
        host: What the server listens on.
        port: And where.
        names: More names, as ``gpu1.lab``, or with the port that a tunnel or proxy has.
        secure: Browsers come by https, through a proxy.

    Attributes:
        url: The address without a path, as it is printed: the first of the names, if there is one.

    Raises:
        UserError: A name is none.
    """

    def __init__(
        self, host: str, port: int, names: Iterable[str] = (), *, secure: bool = False
    ) -> None:
        self.port, self.scheme = port, "https" if secure else "http"
        self.is_open = not is_loopback(host)
        self._told: set[str] = set()
        self.known: set[str] = set()
        own = (*LOOPBACK, socket.gethostname() if host in ANY else _in_url(host))
        given = list(names)
        for name in given:
            if not NAME.fullmatch(name):
                raise UserError(f"ui.hosts: {name!r} is no host; write gpu1.lab or localhost:8000")
        for name in (*own, *given):
            self._add(name.lower())
        by_itself = socket.gethostname() if host in ANY else _in_url(host)
        self.url = self._url((given or [by_itself])[0].lower())

    def knows(self, host: str, own_address: str) -> bool:
        """Whether a browser that asks for it means this server.

        Args:
            host: The request's ``Host``.
            own_address: The address of this machine that the request came in by. A page on a name
                cannot be this one: numbers are looked up nowhere.
        """
        host = host.lower()
        if host in self.known:
            return True
        if self.is_open and own_address and host == f"{_in_url(own_address)}:{self.port}":
            return True
        self._tell(host)
        return False

    def _url(self, name: str) -> str:
        """The address without a path, as it is printed."""
        is_whole = self.scheme == "https" or _has_port(name)
        return f"{self.scheme}://{name}" + ("" if is_whole else f":{self.port}")

    def origin(self, host: str) -> str:
        """The ``Origin`` of this server's own pages on a known host."""
        return f"{self.scheme}://{host.lower()}"

    def _add(self, name: str) -> None:
        if _has_port(name):
            self.known.add(name)
            return
        self.known.add(f"{name}:{self.port}")
        if (self.scheme, self.port) == ("http", 80) or self.scheme == "https":
            self.known.add(name)  # browsers leave out the usual port, which is the proxy's

    def _tell(self, host: str) -> None:
        if host in self._told or len(self._told) >= TOLD:
            return
        self._told.add(host)
        if NAME.fullmatch(host) and len(host) < 100:
            advice = f"if that is your own name for it, start it with ui.hosts=[{host}]"
        else:
            advice = "which is no name"
        say(f"refused: a browser asked for {host[:100]!r}, {advice}")


def _has_port(name: str) -> bool:
    return re.search(r":[0-9]+$", name.rpartition("]")[2]) is not None


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host
