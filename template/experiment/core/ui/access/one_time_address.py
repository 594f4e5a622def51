"""The address that lets one browser in: kept in a file of its owner, so that there is a next one.

Template's file: updates replace it.
"""

import hmac
import json
import secrets
from contextlib import suppress
from pathlib import Path

import psutil

from ...console import say
from ...errors import UserError
from ...files import shown
from .private_files import check_ignored, read_private, write_private

PATTERN = ".ui-address-*"


class OneTimeAddress:
    """That of a server: once it is used it is worth nothing, and another one takes its place.

    ``main.py ui --address`` prints the current one for a second browser or device.
    """

    def __init__(self, project: Path, url: str, port: int) -> None:
        self.url, self.file = url, project / PATTERN.replace("*", str(port))
        self._token = ""
        check_ignored(self.file)
        self.renew()

    @property
    def current(self) -> str:
        """The address, with the token in it."""
        return f"{self.url}/?token={self._token}"

    def use(self, token: str) -> bool:
        """Whether it is the token, which it is only once."""
        given = token.encode("utf-8", "surrogatepass")
        if not hmac.compare_digest(given, self._token.encode()):
            return False
        self.renew()
        return True

    def renew(self) -> None:
        """Make another one; it is in its file only where that can be written."""
        self._token = secrets.token_urlsafe(32)
        process = psutil.Process()
        content = {
            "address": self.current,
            "pid": process.pid,
            "since": process.create_time(),
        }
        try:
            write_private(self.file, json.dumps(content) + "\n")
        except OSError as error:
            say(f"{shown(self.file)} is not written ({error.strerror}): no further browser gets in")
            self.remove()

    def remove(self) -> None:
        """The server ends."""
        with suppress(OSError):
            self.file.unlink(missing_ok=True)


def current_addresses(project: Path) -> list[str]:
    """The addresses of the servers that run in a project, for ``main.py ui --address``.

    Raises:
        UserError: There is none, or their file is open to others.
    """
    found: list[str] = []
    for file in sorted(project.glob(PATTERN)):
        text = read_private(file)
        try:
            content = json.loads(text or "")
            address, pid, since = content["address"], int(content["pid"]), float(content["since"])
        except (ValueError, KeyError, TypeError):
            continue  # half removed, or not ours
        if _runs(pid, since):
            found.append(str(address))
    if not found:
        raise UserError("no web page runs in this project; start it with: python main.py ui")
    return found


def _runs(pid: int, since: float) -> bool:
    """Whether that very process is there, not one that has its number by now."""
    try:
        return abs(psutil.Process(pid).create_time() - since) < 1
    except (psutil.NoSuchProcess, ValueError):
        return False
    except psutil.AccessDenied:
        return True
