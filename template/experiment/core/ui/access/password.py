"""The password, without which the page is on this machine only: its hash, in a file of mode 0600.

Template's file: updates replace it.
"""

import base64
import getpass
import hashlib
import hmac
import os
import secrets
import sys
from pathlib import Path

from ...errors import UserError
from ...files import shown
from .private_files import check_ignored, read_private, write_private

FILE = ".ui-password"
SHORTEST, LONGEST = 12, 1024  # letters
# 64 MB and half a second a try, as OWASP advises; a file with other numbers is refused.
COST, BLOCK, PARALLEL = 2**16, 8, 2
MEMORY = 2 * 128 * COST * BLOCK
HELP = "set one with: python main.py ui --set-password"


def ask_new_password() -> str:
    """A new password from the person at the terminal, or a line from a pipe.

    Raises:
        UserError: It is too short, too long, or not typed twice the same.
    """
    if not sys.stdin.isatty():
        first = sys.stdin.readline().rstrip("\r\n")
    else:
        first = getpass.getpass("Password of the web page: ")
        if getpass.getpass("Once more: ") != first:
            raise UserError("the two passwords differ; nothing was changed")
    return first


class Password:
    """That of a project."""

    def __init__(self, project: Path) -> None:
        self.file = project / FILE

    def set(self, text: str) -> None:
        """Keep its hash.

        Raises:
            UserError: It is too short or too long, or git would commit the file.
        """
        if not SHORTEST <= len(text) <= LONGEST:
            wanted = f"{SHORTEST} to {LONGEST} letters"
            raise UserError(f"the password has {len(text)} letters; it takes {wanted}")
        check_ignored(self.file)
        salt = secrets.token_bytes(16)
        parts = [COST, BLOCK, PARALLEL, _text(salt), _text(_hash(text, salt))]
        write_private(self.file, "scrypt$" + "$".join(map(str, parts)) + "\n")

    def is_set(self) -> bool:
        """Whether there is one.

        Raises:
            UserError: Its file is open to others or damaged.
        """
        return self._read() is not None

    def matches(self, text: str) -> bool:
        """Whether it is this one; as much work for any text, and with no password at all.

        Raises:
            UserError: Its file is open to others or damaged.
        """
        salt, wanted = self._read() or (bytes(16), b"")
        is_right = hmac.compare_digest(_hash(text[: LONGEST + 1], salt), wanted)
        return is_right and len(text) <= LONGEST

    def stamp(self) -> tuple[int, int] | None:
        """What is another when the file is."""
        try:
            status = os.stat(self.file)
        except OSError:
            return None
        return status.st_mtime_ns, status.st_ino

    def _read(self) -> tuple[bytes, bytes] | None:
        text = read_private(self.file)
        if text is None:
            return None
        match text.strip().split("$"):
            case ["scrypt", cost, block, parallel, salt, wanted]:
                if (cost, block, parallel) == (str(COST), str(BLOCK), str(PARALLEL)):
                    try:
                        read = (_bytes(salt), _bytes(wanted))
                    except ValueError:
                        pass
                    else:
                        if list(map(len, read)) == [16, 32]:
                            return read
        raise UserError(f"{shown(self.file)} is damaged or of another version; {HELP}")


def _hash(text: str, salt: bytes) -> bytes:
    secret = text.encode("utf-8", "surrogatepass")
    return hashlib.scrypt(secret, salt=salt, n=COST, r=BLOCK, p=PARALLEL, maxmem=MEMORY, dklen=32)


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
