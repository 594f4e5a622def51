"""Stands around the whole page: nothing behind it is reached by who may not, whatever its route.

Template's file: updates replace it.
"""

import hmac
from collections.abc import Collection

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from .access import Access
from .bodies import MEGABYTE, Body, read_form, replay
from .headers import SafeSend, content_policy
from .hosts import Hosts
from .login import LOGIN, LOGOUT, Login
from .refusals import ask_once_more, is_from_elsewhere, refuse
from .sessions import Session

LIMIT = MEGABYTE  # of a body
LOOKING = {"GET", "HEAD", "OPTIONS"}  # methods that change nothing


class Guard:
    """ASGI around an app: its outermost, so that the pages of its errors pass through here, too.

    The app finds in ``request.state``: ``session``, ``csrf`` (for the hidden field ``csrf`` of each
    form) and ``form``, the fields of a form that was sent, each with all of its values.

    Args:
        app: What is guarded.
        access: Who may.
        hosts: The names that it answers to.
        uploads: Paths that take up to ``max_upload`` bytes, with ``?csrf=`` in their address.
        max_upload: For them.
        forms_lead_to: W&B's origin, if a form's answer may redirect to there.
    """

    def __init__(
        self,
        app: ASGIApp,
        access: Access,
        hosts: Hosts,
        *,
        uploads: Collection[str] = (),
        max_upload: int = 2_000_000_000,
        forms_lead_to: str = "",
    ) -> None:
        self.app, self.access, self.hosts = app, access, hosts
        self.uploads, self.max_upload = frozenset(uploads), max_upload
        self.policy = content_policy(forms_lead_to)
        self.login = Login(access, hosts.port, secure=hosts.scheme == "https")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A request."""
        if scope["type"] == "lifespan":
            try:
                await self.app(scope, receive, send)
            finally:
                self.access.close()
            return
        if scope["type"] != "http":  # a socket knows no CSRF; there is none here
            await send({"type": "websocket.close", "code": 1008})
            return
        request, safe_send = Request(scope), SafeSend(send, self.policy)
        limit = self.max_upload + LIMIT if self._is_upload(request) else LIMIT
        body = Body(receive, limit, request.headers.get("content-length"))
        try:
            response = await self._answer(request, body, safe_send)
        except ClientDisconnect:
            return
        except HTTPException as error:
            if safe_send.has_started:
                raise
            response = refuse(request, error.status_code, error.detail)
        if response is not None:
            await body.drain()
            await response(scope, body, safe_send)

    async def _answer(self, request: Request, body: Body, send: SafeSend) -> Response | None:
        """What is answered here; None when the app has answered."""
        self._check_host(request)
        is_change = request.method not in LOOKING
        if is_change:
            self._check_origin(request)
        body.check_declared()
        path = request.scope["path"]
        session = self.access.session(self.login.shown_cookie(request))
        if session is None:
            return await self._answer_stranger(request, body, path)
        if not is_change and (path == LOGIN or (path == "/" and _token(request))):
            return RedirectResponse("/", 303)
        form: dict[str, list[str]] = {}
        rest: Receive = body
        if is_change and not self._is_upload(request):
            content = await body.read()
            form = read_form(request, content)
            rest = replay(content, body)
        if is_change:
            self._check_csrf(request, form, session)
            if path == LOGOUT:
                return self.login.log_out(request)
        state = {"session": session, "csrf": session.csrf, "form": form}
        scope = {**request.scope, "state": {**request.scope.get("state", {}), **state}}
        await self.app(scope, rest, send)
        return None

    async def _answer_stranger(self, request: Request, body: Body, path: str) -> Response:
        if path == LOGIN and request.method == "POST":
            return await self.login.log_in(request, read_form(request, await body.read()))
        token = _token(request) if path == "/" and request.method == "GET" else ""
        if token:
            return self.login.exchange(request, token)
        return ask_once_more(request) if is_from_elsewhere(request) else self.login.ask(request)

    def _is_upload(self, request: Request) -> bool:
        return request.method == "POST" and request.scope["path"] in self.uploads

    def _check_host(self, request: Request) -> None:
        given = request.headers.getlist("host")
        server = request.scope.get("server") or ("", 0)
        if len(given) != 1 or not self.hosts.knows(given[0], str(server[0] or "")):
            text = "Nothing is here under that name. The server's terminal says more."
            raise HTTPException(400, text)

    def _check_origin(self, request: Request) -> None:
        own = self.hosts.origin(request.headers["host"])
        site = request.headers.get("sec-fetch-site", "same-origin")
        if request.headers.getlist("origin") != [own] or site not in {"same-origin", "none"}:
            raise HTTPException(403, "Only a page of this server may send that.")

    def _check_csrf(self, request: Request, form: dict[str, list[str]], session: Session) -> None:
        in_address = request.query_params.getlist("csrf") if self._is_upload(request) else []
        given = request.headers.getlist("x-csrf") or form.get("csrf", in_address)
        if len(given) != 1 or not _is_same(given[0], session.csrf):
            text = "The page is from before you logged in: go back, load it anew, and try again."
            raise HTTPException(403, text)


def _token(request: Request) -> str:
    """``?token=`` of an address; empty where there is none, or two."""
    found = request.query_params.getlist("token")
    return found[0] if len(found) == 1 else ""


def _is_same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), wanted.encode())
