"""Make a first experiment from this clone, with nothing but Python 3.11 and git:

    python3 start.py ../my-experiment
    python3 start.py ../my-experiment author="Ada Lovelace" license=BSD-3-Clause

It finds uv (or puts one into a cache folder), runs Copier from the template's newest release, and
leaves the rest to the hooks: environment, smoke check, first commit. The answers are the questions
of copier.yml; what is not answered keeps its default.
"""

import argparse
import difflib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

if sys.version_info < (3, 11):  # noqa: UP036 - said in a sentence, since it is the first thing met
    sys.exit(f"Python 3.11 or newer is needed; this is {sys.version.split()[0]} ({sys.executable})")

CLONE = Path(__file__).resolve().parent
say = partial(print, flush=True)
COPIER = "copier>=9.18,!=9.19.0"
ELSEWHERE = re.compile(r"(https?://|ssh://|git://|[\w.-]+@[\w.-]+:)")  # not a path of this machine
# Of git's variables, those about the repository of a caller.
CALLERS = re.compile(
    r"GIT_(DIR|\w*WORK_TREE|INDEX_FILE|PREFIX|COMMON_DIR|NAMESPACE|\w*OBJECT_DIRECTOR(Y|IES)"
    r"|(GRAFT|SHALLOW)_FILE|NO_REPLACE_OBJECTS|REPLACE_REF_BASE|CONFIG|\w+_PATHSPECS)"
)


def main() -> int:
    """Check, find the tools, say what will be recorded, run Copier."""
    arguments = parse()
    begun = time.time()
    check(arguments.destination, arguments.answers)
    source, ref = find_source(arguments.ref)

    uv = find_uv()
    copier = [uv, "tool", "run", "--python", sys.executable, "--from", COPIER, "copier"]
    if subprocess.run([*copier, "--version"]).returncode:
        sys.exit("Copier could not be installed (see above): is there a network?")

    clock = f"{begun} {time.time()}"  # for the table at the end
    options = ["--trust", "--quiet", "--defaults", "--vcs-ref", ref]
    answers = [word for answer in arguments.answers for word in ("--data", answer)]
    command = [*copier, "copy", *options, *answers, source, str(arguments.destination)]
    return subprocess.run(command, env={**variables(), "START_CLOCK": clock}).returncode


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("destination", type=at_home, help="the new project's folder")
    parser.add_argument("answers", nargs="*", metavar="question=answer", help="as in copier.yml")
    parser.add_argument("--ref", help="a tag or commit of the template (default: newest release)")
    return parser.parse_args()


def at_home(text: str) -> Path:
    """Read a path; ``~`` is a home, also where no shell has seen to that."""
    return Path(text).expanduser()


def variables() -> dict[str, str]:
    """Copy the variables without a caller's repository, as a hook of git's has it."""
    return {name: text for name, text in os.environ.items() if not CALLERS.fullmatch(name)}


def check(destination: Path, answers: list[str]) -> None:
    """Stop, in a sentence, at what could not work."""
    if not shutil.which("git"):
        sys.exit("git is missing: install it (it records your project, and updates need it)")
    if destination.exists() and (not destination.is_dir() or any(destination.iterdir())):
        sys.exit(f"{destination} is already there and not empty: choose a new folder")
    text = (CLONE / "copier.yml").read_text(encoding="utf-8")
    questions = re.findall(r"^([a-z]\w*):$", text, re.MULTILINE)
    for answer in answers:
        name, equals, _ = answer.partition("=")
        if not equals or name not in questions:
            near = (difflib.get_close_matches(name, questions, n=1) or questions)[0]
            sys.exit(f"{answer} is not an answer: write question=answer, for instance {near}=...")


def git(*words: str) -> str:
    """Ask git about this clone; an empty answer when it has none, or none within a minute."""
    environment = {**variables(), "GIT_TERMINAL_PROMPT": "0"}  # never wait for a password
    options = {
        "cwd": CLONE,
        "env": environment,
        "capture_output": True,
        "text": True,
        "timeout": 60,
    }
    try:
        done = subprocess.run(["git", *words], **options)
    except subprocess.TimeoutExpired:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def find_source(wanted: str | None) -> tuple[str, str]:
    """Choose what the project will remember as its template: address, and tag or commit."""
    release = git("describe", "--tags", "--abbrev=0", "--match", "v[0-9]*")
    ref = git("rev-parse", "--verify", "--quiet", f"{wanted or release or 'HEAD'}^{{commit}}")
    if not ref:
        sys.exit(f"{CLONE} has no commit {wanted or 'yet'}: a project could not be updated")
    if not wanted and release:
        ref = release
    if git("status", "--porcelain", "--untracked-files=normal"):
        say("This clone has changes that are not committed. They are left out, since a project")
        say("made from them could never be updated. To have them: commit, then --ref HEAD.")

    source = next((url for url in remote_urls() if holds(url, ref)), str(CLONE))
    say(f"Template: {source} at {ref}")
    if source == str(CLONE):
        say("(A path of this machine, since no remote has that: updates will work only here.)")
    return source, ref


def remote_urls() -> list[str]:
    """List the clone's remotes as others can reach them, without anybody's password."""
    urls = [git("remote", "get-url", name) for name in git("remote").splitlines()]
    shared = [re.sub(r"(?<=://)[^/@]*:[^/@]*@", "", url) for url in urls if ELSEWHERE.match(url)]
    return [url if url.endswith(".git") else f"git+{url}" for url in shared]


def holds(url: str, ref: str) -> bool:
    """Ask a remote whether it has the tag or commit; out of reach counts as no."""
    listed = git("ls-remote", url.removeprefix("git+")).split()  # commit, name, commit, name, ...
    commit = git("rev-parse", f"{ref}^{{commit}}")
    if ref != commit and f"refs/tags/{ref}" not in listed:
        return False
    return commit in listed or bool(listed and git("branch", "--remotes", "--contains", commit))


def find_uv() -> str:
    """Find uv, or put one into a folder of its own, where it disturbs nobody."""
    if found := shutil.which("uv"):
        return found
    folder = cache_folder() / "uv"
    program = folder / ("Scripts/uv.exe" if os.name == "nt" else "bin/uv")
    if not program.exists():
        say(f"uv is not here yet: it goes into {folder}")
        python = program.with_name("python.exe" if os.name == "nt" else "python")
        steps = [
            [sys.executable, "-m", "venv", "--clear", str(folder)],
            [str(python), "-m", "pip", "install", "--quiet", "uv"],
        ]
        for step in steps:
            if subprocess.run(step).returncode:
                sys.exit("uv could not be installed (see above): is there a network, and venv?")
    return str(program)


def cache_folder() -> Path:
    """Choose a cache folder of this user that can be written."""
    places = [os.environ.get("XDG_CACHE_HOME"), os.environ.get("LOCALAPPDATA")]
    for place in [*places, "~/.cache"]:
        folder = Path(place or "").expanduser() / "copier-lightning"
        try:
            if place:
                folder.mkdir(parents=True, exist_ok=True)
                return folder
        except OSError:
            continue
    return Path(tempfile.mkdtemp(prefix="copier-lightning-"))


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
