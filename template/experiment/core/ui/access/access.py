"""Who may see the page: one-time addresses, the password, and the sessions that both begin.

Template's file: updates replace it.
"""

from collections.abc import Callable
from pathlib import Path
from time import monotonic

import anyio
from anyio.to_thread import run_sync

from ...console import say
from ...errors import UserError
from .attempts import Attempts
from .one_time_address import OneTimeAddress
from .password import HELP, Password
from .sessions import Session, Sessions

QUEUE = 4  # passwords that wait to be hashed, one by one: 64 MB in all


class TooManyAttempts(Exception):
    """A password may not be tried now."""

    def __init__(self, seconds: float) -> None:
        self.seconds = max(1, round(seconds + 0.5))
        super().__init__(f"too many attempts; the next one is possible in {self.seconds} seconds")


class Access:
    """The door of one server.

    Args:
        project: The folder that the password and the current address lie in.
        url: The server's address without a path, such as ``http://127.0.0.1:7860``.
        port: It listens on this one.

    Raises:
        UserError: A file of it is open to others, or git would commit it.
    """

    def __init__(
        self, project: Path, url: str, port: int, clock: Callable[[], float] = monotonic
    ) -> None:
        self.password = Password(project)
        self.password.is_set()  # a damaged file is said now, not at the first login
        self.address = OneTimeAddress(project, url, port)
        self.attempts, self.sessions = Attempts(clock), Sessions(clock)
        self._stamp = self.password.stamp()
        self._hashing, self._waiting = anyio.Semaphore(1), 0

    def session(self, cookie: str) -> Session | None:
        """Who shows a cookie."""
        if self._stamp != (stamp := self.password.stamp()):
            self._stamp = stamp
            self.sessions.close_all()  # a new password is there to keep somebody out
        return self.sessions.find(cookie) if cookie else None

    def exchange(self, token: str) -> str | None:
        """The cookie for a one-time address; None if it is none, or used up."""
        if not self.address.use(token):
            return None
        say("the address was used and is worth nothing now; another: python main.py ui --address")
        return self.sessions.open()

    async def log_in(self, password: str, address: str) -> str | None:
        """The cookie for the password; None if it is another one.

        Args:
            password: What was typed.
            address: Where from.

        Raises:
            TooManyAttempts: Nothing was looked at.
        """
        if seconds := self.attempts.take(address):
            raise TooManyAttempts(seconds)
        if self._waiting >= QUEUE:
            raise TooManyAttempts(self._waiting)
        self._waiting += 1
        try:
            async with self._hashing:
                is_right = await run_sync(self.password.matches, password)
        except UserError as error:
            say(str(error))
            return None
        finally:
            self._waiting -= 1
        if not is_right:
            say(f"a wrong password was given from {address}")
            return None
        self.attempts.give_back(address)
        return self.sessions.open()

    def log_out(self, cookie: str) -> None:
        """End the session of a cookie."""
        self.sessions.close(cookie)

    def close(self) -> None:
        """The server ends."""
        self.address.remove()


def check_password(project: Path, host: str) -> str:
    """What to warn of before the page is shown on a host that others reach.

    Raises:
        UserError: There is no password.
    """
    if not Password(project).is_set():
        raise UserError(f"--host {host}: others reach that, so it takes a password; {HELP}")
    return (
        f"warning: on {host} all is sent as it is, the password, too, for anybody on the way to "
        "read; put a proxy with TLS before it, or use 127.0.0.1 and ssh -L"
    )
