"""Tells the stories, a project after the other."""

import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Error  # pyright: ignore[reportMissingImports]
from projects import DEFAULT_TASK, Template, make_template

from browser import docs_pictures, short_stories, sweep_and_data, whole_story
from browser.bench import Bench
from browser.chromium import Chromium, chromium
from browser.figures import measure
from browser.served import served

# Told once, by the project of the first task; `strange` needs images in folders, by class.
OF_ONE: dict[str, Callable[[Bench], None]] = {
    "keyboard": short_stories.by_keyboard,
    "no-script": short_stories.without_script,
    "queue": short_stories.in_the_queue,
    "sweep": sweep_and_data.sweep,
    "upload": sweep_and_data.upload,
    "strange": sweep_and_data.strange_classes,
    "figures": measure,
    "docs": docs_pictures.take,
}
BY_NAME = {"docs"}  # told only when it is asked for: it writes into this repository
OF_IMAGES = {"strange", "docs"}


class FailedStory(Exception):
    """Something is not as it should be."""


def tell_all(program: str, pictures: Path, tasks: list[str], only: list[str]) -> str:
    """All that is asked for; how much that was, in words.

    Raises:
        FailedStory: Something is not as it should be.
    """
    steps = 0
    with tempfile.TemporaryDirectory(prefix="browser-") as name, chromium(program, pictures) as it:
        template = make_template(Path(name) / "template")
        for task in tasks:
            mine = [story for story in only if _is_told_by(story, task, tasks)]
            if mine:
                steps += _tell(template, Path(name) / task, task, it, mine)
        if it.complaints:
            raise FailedStory("\n".join(it.complaints))
        return f"browser: {steps} checks, axe on {it.looked_at} views, {it.screenshots} pictures"


def _is_told_by(story: str, task: str, tasks: list[str]) -> bool:
    if story in OF_IMAGES:
        return task == DEFAULT_TASK
    return story == "whole" or task == tasks[0]


def _tell(
    template: Template, folder: Path, task: str, browser: Chromium, stories: list[str]
) -> int:
    with served(template, folder, task) as project:
        bench = Bench(project, browser)
        try:
            if "whole" in stories:
                whole_story.tell(bench)
            else:
                project.start()
            for story in stories:
                if story != "whole":
                    OF_ONE[story](bench)
        except (AssertionError, Error) as error:
            browser.keep_last(task)
            place = "".join(traceback.format_tb(error.__traceback__)[:4])
            raise FailedStory(f"{task}: {error}\n{place}") from error
        return bench.steps
