"""What can be set of the web page that trainings are started from.

Template's file: updates replace it. To change a default, override its field in your config.py. No
result depends on any of it: it stands in no run's record, and no sweep varies it.
"""

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from ..spelling import did_you_mean, nearest

# Not every task has each of these.
PLAIN = ("data.source", "data.dataset", "data.root", "model.name")
PLAIN += ("trainer.max_epochs", "trainer.max_steps")
UNITS = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
UNITS |= {"KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40}
SIZE = re.compile(rf"(\d+|\d+\.\d+) *({'|'.join(UNITS)})?")
LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?"  # of a machine's name
HOST = re.compile(rf"{LABEL}(\.{LABEL})*")
PORT = re.compile(r"^([^:]+|\[.*\]):[0-9]{1,5}$")


@dataclass
class UiConfig:
    """What the web page shows, and what may be set from it."""

    # Settings, or whole sections, that its plain view shows; the rest is behind "everything".
    plain: list[str] = field(default_factory=lambda: list(PLAIN))
    data_roots: list[str] = field(default_factory=lambda: ["data"])  # folders: its data lies there
    max_upload: str = "2 GB"  # largest file that it takes: bytes, or a number with MB, GiB, ...
    allow_code: bool = False  # let it set what runs code, such as callbacks.extra, alert.command
    hosts: list[str] = field(default_factory=list)  # names it is reached by, beside localhost
    https: bool = False  # a proxy with TLS stands before it, so that browsers come by https

    def __post_init__(self) -> None:
        if not self.data_roots or not all(root.strip() for root in self.data_roots):
            raise ValueError(f"data_roots is {self.data_roots}; it must name folders, such as data")
        if self.max_upload_bytes < 1:
            raise ValueError(f"max_upload is {self.max_upload}; it must be above 0")
        for host in self.hosts:
            if not _is_host(host):
                raise ValueError(
                    f"hosts has {host!r}; each must be the name or the address of a machine, with "
                    "a port or without, such as lab.example.org or localhost:8000"
                )

    @property
    def max_upload_bytes(self) -> int:
        """``max_upload`` in bytes.

        Raises:
            ValueError: It is no size.
        """
        found = SIZE.fullmatch(self.max_upload.strip())
        if found is None:
            raise ValueError(
                f"max_upload is {self.max_upload}; it must be a size, such as 500 MB or 2 GB: a "
                f"number of bytes, or with one of {', '.join(UNITS)}"
            )
        return int(float(found[1]) * UNITS[found[2] or "B"])

    def check_plain(self, known: Iterable[str]) -> None:
        """See that ``plain`` names settings, or sections of them.

        Raises:
            ValueError: It does not.
        """
        known = list(known)
        for key in self.plain:
            if key not in known and key not in PLAIN:
                hint = did_you_mean(nearest(key, known))
                raise ValueError(f"ui.plain has {key}, which is not a setting{hint}")


def _is_host(name: str) -> bool:
    """Whether a browser may ask for it: ``lab``, ``lab:8000``, ``::1``, ``[::1]:8000``."""
    name, _, port = name.rpartition(":") if PORT.search(name) else (name, "", "1")
    if not 0 < int(port) < 65536:
        return False
    try:
        ipaddress.ip_address(name.removeprefix("[").removesuffix("]"))
    except ValueError:
        return bool(HOST.fullmatch(name))
    return True
