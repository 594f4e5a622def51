"""Who is logged in: in memory only, so that a server that starts again knows nobody.

Template's file: updates replace it.
"""

import hashlib
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

MOST = 64  # sessions; the one unused for longest makes room
DAY = 24 * 3600.0
UNUSED, OLDEST = 7 * DAY, 30 * DAY


@dataclass
class Session:
    """A browser that may.

    Attributes:
        csrf: What each of its forms has to hold; nobody else's page knows it.
        since: When it began.
        used: When it was last seen.
    """

    since: float
    used: float
    csrf: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)


class Sessions:
    """All of them, by the digest of their cookie: how long a look-up takes tells nothing of it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self.known: OrderedDict[bytes, Session] = OrderedDict()

    def open(self) -> str:
        """Begin one.

        Returns:
            The value of its cookie, which is kept nowhere here.
        """
        cookie, now = secrets.token_urlsafe(32), self.clock()
        while len(self.known) >= MOST:
            self.known.popitem(last=False)
        self.known[_digest(cookie)] = Session(now, now)
        return cookie

    def find(self, cookie: str) -> Session | None:
        """The session of a cookie, if it is one and not too old."""
        digest, now = _digest(cookie), self.clock()
        session = self.known.get(digest)
        if session is None:
            return None
        if now - session.used > UNUSED or now - session.since > OLDEST:
            del self.known[digest]
            return None
        session.used = now
        self.known.move_to_end(digest)
        return session

    def close(self, cookie: str) -> None:
        """End one."""
        self.known.pop(_digest(cookie), None)

    def close_all(self) -> None:
        """End all, as when the password has changed."""
        self.known.clear()


def _digest(cookie: str) -> bytes:
    return hashlib.sha256(cookie.encode("utf-8", "surrogatepass")).digest()
