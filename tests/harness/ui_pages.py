"""The pages of a project, asked in memory by a browser that is logged in."""

import html
import json
import os
import re
import socket
from pathlib import Path
from typing import Any

from assemble import Package
from harness.guarded_page import PORT, URL
from starlette.testclient import TestClient


class Pages:
    """The page of a project, in a browser that is logged in."""

    def __init__(self, package: Package, project: Path, output: Path) -> None:
        self.package, self.project, self.output = package, project, output
        cli = package.module("core.config.cli")
        arguments = cli.arguments_of(cli.make_parser(None), ["ui", "--output", str(output)])
        config = package.module("core.config.load").load_settings(
            package.module("config").Config, arguments
        )
        self.ui = config.config.ui
        self.site = package.module("core.ui.site").Site(
            arguments, package.module("config").Config, self.ui
        )
        app = package.module("core.ui.app").make_app(self.site)
        self.routes = app.routes
        hosts = package.module("core.ui.access.hosts").Hosts("127.0.0.1", PORT)
        access = package.module("core.ui.access.access").Access(project, hosts.url, PORT)
        upload = package.module("core.ui.data_page").UPLOAD
        guard = package.module("core.ui.access.guard").Guard(app, access, hosts, uploads=[upload])
        self.stranger = TestClient(guard, base_url=URL, follow_redirects=False)
        self.client = TestClient(guard, base_url=URL, headers={"Origin": URL})
        token = access.address.current.partition("token=")[2]
        entered = self.client.get("/", params={"token": token})
        self.csrf = re.findall('name="csrf" value="([^"]+)"', entered.text)[0]

    def get(self, path: str, **query: Any) -> Any:
        return self.client.get(path, params=query)

    def post(self, path: str, **fields: Any) -> Any:
        """Send a form of ours."""
        return self.client.post(path, data={"csrf": self.csrf, **fields}, follow_redirects=False)

    def form(self, preset: str = "experiment") -> dict[str, str]:
        """What the browser would send of the form as it is shown."""
        page = self.get("/train", preset=preset).text
        fields = dict(re.findall(r'<input id="[^"]*" name="([^"]+)" value="([^"]*)"', page))
        for name, options in re.findall(
            r'<select id="[^"]*" name="([^"]+)".*?>(.*?)</select>', page, re.S
        ):
            chosen = re.findall(r'value="([^"]*)" selected', options)
            first = re.findall(r'value="([^"]*)"', options)[:1]
            fields[name] = (chosen or first)[0]
        sent = {name: html.unescape(value) for name, value in fields.items()}
        return {**sent, "preset": preset}

    def add_run(self, name: str, status: str = "finished", **summary: Any) -> Path:
        folder = self.output / name
        folder.mkdir(parents=True)
        (folder / "config.yaml").write_text("model:\n  depth: 2\n")
        known = {"name": name, "status": status, "seconds": 1.0}
        known["process"] = {"pid": os.getpid(), "host": socket.gethostname()}
        (folder / "summary.json").write_text(json.dumps({**known, **summary}))
        return folder
