"""The only two things that somebody without a session can do: show an address, give the password.

Template's file: updates replace it.
"""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from .access import Access, TooManyAttempts
from .refusals import ask_who

LOGIN, LOGOUT = "/login", "/logout"
USED_UP = "That address was used already, or is of a server that has ended."


class Login:
    """Begins and ends sessions.

    Args:
        access: Who may.
        port: The server's: a cookie goes to all ports of a machine, so its name says whose it is.
        secure: Browsers come by https only.
    """

    def __init__(self, access: Access, port: int, *, secure: bool) -> None:
        self.access, self.secure = access, secure
        self.cookie = f"__Host-ui-{port}" if secure else f"ui-{port}"

    def shown_cookie(self, request: Request) -> str:
        """The value of the session's cookie; empty without one."""
        return request.cookies.get(self.cookie, "")

    def exchange(self, request: Request, token: str) -> Response:
        """A session for a one-time address."""
        cookie = self.access.exchange(token)
        return self._enter(cookie) if cookie else self.ask(request, USED_UP)

    async def log_in(self, request: Request, form: dict[str, list[str]]) -> Response:
        """A session for the password."""
        if self.access.password.stamp() is None:
            return self.ask(request)
        password = form.get("password", [""])[0]
        address = request.client.host if request.client else "unknown"
        try:
            cookie = await self.access.log_in(password, address)
        except TooManyAttempts as error:
            text = f"{str(error)[:1].upper()}{str(error)[1:]}."
            return self.ask(request, text, error.seconds)
        return self._enter(cookie) if cookie else self.ask(request, "That is not the password.")

    def log_out(self, request: Request) -> Response:
        """The session's end."""
        self.access.log_out(self.shown_cookie(request))
        response = RedirectResponse("/", 303)
        response.delete_cookie(
            self.cookie, path="/", secure=self.secure, httponly=True, samesite="strict"
        )
        return response

    def ask(self, request: Request, text: str = "", seconds: int = 0) -> Response:
        """The page to log in."""
        has_password = self.access.password.stamp() is not None
        return ask_who(request, has_password=has_password, text=text, seconds=seconds)

    def _enter(self, cookie: str) -> Response:
        response = RedirectResponse("/", 303)  # the token leaves the address bar
        response.set_cookie(
            self.cookie, cookie, path="/", secure=self.secure, httponly=True, samesite="strict"
        )
        return response
