"""Passwords, attempts, sessions and one-time addresses: what is kept, where, and for how long."""

import os
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from types import ModuleType

import anyio
import pytest
from assemble import Package
from harness.guarded_page import URL, Page, csrf

OWN = {"Origin": URL}
PASSWORD = "correct horse battery"
NAME = ".ui-password"


@pytest.fixture
def user_error(package: Package) -> type[Exception]:
    return package.module("core.errors").UserError


@pytest.fixture
def passwords(package: Package) -> ModuleType:
    return package.module("core.ui.access.password")


@pytest.fixture
def addresses(package: Package) -> ModuleType:
    return package.module("core.ui.access.one_time_address")


def log_in(page: Page, password: str, **headers: str) -> tuple[int, str]:
    answer = page.client().post("/login", data={"password": password}, headers={**OWN, **headers})
    return answer.status_code, answer.text


def test_the_password_is_hashed_in_a_file_of_the_owners(
    passwords: ModuleType, tmp_path: Path
) -> None:
    old = os.umask(0)
    try:
        passwords.Password(tmp_path).set(PASSWORD)
    finally:
        os.umask(old)

    file = tmp_path / NAME
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    text = file.read_text()
    assert text.startswith("scrypt$65536$8$2$")
    assert "horse" not in text
    assert [path.name for path in tmp_path.iterdir()] == [NAME]
    assert passwords.Password(tmp_path).matches(PASSWORD)
    assert not passwords.Password(tmp_path).matches(PASSWORD + " ")
    passwords.Password(tmp_path).set(PASSWORD)
    assert file.read_text() != text  # another salt


@pytest.mark.usefixtures("cheap_hashes")
def test_a_password_is_long_enough_and_any_letters(
    passwords: ModuleType, user_error: type[Exception], tmp_path: Path
) -> None:
    password = passwords.Password(tmp_path)

    for wrong in ("", "short", "x" * 11, "x" * 1025):
        with pytest.raises(user_error, match=f"has {len(wrong)} letters; it takes 12 to 1024"):
            password.set(wrong)
    assert not password.is_set()
    for right in ("pässwörter öfter", "密码" * 6, "x" * 1024, "$" * 12, "a\0b" * 4):
        password.set(right)
        assert password.matches(right)
        assert not password.matches(right[:-1])
        assert not password.matches(right + "x")


@pytest.mark.usefixtures("cheap_hashes")
@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o620, 0o666])
def test_a_file_open_to_others_is_refused_in_a_line(
    passwords: ModuleType, user_error: type[Exception], tmp_path: Path, mode: int
) -> None:
    password = passwords.Password(tmp_path)
    password.set(PASSWORD)
    password.file.chmod(mode)

    with pytest.raises(user_error, match=rf"open to others \(mode {mode:o}, .*chmod 600"):
        password.is_set()
    with pytest.raises(user_error, match="open to others"):
        password.matches(PASSWORD)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "plain password",
        "scrypt$65536$8$2$AAAA$AAAA",
        "scrypt$1099511627776$8$2$AAAAAAAAAAAAAAAAAAAAAA==$" + "A" * 43 + "=",
        "scrypt$65536$8$2$é$é",
        "x" * 5000,
    ],
)
def test_a_damaged_file_is_no_password(
    passwords: ModuleType, user_error: type[Exception], tmp_path: Path, text: str
) -> None:
    password = passwords.Password(tmp_path)
    password.file.write_text(text)
    password.file.chmod(0o600)

    with pytest.raises(user_error, match=r"\.ui-password is (damaged|larger)"):
        password.is_set()


def test_a_link_or_a_folder_is_no_password(
    passwords: ModuleType, user_error: type[Exception], tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    password = passwords.Password(tmp_path)

    password.file.symlink_to(other / "file")
    with pytest.raises(user_error, match="has to be a file of yours"):
        password.is_set()
    password.file.unlink()
    password.file.mkdir()
    with pytest.raises(user_error, match="no plain file"):
        password.is_set()
    password.file.rmdir()
    os.mkfifo(password.file)
    with pytest.raises(user_error, match="no plain file"):
        password.is_set()


def test_git_never_gets_the_password(
    passwords: ModuleType, user_error: type[Exception], tmp_path: Path
) -> None:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)

    with pytest.raises(user_error, match=r"write the line /\.ui-\* into \.gitignore"):
        passwords.Password(tmp_path).set(PASSWORD)
    assert not (tmp_path / NAME).exists()

    (tmp_path / ".gitignore").write_text("/.ui-*\n")
    passwords.Password(tmp_path).set(PASSWORD)
    status = subprocess.check_output(["git", "status", "--porcelain"], cwd=tmp_path, text=True)
    assert NAME not in status


def test_the_template_ignores_the_files(addresses: ModuleType) -> None:
    lines = (Path(__file__).parents[3] / "template/.gitignore").read_text().splitlines()

    assert "/.ui-*" in lines
    assert addresses.PATTERN.startswith(".ui-")


def test_a_new_password_is_typed_or_comes_by_a_pipe(
    passwords: ModuleType, user_error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", StringIO(f"{PASSWORD}\r\nmore"))
    assert passwords.ask_new_password() == PASSWORD

    class Terminal(StringIO):
        def isatty(self) -> bool:
            return True

    typed = iter([PASSWORD, PASSWORD, PASSWORD, "another"])
    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr(passwords.getpass, "getpass", lambda _: next(typed))
    assert passwords.ask_new_password() == PASSWORD
    with pytest.raises(user_error, match="differ; nothing was changed"):
        passwords.ask_new_password()


def test_another_host_takes_a_password_and_warns(
    package: Package, user_error: type[Exception], passwords: ModuleType, tmp_path: Path
) -> None:
    check = package.module("core.ui.access.access").check_password

    with pytest.raises(user_error, match=r"--host 0.0.0.0: .*main.py ui --set-password"):
        check(tmp_path, "0.0.0.0")
    passwords.Password(tmp_path).set(PASSWORD)
    assert "TLS" in check(tmp_path, "0.0.0.0")


@pytest.mark.parametrize(
    ("host", "is_loopback"),
    [
        ("127.0.0.1", True),
        ("localhost", True),
        ("::1", True),
        ("127.8.8.8", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.168.1.2", False),
        ("localhost.evil.example", False),
        ("", False),
    ],
)
def test_what_only_this_machine_reaches(package: Package, host: str, is_loopback: bool) -> None:
    assert package.module("core.ui.access.hosts").is_loopback(host) == is_loopback


@pytest.mark.parametrize("name", ["http://lab", "*", "*.lab", "a b", "", "lab/", "lab:x", "a\nb"])
def test_a_name_that_is_none_is_refused(
    package: Package, user_error: type[Exception], name: str
) -> None:
    with pytest.raises(user_error, match=r"ui\.hosts: .* is no host; write"):
        package.module("core.ui.access.hosts").Hosts("127.0.0.1", 7860, [name])


def test_a_tunnel_is_let_in_by_its_name_and_port(make_page: Callable[..., Page]) -> None:
    page = make_page(names=["localhost:8000", "gpu1.lab"])

    for host, status in [
        ("localhost:8000", 401),
        ("gpu1.lab:7860", 401),
        ("gpu1.lab", 400),
        ("gpu1.lab:8000", 400),
        ("x.gpu1.lab:7860", 400),
    ]:
        assert page.client().get("/", headers={"Host": host}).status_code == status, host


def test_on_all_addresses_only_the_one_that_was_dialled_counts(package: Package) -> None:
    hosts = package.module("core.ui.access.hosts").Hosts("0.0.0.0", 7860)

    assert hosts.knows("192.168.1.2:7860", "192.168.1.2")
    assert hosts.knows("[fd00::2]:7860", "fd00::2")
    assert not hosts.knows("192.168.1.3:7860", "192.168.1.2")
    assert not hosts.knows("0.0.0.0:7860", "192.168.1.2")
    assert not hosts.knows("evil.example:7860", "192.168.1.2")
    assert (
        not package.module("core.ui.access.hosts")
        .Hosts("127.0.0.1", 7860)
        .knows("10.0.0.1:7860", "10.0.0.1")
    )


@pytest.mark.usefixtures("cheap_hashes")
def test_the_password_lets_in_and_another_does_not(make_page: Callable[..., Page]) -> None:
    page = make_page(password=PASSWORD)
    client = page.client()

    assert 'type="password"' in client.get("/").text
    assert log_in(page, "wrong")[0] == 401
    assert "not the password" in log_in(page, "")[1]
    answer = client.post("/login", data={"password": PASSWORD}, headers=OWN)

    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert client.get("/").status_code == 200
    assert client.get("/login").status_code == 303


def test_without_a_password_no_password_is_right(page: Page) -> None:
    assert 'type="password"' not in page.client().get("/").text
    for given in ("", "x", "None"):
        assert log_in(page, given)[0] == 401


@pytest.mark.usefixtures("cheap_hashes")
def test_a_thousand_logins_are_refused_in_no_time_and_told_for_how_long(
    make_page: Callable[..., Page], passwords: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, hashed = make_page(password=PASSWORD), []
    real = passwords._hash
    monkeypatch.setattr(passwords, "_hash", lambda *given: hashed.append(1) or real(*given))
    client = page.client(headers=OWN)

    answers = [client.post("/login", data={"password": f"guess {n}"}) for n in range(1000)]

    statuses = [answer.status_code for answer in answers]
    assert statuses == [401] * 5 + [429] * 995
    assert len(hashed) == 5
    last = answers[-1]
    assert int(last.headers["retry-after"]) in range(1, 32)
    assert "The next one is possible in" in last.text.replace("the next", "The next")
    # The right one has to wait, too, but the owner has the address.
    assert client.post("/login", data={"password": PASSWORD}).status_code == 429
    assert client.get("/", params={"token": page.token()}).status_code == 303
    page.clock.now += 31
    assert log_in(page, PASSWORD)[0] == 303
    assert log_in(page, "wrong")[0] == 401  # and it begins anew


def test_many_addresses_share_one_limit_and_little_memory(package: Package) -> None:
    attempts_of = package.module("core.ui.access.attempts")
    now = [0.0]
    attempts = attempts_of.Attempts(lambda: now[0])

    allowed = sum(not attempts.take(f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}") for n in range(5000))

    assert allowed == attempts_of.ALL.at_once
    assert len(attempts.each) <= attempts_of.REMEMBERED
    now[0] += 3600
    assert sum(not attempts.take(f"fd00::{n:x}") for n in range(100)) == attempts_of.EACH.at_once
    assert sum(not attempts.take("::ffff:10.9.9.9") for n in range(100)) == 5
    assert attempts.take("10.9.9.9") > 0


def test_hashing_is_slow_and_one_at_a_time(make_page: Callable[..., Page]) -> None:
    page = make_page(password=PASSWORD)
    refused: list[object] = []

    async def one(number: int) -> None:
        try:
            assert await page.access.log_in("wrong", f"10.0.0.{number}") is None
        except Exception as error:
            refused.append(error)

    async def all_at_once() -> None:
        async with anyio.create_task_group() as group:
            for number in range(20):
                group.start_soon(one, number)

    start = time.perf_counter()
    anyio.run(all_at_once)
    seconds = time.perf_counter() - start

    assert len(refused) == 16  # four wait for their turn, whoever they are
    assert {type(error).__name__ for error in refused} == {"TooManyAttempts"}
    assert seconds / 4 > 0.05


@pytest.mark.usefixtures("cheap_hashes")
def test_a_new_password_ends_all_sessions(
    make_page: Callable[..., Page], passwords: ModuleType
) -> None:
    page = make_page(password=PASSWORD)
    browser = page.browser()
    assert browser.get("/").status_code == 200

    passwords.Password(page.project).set("another one of them")

    assert browser.get("/").status_code == 401
    assert log_in(page, PASSWORD)[0] == 401
    assert log_in(page, "another one of them")[0] == 303


@pytest.mark.usefixtures("cheap_hashes")
def test_a_password_file_that_is_opened_to_others_meanwhile_lets_nobody_in(
    make_page: Callable[..., Page],
) -> None:
    page = make_page(password=PASSWORD)
    (page.project / NAME).chmod(0o644)

    assert log_in(page, PASSWORD)[0] == 401


def test_sessions_end_by_themselves_and_are_few(package: Package) -> None:
    sessions_of = package.module("core.ui.access.sessions")
    now = [0.0]
    sessions = sessions_of.Sessions(lambda: now[0])
    cookies = [sessions.open() for _ in range(100)]

    assert len(sessions.known) == sessions_of.MOST
    assert sessions.find(cookies[0]) is None
    assert sessions.find(cookies[-1]) is not None
    for _ in range(29):
        now[0] += sessions_of.DAY
        assert sessions.find(cookies[-1]) is not None  # in use
    assert sessions.find(cookies[-2]) is None  # not in use
    now[0] += 2 * sessions_of.DAY
    assert sessions.find(cookies[-1]) is None
    assert "csrf" not in repr(sessions_of.Session(0, 0))


def test_the_current_address_is_the_owners_to_ask_for(
    page: Page, addresses: ModuleType, user_error: type[Exception]
) -> None:
    (first,) = addresses.current_addresses(page.project)
    assert first == page.access.address.current
    (file,) = page.project.glob(".ui-address-*")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600

    page.browser()

    (second,) = addresses.current_addresses(page.project)
    assert second != first
    token = second.partition("?token=")[2]
    assert page.client().get("/", params={"token": token}).status_code == 303
    page.access.close()
    with pytest.raises(user_error, match="no web page runs in this project"):
        addresses.current_addresses(page.project)


def test_the_address_of_a_killed_server_is_not_told(
    page: Page, addresses: ModuleType, user_error: type[Exception]
) -> None:
    (file,) = page.project.glob(".ui-address-*")
    text = file.read_text()

    for wrong in (
        text.replace(f'"pid": {os.getpid()}', '"pid": 999999999'),
        text.replace('"since": ', '"since": 1'),  # another process has its number by now
        "",
        "[]",
        "{}",
    ):
        file.write_text(wrong)
        with pytest.raises(user_error, match="no web page runs"):
            addresses.current_addresses(page.project)


def test_a_server_that_starts_again_knows_nobody(make_page: Callable[..., Page]) -> None:
    before = make_page()
    browser, old = before.browser(), before.token()

    after = make_page()

    assert after.client(cookies=dict(browser.cookies)).get("/").status_code == 401
    assert after.client().get("/", params={"token": old}).status_code == 401
    assert csrf(after.browser())


def test_no_secret_is_said(
    page: Page, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    token = page.token()
    browser = page.browser()
    secrets = [token, page.token(), csrf(browser), *browser.cookies.values()]

    page.client().get("/", params={"token": "made-up-token"})

    said = caplog.text + "".join(capfd.readouterr())
    assert not [secret for secret in (*secrets, "made-up-token") if secret in said]
