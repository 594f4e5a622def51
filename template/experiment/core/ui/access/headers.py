"""What each answer tells the browser not to do.

Template's file: updates replace it.
"""

from starlette.datastructures import MutableHeaders
from starlette.types import Message, Send

# `no-referrer` would make Chromium send `Origin: null` with the page's own forms.
REFERRER = "same-origin"
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": REFERRER,
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "X-Robots-Tag": "noindex",
}
# An answer may bring its own: a file of a run is in a sandbox instead, a style sheet may be kept.
UNLESS_SAID = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
}


def content_policy(forms_lead_to: str = "") -> str:
    """The ``Content-Security-Policy`` of our own pages: no script or style inside of a page.

    Args:
        forms_lead_to: Another origin that the answer to a form may redirect to: browsers hold
            that, too, against ``form-action``.
    """
    targets = f"'self' {forms_lead_to}".strip()
    return (
        "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
        f"form-action {targets}; frame-ancestors 'none'"
    )


class SafeSend:
    """The ``send`` of an answer that has those headers, whoever made it.

    Attributes:
        has_started: Its status is on the way; it cannot be another one any more.
    """

    def __init__(self, send: Send, policy: str) -> None:
        self.send, self.policy, self.has_started = send, policy, False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.has_started = True
            headers = MutableHeaders(scope=message)
            for name, value in ALWAYS.items():
                headers[name] = value
            for name, value in UNLESS_SAID.items():
                headers.setdefault(name, value)
            headers.setdefault("Content-Security-Policy", self.policy)
        await self.send(message)
