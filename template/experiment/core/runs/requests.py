"""What a run is asked for while it trains: a file in its folder, which it takes away.

Template's file: updates replace it. Free of torch. Whoever may write into the folder may ask: a
page, or ``touch runs/NAME/.save-now``.
"""

from pathlib import Path

SAVE, SAMPLE = ".save-now", ".sample-now"


def ask(folder: Path, what: str) -> None:
    """Leave a request for the run of a folder."""
    (folder / what).touch()


def take(folder: Path, what: str) -> bool:
    """Whether it was asked for; the request is taken away."""
    try:
        (folder / what).unlink()
    except OSError:  # nobody asked, or it cannot be taken away, which would ask for ever
        return False
    return True
