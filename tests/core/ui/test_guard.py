"""Nothing behind the guard is reached by who may not, from elsewhere, or by too much at once."""

from collections.abc import Callable

import pytest
from harness.guarded_page import ROUTES, UPLOAD_LIMIT, URL, Page, csrf
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

OWN = {"Origin": URL}
MEGABYTE = 2**20
PATHS = [
    "/",
    "/login",
    "/logout",
    "/start",
    "/upload",
    "/files/a.png",
    "/files/../../etc/passwd",
    "/files/%2e%2e/%2e%2e/secret",
    "//",
    "/broken",
    "/nothing",
    "/sandboxed",
    "/static/style.css",
    "/favicon.ico",
    "/upload/",
    "/login/",
]


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_no_route_answers_without_a_session(page: Page, method: str) -> None:
    client = page.client(headers=OWN)
    paths = {*PATHS, *(route.path.replace("{path:path}", "x") for route in ROUTES)}

    answers = {path: client.request(method, path) for path in paths}

    assert {path: answer.status_code for path, answer in answers.items()} == dict.fromkeys(
        paths, 401
    )
    assert not any(
        "csrf" in answer.text or "set-cookie" in answer.headers for answer in answers.values()
    )


def test_the_page_to_log_in_is_the_same_for_all_that_is_and_is_not_there(page: Page) -> None:
    client = page.client()

    texts = {client.get(path).text for path in PATHS}

    assert len(texts) == 1


@pytest.mark.parametrize("cookie", ["", "x", "é", "a" * 5000, "../../etc", "'; drop"])
def test_a_made_up_cookie_is_nobodys(page: Page, cookie: str) -> None:
    headers = {b"Cookie": f"ui-7860={cookie}".encode()}

    assert page.client().get("/", headers=headers).status_code == 401


def test_the_address_lets_in_once_and_the_token_leaves_the_address_bar(page: Page) -> None:
    client, stranger, token = page.client(), page.client(), page.token()

    entered = client.get("/", params={"token": token})

    assert (entered.status_code, entered.headers["location"]) == (303, "/")
    said = entered.headers["set-cookie"]
    assert "HttpOnly" in said
    assert "SameSite=strict" in said
    assert "Path=/" in said
    assert "Secure" not in said
    assert token not in said
    assert client.get("/").status_code == 200
    again = stranger.get("/", params={"token": token})
    assert again.status_code == 401
    assert "used already" in again.text
    assert "set-cookie" not in again.headers
    # Who is in already loses nothing by opening it once more.
    assert client.get("/", params={"token": token}).status_code == 303


@pytest.mark.parametrize("token", ["", "x", "é", "a" * 4000, "%00", "' or 1=1"])
def test_a_wrong_token_opens_nothing_and_uses_up_nothing(page: Page, token: str) -> None:
    right = page.token()

    assert page.client().get("/", params={"token": token}).status_code == 401
    assert page.client().get("/", params=[("token", right), ("token", right)]).status_code == 401
    assert page.client().head("/", params={"token": right}).status_code == 401
    assert page.client().get("/files/a", params={"token": right}).status_code == 401
    assert page.client().get("/", params={"token": right}).status_code == 303


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:7860",
        "127.0.0.1",
        "127.0.0.1:7861",
        "localhost:78600",
        "localhost.evil.example:7860",
        "127.0.0.1:7860.evil.example",
        "127.0.0.1:7860@evil.example",
        "",
        "0.0.0.0:7860",
        "[::1]",
        "<script>",
    ],
)
def test_a_foreign_name_is_refused_with_a_session_and_without(page: Page, host: str) -> None:
    browser = page.browser()

    for client in (browser, page.client()):
        answer = client.get("/", headers={"Host": host})

        assert answer.status_code == 400
        assert "<script>" not in answer.text
        assert "127.0.0.1" not in answer.text


def test_two_names_are_none(page: Page) -> None:
    own = ("Host", "127.0.0.1:7860")

    for hosts in ([own, ("Host", "evil.example")], [("Host", "evil.example"), own], [own, own]):
        assert page.client().get("/", headers=hosts).status_code == 400


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "LOCALHOST"])
def test_the_names_of_this_machine_are_answered(page: Page, host: str) -> None:
    browser = page.browser()

    answer = browser.get("/", headers={"Host": f"{host}:7860"})

    assert answer.status_code in {200, 401}  # a cookie is of one name


def test_a_form_of_our_own_passes(page: Page) -> None:
    browser = page.browser()

    answer = browser.post("/start", data={"csrf": csrf(browser), "lr": "0.1"}, headers=OWN)

    assert answer.status_code == 200
    assert answer.json()["form"]["lr"] == ["0.1"]
    assert answer.json()["body"] > 10  # the app may read it once more


@pytest.mark.parametrize(
    "origin",
    [
        None,
        "null",
        "",
        "http://evil.example",
        "http://127.0.0.1",
        "http://127.0.0.1:7861",
        "https://127.0.0.1:7860",
        "http://localhost:7860",
        "http://127.0.0.1:7860.evil.example",
        "http://127.0.0.1:7860/",
    ],
)
def test_a_foreign_origin_changes_nothing(page: Page, origin: str | None) -> None:
    browser = page.browser()
    headers = {} if origin is None else {"Origin": origin}

    for path in ("/start", "/upload", "/logout", "/login"):
        data = {"csrf": csrf(browser)}
        assert browser.post(path, data=data, headers=headers).status_code == 403
        assert browser.put(path, headers=headers).status_code == 403
    assert browser.get("/").status_code == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site", "anything"])
def test_what_the_browser_says_of_the_site_counts(page: Page, site: str) -> None:
    browser = page.browser()
    headers = {**OWN, "Sec-Fetch-Site": site}

    answer = browser.post("/start", data={"csrf": csrf(browser)}, headers=headers)

    assert answer.status_code == 403


def test_a_form_without_its_own_csrf_changes_nothing(page: Page) -> None:
    browser, other = page.browser(), page.browser()
    right, foreign = csrf(browser), csrf(other)
    assert right != foreign
    wrong: list[dict[str, str | list[str]]] = [
        {},
        {"csrf": ""},
        {"csrf": "x"},
        {"csrf": "é"},
        {"csrf": right[:-1]},
        {"csrf": foreign},
        {"csrf": [right, right]},
    ]

    for data in wrong:
        for path in ("/start", "/logout"):
            assert browser.post(path, data=data, headers=OWN).status_code == 403
    # In the address it counts for an upload only, whose form is not read yet.
    assert browser.post(f"/start?csrf={right}", headers=OWN).status_code == 403
    assert browser.post("/start", json={"csrf": right}, headers=OWN).status_code == 403
    assert browser.post("/start", files={"csrf": right.encode()}, headers=OWN).status_code == 403
    assert browser.get("/").status_code == 200
    assert browser.post("/start", headers={**OWN, "X-CSRF": right}).status_code == 200
    assert browser.post(f"/upload?csrf={right}", headers=OWN).status_code == 200
    assert browser.post(f"/upload?csrf={foreign}", headers=OWN).status_code == 403
    assert browser.post("/upload", headers=OWN).status_code == 403
    assert browser.delete("/start", headers=OWN).status_code == 403


def test_who_logs_out_is_out(page: Page) -> None:
    browser = page.browser()
    kept = dict(browser.cookies)

    out = browser.post("/logout", data={"csrf": csrf(browser)}, headers=OWN)

    assert out.status_code == 303
    assert 'ui-7860=""' in out.headers["set-cookie"]
    again = page.client(cookies=kept)
    assert again.get("/").status_code == 401


def test_a_form_is_a_megabyte_at_most_and_an_upload_what_was_set(page: Page) -> None:
    browser = page.browser()
    headers = {**OWN, "X-CSRF": csrf(browser)}

    def status(path: str, size: int) -> int:
        return browser.post(path, content=b"x" * size, headers=headers).status_code

    assert status("/start", MEGABYTE) == 200
    assert status("/start", MEGABYTE + 1) == 413
    assert status("/login", MEGABYTE + 1) == 413
    assert status("/upload/", MEGABYTE + 1) == 413
    assert status("/files/x", MEGABYTE + 1) == 413
    assert status("/upload", UPLOAD_LIMIT) == 200
    assert status("/upload", UPLOAD_LIMIT + 2 * MEGABYTE) == 413
    put = browser.put("/upload", content=b"x" * (MEGABYTE + 1), headers=headers)
    assert put.status_code == 413


def test_a_form_of_a_thousand_thousand_fields_is_none(page: Page) -> None:
    browser = page.browser()
    headers = {**OWN, "Content-Type": "application/x-www-form-urlencoded"}

    for content in (b"a=&" * 100_000, b"a=\xff", b"a=%ff"):
        assert browser.post("/start", content=content, headers=headers).status_code == 400


def test_each_answer_has_the_headers_errors_too(page: Page) -> None:
    browser = page.browser()
    stranger = page.client()
    answers = [
        browser.get("/"),
        browser.get("/nothing"),
        browser.get("/broken"),
        browser.post("/start", headers=OWN),
        browser.get("/", headers={"Host": "evil.example"}),
        stranger.get("/"),
        stranger.post("/start"),
        stranger.post("/start", content=b"x" * (MEGABYTE + 1), headers=OWN),
    ]

    assert [answer.status_code for answer in answers] == [200, 404, 500, 403, 400, 401, 403, 413]
    for answer in answers:
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert "unsafe" not in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert answer.headers["cross-origin-opener-policy"] == "same-origin"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert answer.headers["cache-control"] == "no-store"
        assert "fault of the app" not in answer.text
    assert browser.get("/sandboxed").headers["content-security-policy"] == "sandbox"


def test_a_program_is_told_in_json(page: Page) -> None:
    answer = page.client().get("/", headers={"Accept": "application/json"})

    assert answer.status_code == 401
    assert answer.json() == {"error": "log in first"}


def test_a_socket_is_closed(page: Page) -> None:
    browser = page.browser()

    with pytest.raises(WebSocketDisconnect) as closed, browser.websocket_connect("/"):
        pass

    assert closed.value.code == 1008


def test_a_link_from_elsewhere_is_asked_again_from_here(page: Page) -> None:
    """SameSite=Strict: the first request of such a link has no cookie."""
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    client = page.client()

    followed = client.get("/", headers={**link, "Sec-Fetch-Dest": "document"})
    framed = client.get("/", headers={**link, "Sec-Fetch-Dest": "iframe"})
    again = client.get("/", headers={**link, "Sec-Fetch-Site": "same-origin"})

    assert followed.status_code == framed.status_code == again.status_code == 401
    assert 'http-equiv="refresh"' in followed.text
    assert 'http-equiv="refresh"' not in framed.text + again.text


def test_behind_https_the_cookie_is_for_https_only(make_page: Callable[..., Page]) -> None:
    page = make_page(host="0.0.0.0", names=["lab.example"], secure=True, password="long enough now")
    url = "https://lab.example"
    client = page.client(url)

    entered = client.get("/", params={"token": page.token()})

    assert page.access.address.current.startswith(f"{url}/?token=")
    assert entered.headers["set-cookie"].startswith("__Host-ui-7860=")
    assert "Secure" in entered.headers["set-cookie"]
    sent = {"csrf": csrf(client)}
    assert client.post("/start", data=sent, headers={"Origin": url}).status_code == 200
    wrong = client.post("/start", data=sent, headers={"Origin": "http://lab.example"})
    assert wrong.status_code == 403


def test_two_servers_of_a_machine_do_not_log_each_other_out(make_page: Callable[..., Page]) -> None:
    first, second = make_page(7860).browser(), make_page(7861)
    client: TestClient = second.client("http://127.0.0.1:7861", cookies=dict(first.cookies))

    assert client.get("/").status_code == 401
    assert client.get("/", params={"token": second.token()}).status_code == 303
    assert sorted(client.cookies) == ["ui-7860", "ui-7861"]
