"""The addresses that the page leads to: those of the W&B that is configured, and no other.

Template's file: updates replace it.
"""

from urllib.parse import SplitResult, urlsplit, urlunsplit

from .hosts import is_loopback

PUBLIC = "https://wandb.ai"
PUBLIC_API = "api.wandb.ai"
PORTS = {"https": 443, "http": 80}


def wandb_origin(base_url: str) -> str:
    """Where the pages of a W&B are; empty if that is no address.

    Args:
        base_url: As ``WANDB_BASE_URL`` has it; empty is W&B's own.
    """
    if not base_url:
        return PUBLIC
    parts = _split(base_url)
    if parts is None:
        return ""
    return PUBLIC if parts.hostname == PUBLIC_API else f"{parts.scheme}://{parts.netloc.lower()}"


def wandb_address(url: str, origin: str) -> str | None:
    """The address of a run at W&B, if it is one; None for everybody else's.

    Args:
        url: What a file of the run says, which anybody may have written.
        origin: The W&B that is configured, from ``wandb_origin``.
    """
    asked, own = _split(url), _split(origin)
    if asked is None or own is None or _place(asked) != _place(own):
        return None
    return urlunsplit(asked)


def _split(url: str) -> SplitResult | None:
    """Its parts; None unless it is https, or http on this machine, and means the same to all."""
    if not url.isascii() or not url.isprintable() or any(letter in url for letter in " \\<>\"'`"):
        return None
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return None
    if not host or "@" in parts.netloc or parts.netloc.endswith(":"):
        return None
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))
    return parts if is_safe else None


def _place(parts: SplitResult) -> tuple[str, str | None, int]:
    return parts.scheme, parts.hostname, parts.port or PORTS[parts.scheme]
