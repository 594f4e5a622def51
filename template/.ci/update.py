"""Bring a newer release of the template as a pull or merge request: what CI runs once a week.

Template's file: updates replace it. What it needs, and what it says when: docs/updating.md.

The branch ``template-update`` is made anew from the branch that CI runs on. It is pushed only when
nothing is left for a person to decide: no conflict, no remark that asks for one, smoke passed. Else
an issue says what to type. A branch that somebody has committed to is left alone.
"""

import json
import os
import re
import subprocess
import sys
from functools import partial
from pathlib import Path

from forge import BRANCH, TOKENS, Entry, Forge, Stop, find_forge

say = partial(print, flush=True)
COPIER = ("uvx", "--from", "copier>=9.18,!=9.19.0", "copier")
AUTHOR = "copier-lightning@localhost"  # by which a commit of this script is known
NEEDS_A_PERSON = "The update needs you"  # a line of the hook after an update
MARKERS = "^(<<<<<<< before updating|>>>>>>> after updating)"
LONGEST = 50_000  # characters of a text; GitHub takes 65,536
BY_HAND = f"""\
A newer release of the template was not brought by itself: {{reason}}.

By hand, in a clone of this repository:

```sh
git switch -c {BRANCH}
uvx --from "copier>=9.18,!=9.19.0" copier update --trust --defaults
```

It says what to look at. Then commit, push and merge the branch as any other; `docs/updating.md` has
more, and the way back. What it said here:

{{told}}
"""


def main() -> int:
    """Look, update, and hand over what came of it."""
    project, forge = Path.cwd(), find_forge()
    if forge.base == BRANCH:
        raise Stop(f"{BRANCH} is what is made here: run this on the branch that it is for")
    release = newer_release(project)
    if not release:
        say("The template has no newer release.")
        return 0
    title = f"Update to copier-lightning v{release}"
    request, tip = forge.newest_request(), last_tip(project, forge)
    if reason := left_alone(project, title, request, tip):
        say(f"{title}: {reason}")
        return 0

    told, reason = update(project, forge)
    if reason:
        hand_over(forge, f"{title}: by hand", reason, told)
        raise Stop(f"{title} was not pushed: {reason}")
    push(project, forge, title, tip)
    text = f"`copier update` said:\n\n{fenced(told)}\n"
    say(forge.write_request(title, text, request if request and request.state == "open" else None))
    forge.start_checks()
    if issue := forge.open_issue():
        forge.close_issue(issue)
    return 0


def newer_release(project: Path) -> str:
    """Ask the template for a newer release; empty when there is none."""
    done = run([*COPIER, "check-update", "--output-format", "json"], project)
    if done.returncode:
        raise Stop(
            f"The template could not be asked: {last_line(done.stderr)}\nIts address is _src_path "
            "in .copier-answers.yml: can this machine reach it? docs/updating.md says how to point "
            "to another place."
        )
    found = json.loads(done.stdout)
    return found["latest_version"] if found["update_available"] else ""


def last_tip(project: Path, forge: Forge) -> str:
    """Fetch the branch as an earlier run, or somebody, has left it; returns its commit."""
    listed = git(project, "ls-remote", forge.clone, f"refs/heads/{BRANCH}", variables=forge.key())
    if listed:
        git(project, "fetch", "-q", "--depth=1", forge.clone, BRANCH, variables=forge.key())
    return listed.partition("\t")[0]


def left_alone(project: Path, title: str, request: Entry | None, tip: str) -> str:
    """Say what a person has decided already, if so."""
    if request and request.title == title and request.state == "closed":
        return f"{request.address} was closed; the next release is offered again"
    committer = git(project, "log", "-1", "--format=%ce", tip) if tip else AUTHOR
    if committer != AUTHOR:
        return f"waits until {BRANCH}, with a commit of {committer}, is merged or deleted"
    return ""


def update(project: Path, forge: Forge) -> tuple[str, str]:
    """Update; returns what was told, and why a person is needed, if so."""
    git(project, "switch", "--quiet", "--detach")
    command = [*COPIER, "update", "--trust", "--defaults"]
    done = run(command, project, {"SMOKE": "strict", "WANDB_MODE": "offline"})
    say(plain(done.stdout + done.stderr))
    told = plain(done.stdout if NEEDS_A_PERSON in done.stdout else done.stdout + done.stderr)
    if conflicts := conflicted(project):
        names = plain(", ".join(conflicts))
        return told, f"you and the template changed the same lines of {names}"
    if NEEDS_A_PERSON in told:
        return told, "something of it is for you to decide"
    if done.returncode:
        return told, "`copier update` or the smoke check on its result failed"
    if git(project, "status", "--porcelain", ".github/workflows") and not forge.may_push_workflows:
        return told, "it changes .github/workflows/, which a workflow's own token may not push"
    return plain(done.stdout), ""


def conflicted(project: Path) -> list[str]:
    """List the files that the update left with marks of a conflict, whatever its hook said."""
    unmerged = paths(project, "diff", "--name-only", "--relative", "--diff-filter=U", "-z")
    changed = paths(project, "diff", "--name-only", "--relative", "--diff-filter=d", "-z", "HEAD")
    marked = ("grep", "-l", "-z", "-I", "-E", MARKERS, "--", *changed)
    return sorted({*unmerged, *(paths(project, *marked) if changed else ())})


def push(project: Path, forge: Forge, title: str, tip: str) -> None:
    """Commit what the update did and push it, over nothing but the tip that was seen.

    The commit has the date of the one below it: the same update is the same commit next week.
    """
    date = git(project, "log", "-1", "--format=%cI")
    about = {"NAME": "copier-lightning", "EMAIL": AUTHOR, "DATE": date}
    roles = ("AUTHOR", "COMMITTER")
    who = {f"GIT_{role}_{part}": text for role in roles for part, text in about.items()}
    git(project, "add", "--all", ".")
    git(project, "commit", "--quiet", "--no-verify", "--no-gpg-sign", "-m", title, variables=who)
    lease = f"--force-with-lease=refs/heads/{BRANCH}:{tip}"
    where = f"HEAD:refs/heads/{BRANCH}"
    git(project, "push", "--quiet", lease, forge.clone, where, variables=forge.key())


def hand_over(forge: Forge, title: str, reason: str, told: str) -> None:
    """Open an issue, or bring the open one up to date; without issues the log has its text."""
    text = BY_HAND.format(reason=reason, told=fenced(told))
    try:
        say(forge.write_issue(title, text, forge.open_issue()))
    except Stop as error:
        say(f"No issue could be written, {error}\n\n{text}")


# ---------------------------------------------------------------------------------- programs, texts
def git(project: Path, *words: str, variables: dict[str, str] | None = None) -> str:
    """Run git, which must succeed."""
    done = run(["git", *words], project, variables)
    if done.returncode:
        raise Stop(f"git {words[0]} failed: {done.stderr.strip()}")
    return done.stdout.strip()


def paths(project: Path, *words: str) -> list[str]:
    """Run a git command that lists paths, or finds none."""
    return [path for path in run(["git", *words], project).stdout.split("\0") if path]


def run(
    command: list[str], project: Path, variables: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a program that is neither asked for a password nor handed a token by the way."""
    kept = {name: text for name, text in os.environ.items() if name not in TOKENS}
    kept |= {"GIT_TERMINAL_PROMPT": "0", **(variables or {})}
    options = {"capture_output": True, "encoding": "utf-8", "errors": "surrogateescape"}
    try:
        return subprocess.run(command, cwd=project, env=kept, **options)
    except OSError as error:
        raise Stop(f"{command[0]} could not be started: {error}") from error


def plain(text: str) -> str:
    """Take away what colours a terminal, and what no text for the web can hold."""
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)
    return text.encode("utf-8", "replace").decode().replace("\r", "\n").strip()


def fenced(text: str) -> str:
    """Quote an output in Markdown; of a long one its end."""
    if len(text) > LONGEST:
        text = f"... (the log has it all)\n{text[-LONGEST:]}"
    fence = max(re.findall(r"`{3,}", text), key=len, default="``") + "`"
    return f"{fence}text\n{text}\n{fence}"


def last_line(text: str) -> str:
    """Take the line that says what was wrong."""
    return (plain(text).splitlines() or ["it said nothing"])[-1]


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Stop as stop:
        sys.exit(str(stop))
