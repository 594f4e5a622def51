"""Files of a run and addresses of W&B: only those that are meant, and as nothing but themselves."""

import os
from pathlib import Path
from types import ModuleType

import pytest
from assemble import Package
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.testclient import TestClient


@pytest.fixture
def serving(package: Package) -> ModuleType:
    return package.module("core.ui.access.serving")


@pytest.fixture
def run_folder(tmp_path: Path) -> Path:
    """A run with a secret beside it, and what tries to lead to that."""
    folder = tmp_path / "runs" / "wide"
    (folder / "inspect").mkdir(parents=True)
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "runs" / "wider").mkdir()
    (tmp_path / "runs" / "wider" / "x.txt").write_text("secret")
    (folder / "train.log").write_text("<script>alert(1)</script>")
    (folder / "inspect" / "a b é.png").write_bytes(b"png")
    (folder / ".lock").write_text("secret")
    (folder / ".hidden").mkdir()
    (folder / ".hidden" / "x.txt").write_text("secret")
    (folder / "inside.txt").symlink_to("train.log")
    (folder / "out.txt").symlink_to(tmp_path / "secret")
    (folder / "out").symlink_to(tmp_path)
    (folder / "to_lock.txt").symlink_to(".lock")
    (folder / "circle.txt").symlink_to("circle.txt")
    (folder / "nowhere.txt").symlink_to("not there")
    os.mkfifo(folder / "pipe.txt")
    return folder


OUTSIDE = [
    "../../secret",
    "..",
    ".",
    "",
    "/",
    "/etc/passwd",
    "//etc/passwd",
    "inspect/../../../secret",
    "inspect/..",
    "inspect/./a b é.png",
    "inspect//a b é.png",
    "..\\..\\secret",
    "inspect\\a b é.png",
    "../wider/x.txt",
    "%2e%2e/%2e%2e/secret",
    "....//....//secret",
    "out.txt",
    "out/secret",
    "to_lock.txt",
    "circle.txt",
    "nowhere.txt",
    "pipe.txt",
    ".lock",
    ".hidden/x.txt",
    "inspect",
    "train.log/",
    "train.log\0.png",
    "train.log\n",
    "~/.ssh/id_rsa",
    "$(cat secret)",
    "; cat secret",
    "a" * 300,
    "a/" * 5000,
    "file:///etc/passwd",
    "\ud800",
    "\u202egnp.x",
]


@pytest.mark.parametrize("relative", OUTSIDE, ids=[ascii(name)[:30] for name in OUTSIDE])
def test_no_path_leads_out(serving: ModuleType, run_folder: Path, relative: str) -> None:
    with pytest.raises(HTTPException) as refused:
        serving.safe_file(run_folder, relative)

    assert refused.value.status_code == 404
    assert "secret" not in refused.value.detail


def test_files_of_the_folder_are_found(serving: ModuleType, run_folder: Path) -> None:
    for name in ("train.log", "inspect/a b é.png", "inside.txt"):
        assert serving.safe_file(run_folder, name).is_file()
    link = run_folder.parent.parent / "by-link"
    link.symlink_to(run_folder)
    assert serving.safe_file(link, "train.log") == run_folder / "train.log"


@pytest.mark.parametrize(
    ("name", "kind", "is_kept"),
    [
        ("x.png", "image/png", False),
        ("x.JPG", "image/jpeg", False),
        ("x.svg", "image/svg+xml", False),
        ("x.log", "text/plain; charset=utf-8", False),
        ("x.json", "text/plain; charset=utf-8", False),
        ("x.html", "text/html; charset=utf-8", False),
        ("x.htm", "application/octet-stream", True),
        ("x.xhtml", "application/octet-stream", True),
        ("x.xml", "application/octet-stream", True),
        ("x.js", "application/octet-stream", True),
        ("x.ckpt", "application/octet-stream", True),
        ("x", "application/octet-stream", True),
        ('a";\r\nX: y.ckpt', "application/octet-stream", True),
    ],
)
def test_each_file_is_nothing_but_itself(
    serving: ModuleType, tmp_path: Path, name: str, kind: str, is_kept: bool
) -> None:
    file = tmp_path / name
    file.write_text("<script>alert(1)</script>")

    response = serving.file_response(file)

    assert response.headers["content-type"] == kind
    assert ("attachment" in response.headers.get("content-disposition", "")) == is_kept
    assert "\n" not in response.headers.get("content-disposition", "")
    assert response.headers["content-security-policy"].startswith("sandbox")
    assert "allow-same-origin" not in response.headers["content-security-policy"]


def test_a_part_of_a_file_may_be_asked_for(serving: ModuleType, run_folder: Path) -> None:
    async def answer(request: Request) -> Response:
        return serving.file_response(serving.safe_file(run_folder, request.path_params["path"]))

    client = TestClient(Starlette(routes=[Route("/{path:path}", answer)]))

    assert client.get("/train.log", headers={"Range": "bytes=1-6"}).text == "script"
    assert client.get("/../../secret").status_code == 404
    assert client.get("/%2e%2e/%2e%2e/secret").status_code == 404
    assert client.get("/..%2f..%2fsecret").status_code == 404


@pytest.mark.parametrize(
    ("base_url", "origin"),
    [
        ("", "https://wandb.ai"),
        ("https://api.wandb.ai", "https://wandb.ai"),
        ("https://api.wandb.ai/", "https://wandb.ai"),
        ("https://Wandb.Lab:8443", "https://wandb.lab:8443"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://wandb.lab", ""),
        ("javascript:alert(1)", ""),
        ("https://", ""),
    ],
)
def test_where_the_pages_of_a_wandb_are(package: Package, base_url: str, origin: str) -> None:
    assert package.module("core.ui.access.wandb_address").wandb_origin(base_url) == origin


@pytest.mark.parametrize(
    "url",
    [
        "",
        "https://evil.example/x",
        "http://wandb.ai/x",
        "//wandb.ai/x",
        "/x",
        "wandb.ai/x",
        "https://wandb.ai.evil.example/x",
        "https://evil-wandb.ai/x",
        "https://wandb.ai@evil.example/x",
        "https://user:password@wandb.ai/x",
        "https://wandb.ai:444/x",
        "https://wandb.ai:x/x",
        "https://wandb.ai:/x",
        "https://evil.example\\@wandb.ai/x",
        "https://wandb.ai\\.evil.example/x",
        "https:/wandb.ai/x",
        "https://wandb.ai/\r\nSet-Cookie: x=y",
        "https://wandb.ai/<script>",
        "https://wandb.ai/\"onclick='x'",
        " https://wandb.ai/x",
        "https://wändb.ai/x",
        "https://[::1/x",
        "javascript:alert(1)//wandb.ai",
        "data:text/html,wandb.ai",
    ],
)
def test_only_the_configured_wandb_is_led_to(package: Package, url: str) -> None:
    assert (
        package.module("core.ui.access.wandb_address").wandb_address(url, "https://wandb.ai")
        is None
    )


def test_a_run_of_the_configured_wandb_is_led_to(package: Package) -> None:
    address = package.module("core.ui.access.wandb_address").wandb_address

    for url, origin in [
        ("https://wandb.ai/me/project/runs/ab12?nw=x#y", "https://wandb.ai"),
        ("https://wandb.ai:443/me", "https://wandb.ai"),
        ("http://127.0.0.1:8080/me/runs/1", "http://127.0.0.1:8080"),
        ("http://localhost:8080/me/runs/1", "http://localhost:8080"),
    ]:
        assert address(url, origin) == url
    assert address("http://127.0.0.1:8081/me", "http://127.0.0.1:8080") is None
    assert address("https://wandb.ai/me", "") is None
