"""Lives through every design.

uv run python -m tests.designs              all of them: a row each, then one last line
uv run python -m tests.designs gan stream   these
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
os.environ.update(SMOKE="skip", SMOKE_PYTHON="none", WANDB_MODE="offline")  # hooks: files alone

from harness.experiment import Server
from projects import make_template

from designs.run import DESIGNS, live


def main() -> int:
    """1 if any design failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("names", nargs="*", default=DESIGNS, help="which; all without any")
    parser.add_argument("--fast", action="store_true", help="no types, not the project's own tests")
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(DESIGNS):
        parser.error(f"there is no design {', '.join(sorted(unknown))}; there are {DESIGNS}")
    failed = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        base = make_template(folder / "template").generate(folder / "base")
        server = Server(Path(sys.executable), folder)
        for design in arguments.names:
            started = time.monotonic()
            try:
                lived = live(design, base, server, folder / design, not arguments.fast)
                row = f"{lived.lines:>4} lines, {lived.compared:>3} values equal"
            except AssertionError as error:
                print(error, file=sys.stderr)
                row, failed = "FAILED", failed + 1
            print(f"{design:<20} {row:<32} {time.monotonic() - started:5.0f} s", flush=True)
        server.close()
    print(f"designs: {len(arguments.names) - failed} lived through, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
