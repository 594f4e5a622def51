"""GitHub and GitLab, as a job of CI asks them for pull or merge requests and issues: over REST.

Template's file: updates replace it. Which variables and tokens: docs/updating.md.
"""

import base64
import json
import os
from dataclasses import dataclass
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request, urlopen

BRANCH = "template-update"  # and the label of its issue
TOKENS = ("GITHUB_TOKEN", "TEMPLATE_UPDATE_TOKEN")


class Stop(Exception):
    """What ends the job, in a sentence."""


@dataclass
class Entry:
    """A request or an issue; ``state`` is open, closed or merged."""

    number: int
    state: str
    title: str
    address: str


class Forge:
    """Where the repository is at home, and what the job may do there."""

    base: str  # the branch that CI runs on
    clone: str  # the address that git pushes to
    user: str  # any, but git wants one beside the token
    token: str
    may_push_workflows = True

    def newest_request(self) -> Entry | None:
        """Find the newest request of the branch, in whatever state."""
        raise NotImplementedError

    def open_issue(self) -> Entry | None:
        """Find the issue of an earlier run."""
        raise NotImplementedError

    def write_request(self, title: str, text: str, entry: Entry | None) -> str:
        """Open a request, or bring the open one up to date; returns its address."""
        raise NotImplementedError

    def write_issue(self, title: str, text: str, entry: Entry | None) -> str:
        """Open an issue, or bring the open one up to date; returns its address."""
        raise NotImplementedError

    def close_issue(self, entry: Entry) -> None:
        """Close an issue that has become true no longer."""
        raise NotImplementedError

    def start_checks(self) -> None:
        """Start the checks of what was pushed, where the push itself does not."""

    def key(self) -> dict[str, str]:
        """Variables that let one git command in: on its command line a token could be seen."""
        secret = base64.b64encode(f"{self.user}:{self.token}".encode()).decode()
        header = f"Authorization: Basic {secret}"
        names = ("GIT_CONFIG_COUNT", "GIT_CONFIG_KEY_0", "GIT_CONFIG_VALUE_0")
        return dict(zip(names, ("1", "http.extraHeader", header), strict=True))


class GitHub(Forge):
    """A workflow of GitHub Actions; its own token may do less than one of a person's."""

    user = "x-access-token"

    def __init__(self) -> None:
        self.base, repository = setting("GITHUB_REF_NAME"), setting("GITHUB_REPOSITORY")
        self.owner = repository.split("/")[0]
        self.clone = f"{setting('GITHUB_SERVER_URL')}/{repository}.git"
        self.api = f"{setting('GITHUB_API_URL')}/repos/{repository}"
        own = os.environ.get("TEMPLATE_UPDATE_TOKEN", "")
        self.token, self.may_push_workflows = own or setting("GITHUB_TOKEN"), bool(own)

    def newest_request(self) -> Entry | None:
        found = self.ask("GET", f"pulls?state=all&head={self.owner}:{BRANCH}")
        return self.entry(found[0]) if found else None

    def open_issue(self) -> Entry | None:
        found = self.ask("GET", f"issues?state=open&labels={BRANCH}")
        issues = [it for it in found if "pull_request" not in it]  # which are issues there, too
        return self.entry(issues[0]) if issues else None

    def write_request(self, title: str, text: str, entry: Entry | None) -> str:
        if entry:
            return self.ask("PATCH", f"pulls/{entry.number}", title=title, body=text)["html_url"]
        fields = {"title": title, "body": text, "head": BRANCH, "base": self.base}
        try:
            return self.ask("POST", "pulls", **fields)["html_url"]
        except Stop as error:
            raise Stop(
                f"{BRANCH} is pushed, but its pull request could not be opened: {error}. If it is "
                "not permitted: Settings > Actions > General > Allow GitHub Actions to create and "
                "approve pull requests"
            ) from error

    def write_issue(self, title: str, text: str, entry: Entry | None) -> str:
        fields = {"title": title, "body": text, "labels": [BRANCH]}
        method, path = ("PATCH", f"issues/{entry.number}") if entry else ("POST", "issues")
        return self.ask(method, path, **fields)["html_url"]

    def close_issue(self, entry: Entry) -> None:
        self.ask("PATCH", f"issues/{entry.number}", state="closed")

    def start_checks(self) -> None:
        if not self.may_push_workflows:  # what a workflow's own token pushes starts none
            self.ask("POST", "actions/workflows/checks.yml/dispatches", ref=BRANCH)

    def ask(self, method: str, path: str, **fields: Any) -> Any:
        """Ask GitHub's API."""
        headers = {"Authorization": f"Bearer {self.token}", "Accept": "application/vnd.github+json"}
        return ask(method, f"{self.api}/{path}", headers, fields)

    def entry(self, found: dict[str, Any]) -> Entry:
        """Read a request or an issue."""
        state = "merged" if found.get("merged_at") else found["state"]
        return Entry(found["number"], state, found["title"], found["html_url"])


class GitLab(Forge):
    """A job of GitLab CI, whose own token may not push: it needs an access token of the project."""

    user = "oauth2"

    def __init__(self) -> None:
        self.base, self.clone = setting("CI_COMMIT_BRANCH"), f"{setting('CI_PROJECT_URL')}.git"
        self.api = f"{setting('CI_API_V4_URL')}/projects/{quote(setting('CI_PROJECT_ID'), '')}"
        self.token = setting("TEMPLATE_UPDATE_TOKEN")

    def newest_request(self) -> Entry | None:
        found = self.ask("GET", f"merge_requests?source_branch={BRANCH}&order_by=created_at")
        return self.entry(found[0]) if found else None

    def open_issue(self) -> Entry | None:
        found = self.ask("GET", f"issues?state=opened&labels={BRANCH}")
        return self.entry(found[0]) if found else None

    def write_request(self, title: str, text: str, entry: Entry | None) -> str:
        fields: dict[str, Any] = {"title": title, "description": text}
        if entry:
            return self.ask("PUT", f"merge_requests/{entry.number}", **fields)["web_url"]
        fields |= {"source_branch": BRANCH, "target_branch": self.base}
        fields |= {"remove_source_branch": True}
        return self.ask("POST", "merge_requests", **fields)["web_url"]

    def write_issue(self, title: str, text: str, entry: Entry | None) -> str:
        fields = {"title": title, "description": text, "labels": BRANCH}
        method, path = ("PUT", f"issues/{entry.number}") if entry else ("POST", "issues")
        return self.ask(method, path, **fields)["web_url"]

    def close_issue(self, entry: Entry) -> None:
        self.ask("PUT", f"issues/{entry.number}", state_event="close")

    def ask(self, method: str, path: str, **fields: Any) -> Any:
        """Ask GitLab's API."""
        return ask(method, f"{self.api}/{path}", {"PRIVATE-TOKEN": self.token}, fields)

    def entry(self, found: dict[str, Any]) -> Entry:
        """Read a request or an issue."""
        state = {"opened": "open"}.get(found["state"], found["state"])
        return Entry(found["iid"], state, found["title"], found["web_url"])


def find_forge() -> Forge:
    """Say where this runs."""
    if os.environ.get("GITHUB_ACTIONS"):
        return GitHub()
    if os.environ.get("GITLAB_CI"):
        return GitLab()
    raise Stop("This is for CI of GitHub or GitLab; at home: README.md, Update")


def setting(name: str) -> str:
    """Read a variable that CI sets, or that somebody has to set there."""
    if text := os.environ.get(name, ""):
        return text
    raise Stop(f"The variable {name} is not set: docs/updating.md, 'By itself', says where it is")


def ask(method: str, address: str, headers: dict[str, str], fields: dict[str, Any]) -> Any:
    """Send a request of HTTP, JSON both ways."""
    body = json.dumps(fields).encode() if fields else None
    headers = {**headers, "Content-Type": "application/json", "User-Agent": "copier-lightning"}
    try:
        with urlopen(Request(address, body, headers, method=method), timeout=60) as answer:
            return json.loads(answer.read() or b"null")
    except HTTPError as error:
        said = error.read().decode("utf-8", "replace")[:300]
        raise Stop(f"{method} {address} was answered with {error.code}: {said}") from error
    except (OSError, ValueError) as error:  # out of reach; or no JSON, from something in between
        raise Stop(f"{method} {address} had no answer: {error}") from error
