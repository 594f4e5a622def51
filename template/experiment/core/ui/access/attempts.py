"""How often a password may be tried: by one address, and by all of them together.

Template's file: updates replace it.
"""

import ipaddress
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

REMEMBERED = 1024  # addresses; who is forgotten for others still meets the limit of all


@dataclass(frozen=True)
class Allowance:
    """Some attempts at once, and another one each so many seconds."""

    at_once: int
    seconds: float


EACH = Allowance(at_once=5, seconds=30)
ALL = Allowance(at_once=20, seconds=6)


class Bucket:
    """What is left of an allowance."""

    def __init__(self, allowance: Allowance, now: float) -> None:
        self.allowance, self.left, self.at = allowance, float(allowance.at_once), now

    def wait(self, now: float) -> float:
        """Seconds until there is one more; 0 when there is."""
        self.left += (now - self.at) / self.allowance.seconds
        self.left, self.at = min(self.left, float(self.allowance.at_once)), now
        return max(0.0, (1 - self.left) * self.allowance.seconds)


class Attempts:
    """Counts them before the work begins, so that a thousand at once are not a thousand scrypts."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self.all = Bucket(ALL, clock())
        self.each: OrderedDict[str, Bucket] = OrderedDict()

    def take(self, address: str) -> float:
        """Use one up.

        Returns:
            0, or how many seconds the address has to wait; nothing is used up then.
        """
        now, network = self.clock(), _network(address)
        bucket = self.each.setdefault(network, Bucket(EACH, now))
        self.each.move_to_end(network)
        if len(self.each) > REMEMBERED:
            self.each.popitem(last=False)
        if seconds := max(bucket.wait(now), self.all.wait(now)):
            return seconds
        bucket.left -= 1
        self.all.left -= 1
        return 0

    def give_back(self, address: str) -> None:
        """It was the right password: the address begins anew."""
        self.each.pop(_network(address), None)
        self.all.left += 1


def _network(address: str) -> str:
    """An IPv6 network of a home or a machine has 2**64 addresses, and is one attacker."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address
    if known.version == 4:
        return str(known)
    return str(known.ipv4_mapped or ipaddress.ip_network((known, 64), strict=False))
