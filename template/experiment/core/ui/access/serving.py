"""Files of a run as a browser gets them: none from outside its folder, none that acts as our page.

Template's file: updates replace it.
"""

import os
from pathlib import Path
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.responses import FileResponse

LONGEST = 1000  # letters of a path
# A page of ours that lies in a run's folder brings its script in itself. In this sandbox that runs
# as a page of nowhere: it reads no page of ours, and a request of its own brings no cookie.
SANDBOX = (
    "sandbox allow-scripts allow-downloads allow-top-navigation-by-user-activation; "
    "default-src 'none'; img-src data:; media-src data:; style-src 'unsafe-inline'; "
    "script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
# A drawing may hold a script as well; it needs none.
STILL = "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'"
PAGES = {".html": "text/html; charset=utf-8"}
PICTURES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".svg": "image/svg+xml",
}
MEDIA = {".wav": "audio/wav", ".mp3": "audio/mpeg", ".mp4": "video/mp4", ".webm": "video/webm"}
TEXTS = (".txt", ".log", ".json", ".jsonl", ".yaml", ".yml", ".csv", ".md", ".py", ".patch")


def safe_file(root: Path, relative: str) -> Path:
    """The file of a path that a browser names, with all links followed.

    Args:
        root: A folder, such as a run's.
        relative: What is asked for, unquoted.

    Raises:
        HTTPException: 404, whatever is wrong with it: it lies outside, begins with a dot, is a
            folder, or is not there.
    """
    if not _is_plain(relative):
        raise HTTPException(404)
    try:
        top = root.resolve(strict=True)
        found = (top / relative).resolve(strict=True)
        is_file = found.is_file()
    except (OSError, ValueError, RuntimeError):  # a name too long, or links in a circle
        raise HTTPException(404) from None
    # A link may lead to another file of the folder: not out of it, nor to one that is not shown.
    is_inside = found.is_relative_to(top) and _is_plain(found.relative_to(top).as_posix())
    if not is_inside or not is_file:
        raise HTTPException(404)
    return found


def file_response(path: Path) -> FileResponse:
    """The answer for a file that ``safe_file`` has found; ranges of it may be asked for.

    What is no picture, text, sound, film or page is offered to be kept, never opened.
    """
    kind = path.suffix.lower()
    headers = {"Content-Security-Policy": STILL}
    if kind in PAGES:
        headers["Content-Security-Policy"] = SANDBOX
        headers["X-Frame-Options"] = "SAMEORIGIN"
    # HTML has browsers refuse a sandbox with another opener policy, though Chromium 150 does not.
    headers["Cross-Origin-Opener-Policy"] = "unsafe-none"
    shown = {**PAGES, **PICTURES, **MEDIA, **dict.fromkeys(TEXTS, "text/plain; charset=utf-8")}
    if kind in shown:
        return FileResponse(path, media_type=shown[kind], headers=headers)
    name = quote(os.fsencode(path.name), safe="")
    headers["Content-Disposition"] = f"attachment; filename*=utf-8''{name}"
    return FileResponse(path, media_type="application/octet-stream", headers=headers)


def _is_plain(relative: str) -> bool:
    """Whether it is a path of names downwards, as a link of ours has it."""
    if len(relative) > LONGEST or not relative.isprintable():
        return False
    odd = "\\:" if os.name == "nt" else "\\"
    if any(letter in relative for letter in odd):
        return False
    return all(part and not part.startswith(".") for part in relative.split("/"))
