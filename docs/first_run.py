"""Draw the README's picture: a real first run, typed into a real terminal.

    uv run --with pyte --with rich docs/first_run.py

It makes a project in a temporary folder, trains it, and writes what the terminal showed to
``docs/first-run.svg``. Lines of the installer's package list are left out.
"""

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import tempfile
import termios
from pathlib import Path

import pyte
from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).resolve().parents[1]
COLUMNS = 110
PACKAGE = re.compile(r"^ [+-] \S+==")  # uv's list of what it installed


def main() -> None:
    """Type the README's two commands and draw what they print."""
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder) / "my-experiment"
        python = [sys.executable, str(ROOT / "start.py"), str(project)]
        first = typed("python3 start.py ../my-experiment", python, ROOT)
        second = typed("uv run python main.py", ["uv", "run", "python", "main.py"], project)
        lines = [told(line, folder) for line in [*first, "", *second]]
    console = Console(record=True, width=COLUMNS, file=open(os.devnull, "w"))  # noqa: SIM115
    console.print(Text("\n".join(lines)))
    console.save_svg(str(ROOT / "docs" / "first-run.svg"), title="a first experiment")


def told(line: str, folder: str) -> str:
    """A line without the paths of the machine it was drawn on."""
    line = line.replace(folder, "..").replace(str(ROOT), "~/copier-lightning")
    return re.sub(r"(?<=\s)/\S+/(\w+)", r"\1", f" {line}")[1:]


def typed(shown: str, command: list[str], folder: Path) -> list[str]:
    """What a terminal shows after a command has run in it."""
    output = run_in_terminal(command, folder)
    screen = pyte.Screen(COLUMNS, 2000)
    pyte.ByteStream(screen).feed(output)
    lines = [line.rstrip() for line in screen.display]
    while lines and not lines[-1]:
        lines.pop()
    return [f"$ {shown}", *(line for line in lines if not PACKAGE.match(line))]


def run_in_terminal(command: list[str], folder: Path) -> bytes:
    """Everything a program writes to its terminal."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, COLUMNS, 0, 0))
    # What this environment adds must not reach the newcomer's.
    variables = {k: v for k, v in os.environ.items() if not k.startswith(("VIRTUAL_ENV", "PYTHON"))}
    variables.update(TERM="xterm-256color")
    process = subprocess.Popen(
        command, cwd=folder, stdin=theirs, stdout=theirs, stderr=theirs, env=variables
    )
    os.close(theirs)
    output = b""
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:  # the terminal's other end is closed: the program has ended
            break
        if not part:
            break
        output += part
    if process.wait():
        sys.exit(output.decode(errors="replace"))
    return output


if __name__ == "__main__":
    main()
