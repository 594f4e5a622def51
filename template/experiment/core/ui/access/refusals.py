"""The short pages of who may not, and the page to log in; they tell a stranger nothing.

Template's file: updates replace it.
"""

import base64
import hashlib
from html import escape

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

STYLE = """
:root { color-scheme: light dark; --paper: #f7f6f3; --ink: #1b1e23; --edge: #8a8f98;
  --hue: #0b6e6e; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #121418; --ink: #e9e7e2; --hue: #4fc4b8; } }
body { font: 16px/1.55 system-ui, sans-serif; max-width: 30em; margin: 14vh auto 0; padding: 0 20px;
  background: var(--paper); color: var(--ink); overflow-wrap: anywhere; }
h1 { font-size: 22px; margin: 0 0 12px; } code { font-size: 14px; } a { color: var(--hue); }
label, input, button { display: block; font: inherit; width: 100%; box-sizing: border-box; }
input, button { margin-top: 8px; padding: 9px 12px; border-radius: 8px; }
input { border: 1px solid var(--edge); background: var(--paper); color: var(--ink); }
button { background: var(--hue); color: var(--paper); border: 0; cursor: pointer;
  font-weight: 600; }
"""
_DIGEST = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY = (
    f"default-src 'none'; style-src 'sha256-{_DIGEST}'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
TITLES = {
    400: "This cannot be answered",
    401: "Who are you?",
    403: "This was not sent from here",
    408: "Too slow",
    413: "Too large",
    429: "Too many attempts",
}
FORM = """<form method="post" action="/login"><label>Password
<input type="password" name="password" autocomplete="current-password" required autofocus></label>
<button>Log in</button></form>"""
ADDRESS = (
    "<p>Open the address that <code>python main.py ui</code> has printed. It lets one browser in; "
    "for another one, or after a new start, type <code>python main.py ui --address</code> in the "
    "project, on the machine where it runs.</p>"
)
# A link on another page, or in a sandbox, brings no cookie along; asked for from here, it comes.
ONCE_MORE = '<meta http-equiv="refresh" content="0">'


def refuse(request: Request, status: int, text: str, seconds: int = 0) -> Response:
    """A page, or JSON for a program that asks for it.

    Args:
        request: What is refused.
        status: Of HTTP.
        text: A sentence.
        seconds: When it may be tried again, if that is so.
    """
    headers = {"Retry-After": str(seconds)} if seconds else None
    return _answer(request, status, text, f"<p>{escape(text)}</p>", headers=headers)


def ask_who(request: Request, *, has_password: bool, text: str = "", seconds: int = 0) -> Response:
    """The page to log in, in place of whatever was asked for."""
    said = f"<p><b>{escape(text)}</b></p>" if text else ""
    body = said + (FORM if has_password else "") + ADDRESS
    headers = {"Retry-After": str(seconds)} if seconds else None
    status = 429 if seconds else 401
    return _answer(request, status, text or "log in first", body, headers=headers)


def ask_once_more(request: Request) -> Response:
    """Have the browser ask again by itself, from a page of ours."""
    link = f'<p><a href="{escape(str(request.url.path))}">Go on</a></p>'
    return _answer(request, 401, "log in first", link, head=ONCE_MORE)


def is_from_elsewhere(request: Request) -> bool:
    """Whether a person has followed a link to here from a page that is not ours."""
    headers = request.headers
    return (
        request.method == "GET"
        and headers.get("sec-fetch-site") in {"cross-site", "same-site"}
        and headers.get("sec-fetch-mode") == "navigate"
        and headers.get("sec-fetch-dest") == "document"
    )


def _answer(
    request: Request,
    status: int,
    text: str,
    body: str,
    *,
    head: str = "",
    headers: dict[str, str] | None = None,
) -> Response:
    accepted = request.headers.get("accept", "")
    if "json" in accepted and "html" not in accepted:
        return JSONResponse({"error": text}, status, headers=headers)
    title = TITLES.get(status, "Refused")
    page = (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width">{head}'
        f"<title>{title}</title><style>{STYLE}</style></head><body>"
        f"<h1>{title}</h1>{body}</body></html>\n"
    )
    return HTMLResponse(
        page, status, headers={"Content-Security-Policy": POLICY, **(headers or {})}
    )
