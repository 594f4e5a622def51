"""What a person sees of a hook: what is being done, then a short table of what was proven."""

import shlex
import sys
from dataclasses import dataclass


@dataclass
class Stage:
    """One thing that a hook did, or could not do.

    Args:
        name: One word.
        fact: What is true now, or what is missing.
        passed: None when there was nothing to prove.
        seconds: How long it took.
        later: Commands that make up for it.
    """

    name: str
    fact: str
    passed: bool | None = None
    seconds: float = 0.0
    later: tuple[str, ...] = ()


def say(text: str = "") -> None:
    """Print at once, so that a child's own output stays in order, on any terminal."""
    encoding = sys.stdout.encoding or "ascii"
    print(text.encode(encoding, "replace").decode(encoding), flush=True)


def tick(passed: bool | None) -> str:
    """Draw the verdict with what the terminal can show."""
    unicode = (sys.stdout.encoding or "").lower().startswith("utf")
    shown = "–✗✓" if unicode else "-xv"
    return shown[0 if passed is None else 1 + passed]


def say_table(stages: list[Stage]) -> None:
    """Print a row for each stage, and below it the commands that make up for what failed."""
    say()
    for stage in stages:
        seconds = f"{stage.seconds:6.1f} s" if stage.seconds else ""
        say(f"  {tick(stage.passed)}  {stage.name:<12} {stage.fact:<58} {seconds}".rstrip())
        for command in stage.later:
            say(f"{'':>18} {command}")
    say()


def quoted(command: list[str]) -> str:
    """Join a command as one would type it."""
    return shlex.join(str(part) for part in command)
