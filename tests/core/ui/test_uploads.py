"""Uploads: to the disk as they come, in their place at once, and nothing left of what was not."""

import io
import os
import signal
import subprocess
import sys
import threading
import time
import tracemalloc
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from assemble import Package
from filelock import FileLock
from harness.guarded_page import URL
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

MEGABYTE = 2**20


def zipped(files: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return memory.getvalue()


GOOD = zipped({"train/a/1.txt": b"x", "train/b/2.txt": b"y"})
FORM = "multipart/form-data; boundary=b"


@pytest.fixture
def uploads(package: Package, tmp_path: Path) -> Any:
    return package.module("core.ui.uploads.uploads").Uploads(tmp_path / "data")


def app_of(uploads: Any) -> Starlette:
    async def upload(request: Request) -> Response:
        done = await uploads.receive(request)
        return JSONResponse({"folder": str(done.folder), "files": done.files, "size": done.size})

    return Starlette(routes=[Route("/upload", upload, methods=["POST"])])


@pytest.fixture
def client(uploads: Any) -> TestClient:
    return TestClient(app_of(uploads), base_url=URL, raise_server_exceptions=False)


def send(client: TestClient, name: str, content: bytes = GOOD) -> Any:
    """As a form without JavaScript does."""
    return client.post("/upload", data={"name": name}, files={"file": ("a.zip", content)})


def left(data: Path) -> list[str]:
    """All that lies in a folder of data, hidden or not."""
    return sorted(path.relative_to(data).as_posix() for path in data.rglob("*") if path.is_file())


def test_an_archive_becomes_a_folder_of_data(client: TestClient, tmp_path: Path) -> None:
    data = tmp_path / "data"

    answer = send(client, "flowers")

    assert answer.json() == {"folder": str(data / "flowers"), "files": 2, "size": 2}
    assert left(data) == ["flowers/train/a/1.txt", "flowers/train/b/2.txt"]
    assert os.listdir(data) == ["flowers"]
    assert (data / "flowers").stat().st_mode & 0o777 == 0o777 & ~umask()


def umask() -> int:
    now = os.umask(0)
    os.umask(now)
    return now


def test_a_name_that_is_there_is_kept(client: TestClient, tmp_path: Path) -> None:
    data = tmp_path / "data"
    (data / "empty").mkdir(parents=True)
    (data / "file").write_text("mine")
    (data / "link").symlink_to("nowhere")
    assert send(client, "flowers").status_code == 200

    for name in ("flowers", "empty", "file", "link"):
        answer = send(client, name)
        assert answer.status_code == 409
        assert f"{name} is there already" in answer.text
    assert (data / "file").read_text() == "mine"
    assert not (data / "link").exists()
    assert sorted(os.listdir(data)) == ["empty", "file", "flowers", "link"]


NAMES = [
    "",
    ".",
    "..",
    "../x",
    "a/b",
    "a\\b",
    "/etc",
    ".hidden",
    "-rf",
    "$(id)",
    "a;b",
    "a b",
    "a\nb",
    "<script>",
    "é",
    "a" * 101,
    "con",
    "NUL.txt",
    "a.",
    "C:",
]


@pytest.mark.parametrize("name", NAMES, ids=[ascii(name)[:20] for name in NAMES])
def test_a_name_is_a_plain_one(client: TestClient, tmp_path: Path, name: str) -> None:
    answer = send(client, name)

    assert answer.status_code == 400
    assert "A name has letters" in answer.text
    assert os.listdir(tmp_path / "data") == []


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", 400),
        (b"no archive", 400),
        (zipped({"a.txt": b"x", "../b.txt": b"x"}), 400),
        (zipped({"a.txt": b"x", "b.pkl": b"x"}), 400),
        (GOOD[:-30], 400),
        (zipped({"zeros": bytes(101 * MEGABYTE)}, zipfile.ZIP_DEFLATED), 413),
    ],
)
def test_nothing_is_left_of_a_refusal(
    client: TestClient, tmp_path: Path, content: bytes, status: int
) -> None:
    assert send(client, "flowers", content).status_code == status

    assert os.listdir(tmp_path / "data") == []


def part(name: str, content: str = "x", filename: str | None = None) -> str:
    of_file = "" if filename is None else f'; filename="{filename}"'
    return f'--b\r\nContent-Disposition: form-data; name="{name}"{of_file}\r\n\r\n{content}\r\n'


FORMS = {
    "no form": (b"x", "application/zip"),
    "no boundary": (b"x", "multipart/form-data"),
    "a long boundary": (b"x", f"multipart/form-data; boundary={'b' * 300}"),
    "nothing": (b"", FORM),
    "rubbish": (b"\0" * 5000, FORM),
    "no end": (part("name").encode(), FORM),
    "no file": (f"{part('name')}--b--\r\n".encode(), FORM),
    "no name": (f"{part('file', 'x', 'a.zip')}--b--\r\n".encode(), FORM),
    "two files": (f"{part('a', 'x', 'a')}{part('b', 'x', 'b')}--b--\r\n".encode(), FORM),
    "a field twice": (f"{part('name')}{part('name')}--b--\r\n".encode(), FORM),
    "many fields": ("".join(part(f"f{n}") for n in range(50)).encode() + b"--b--\r\n", FORM),
    "a long field": (f"{part('name', 'x' * 20_000)}--b--\r\n".encode(), FORM),
    "a long header": (f"--b\r\nX: {'x' * 20_000}\r\n\r\n".encode(), FORM),
    "many headers": (b"--b\r\n" + b"X: x\r\n" * 5000 + b"\r\n", FORM),
}


@pytest.mark.parametrize("kind", FORMS)
def test_a_form_that_is_none_is_refused(client: TestClient, tmp_path: Path, kind: str) -> None:
    content, content_type = FORMS[kind]

    answer = client.post("/upload", content=content, headers={"Content-Type": content_type})

    assert answer.status_code in {400, 413}
    assert os.listdir(tmp_path / "data") == []


def test_the_browsers_name_of_a_file_is_no_path(client: TestClient, tmp_path: Path) -> None:
    files = {"file": ("../../../evil.zip", GOOD)}

    assert client.post("/upload", data={"name": "a"}, files=files).status_code == 200
    assert not list(tmp_path.rglob("evil*"))


def test_a_full_disk_is_said(
    client: TestClient, package: Package, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(package.module("core.ui.uploads.upload_limits"), "FREE", 2**60)

    answer = send(client, "flowers")

    assert answer.status_code == 507
    assert "no room" in answer.text
    assert os.listdir(tmp_path / "data") == []


def test_two_tabs_with_one_name_make_one_folder(uploads: Any, tmp_path: Path) -> None:
    files = {f"{n}.txt": b"x" for n in range(200)}
    statuses: list[int] = []
    with TestClient(app_of(uploads), base_url=URL, raise_server_exceptions=False) as client:
        threads = [
            threading.Thread(
                target=lambda: statuses.append(send(client, "same", zipped(files)).status_code)
            )
            for _ in range(2)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert sorted(statuses) == [200, 409]
    assert len(left(tmp_path / "data")) == 200
    assert os.listdir(tmp_path / "data") == ["same"]


def test_more_than_two_at_once_wait_for_their_turn(
    client: TestClient, uploads: Any, tmp_path: Path
) -> None:
    uploads._running = 2

    assert send(client, "flowers").status_code == 429
    uploads._running = 0
    assert send(client, "flowers").status_code == 200


SERVER = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import uvicorn
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from experiment.core.ui.uploads.uploads import Uploads
uploads = Uploads(Path(sys.argv[2]))
uploads.clear()
async def upload(request):
    return PlainTextResponse(str((await uploads.receive(request)).files))
uvicorn.run(Starlette(routes=[Route("/upload", upload, methods=["POST"])]), fd=int(sys.argv[3]),
            log_level="error")
"""


def test_a_killed_server_leaves_nothing_behind_the_next_start(
    package: Package, uploads: Any, tmp_path: Path
) -> None:
    data, listen = tmp_path / "data", package.module("core.ui.access.listen")
    root = Path(str(sys.modules[package.name].__file__)).parents[1]
    with listen.open_socket("127.0.0.1", 0) as socket:
        command = [sys.executable, "-c", SERVER, root, data, str(socket.fileno())]
        server = subprocess.Popen(command, pass_fds=[socket.fileno()])
        port = socket.getsockname()[1]
    try:
        half = part("name", "flowers") + part("file", "", "a.zip").removesuffix("\r\n")

        def slowly() -> Any:
            yield half.encode()
            for _ in range(200):
                yield b"x" * MEGABYTE
                time.sleep(0.05)

        def sent() -> None:
            headers = {"Content-Type": FORM}
            with suppress(httpx.HTTPError):
                httpx.post(f"http://127.0.0.1:{port}/upload", content=slowly(), headers=headers)

        thread = threading.Thread(target=sent)
        thread.start()
        for _ in range(400):
            if sum(path.stat().st_size for path in data.glob(".uploads/*/*.part")) > MEGABYTE:
                break
            time.sleep(0.05)
        assert list(data.glob(".uploads/*/*.part"))
        uploads.clear()  # another server starts while this one is at work
        assert list(data.glob(".uploads/*/*.part"))
    finally:
        server.send_signal(signal.SIGKILL)
        server.wait()
    thread.join()
    assert list(data.glob(".uploads/*/*.part"))

    uploads.clear()

    assert os.listdir(data) == []


def test_what_others_have_locked_is_left_to_them(uploads: Any, tmp_path: Path) -> None:
    folder = tmp_path / "data" / ".uploads"
    for name in ("theirs", "dead"):
        (folder / name).mkdir(parents=True)
        (folder / f".{name}.lock").touch()

    with FileLock(folder / ".theirs.lock"):
        uploads.clear()

    assert sorted(os.listdir(folder)) == [".theirs.lock", "theirs"]
    (tmp_path / "elsewhere").mkdir()
    (folder / ".evil.lock").touch()
    (folder / "evil").symlink_to(tmp_path / "elsewhere")
    uploads.clear()
    assert (tmp_path / "elsewhere").exists()


def test_who_leaves_in_the_middle_leaves_nothing(
    uploads: Any, package: Package, tmp_path: Path
) -> None:
    messages = iter(
        [
            {"type": "http.request", "body": part("name").encode(), "more_body": True},
            {"type": "http.disconnect"},
        ]
    )

    async def receive() -> Any:
        return next(messages)

    scope = {"type": "http", "method": "POST", "headers": [(b"content-type", FORM.encode())]}

    with pytest.raises(ClientDisconnect):
        anyio.run(uploads.receive, Request(scope, receive))

    assert os.listdir(tmp_path / "data") == []


def test_memory_does_not_grow_with_the_file(client: TestClient, uploads: Any) -> None:
    seen: list[int] = []

    async def asgi(scope: Any, receive: Any, send: Any) -> None:
        chunks = [f"{part('name', 'big')}{part('file', '', 'a.zip')[:-2]}".encode()]

        async def given() -> Any:
            if chunks:
                return {"type": "http.request", "body": chunks.pop(), "more_body": True}
            if len(seen) < 600:
                seen.append(1)
                return {"type": "http.request", "body": bytes(65536), "more_body": True}
            return {"type": "http.request", "body": b"\r\n--b--\r\n", "more_body": False}

        await app_of(uploads)(scope, given, send)

    small = TestClient(asgi, base_url=URL, raise_server_exceptions=False)
    tracemalloc.start()
    answer = small.post("/upload", headers={"Content-Type": FORM})
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert answer.status_code == 400  # 40 MB of zeros are no archive
    assert most < 10 * MEGABYTE
