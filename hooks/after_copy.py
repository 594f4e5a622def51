"""Run by Copier, once, in a project just made: environment, smoke check, first commit.

Nothing here can undo the copy: what fails is said, with the command that makes up for it.
"""

import os
import sys
import time
from pathlib import Path

from commit import first_commit, recorded
from environment import bring_up, run_command
from report import Stage, quoted, say, say_table
from smoke import exit_code, smoke


def main() -> int:
    """Prove what can be proven, and end with the next commands to type."""
    project, earlier = Path.cwd(), before_the_hook()
    stages = [*earlier, bring_up(project), smoke(project), first_commit(project)]
    if warning := recorded():
        stages.append(warning)
    say_table(stages)
    say("Next:")
    say(f"  {quoted(['cd', str(project)])}")
    say(f"  {run_command('main.py')}")
    if (project / "experiment/core/ui").is_dir():
        say(f"  {run_command('main.py', 'ui')}    # the web page; it says what it still needs")
    return exit_code(stages)


def before_the_hook() -> list[Stage]:
    """Tell what went before, if start.py ran Copier and handed its clock over."""
    clock = os.environ.get("START_CLOCK", "").split()
    if len(clock) != 2:
        return []
    begun, ready = map(float, clock)
    tools = Stage("tools", "uv and Copier are here", True, ready - begun)
    return [tools, Stage("template", "rendered", True, time.time() - ready)]


if __name__ == "__main__":
    sys.exit(main())
