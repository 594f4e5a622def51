"""The form of a project's configuration, as the page would make it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from assemble import Package, assemble


class Forms:
    """Forms of one configuration class in one project.

    Args:
        package: The project's.
        project: Its folder.
        config_type: The root dataclass.
    """

    def __init__(self, package: Package, project: Path, config_type: type) -> None:
        self.package, self.project, self.config_type = package, project, config_type
        self.preset = project / "configs/experiment.yaml"
        self.RefusedField: Any = package.module("core.ui.form.form_fields").RefusedField
        self.UserError: Any = package.module("core.errors").UserError
        self.shown: dict[str, list[Any]] = {}

    def config(self, *words: str) -> Any:
        """What the command line makes of the preset and words."""
        check = self.package.module("core.ui.form.form_check")
        return check._loaded(words, self.preset, self.config_type).config

    def form(self, *words: str, **ui: Any) -> list[Any]:
        key = repr((self.preset, words, ui))
        if key not in self.shown:
            settings = self.package.module("core.config.ui").UiConfig(**ui)
            sections = self.package.module("core.ui.form.form").sections
            before, now = self.config(), self.config(*words)
            self.shown[key] = sections(self.config_type, before, now, settings)
        return self.shown[key]

    def fields(self, *words: str, **ui: Any) -> dict[str, Any]:
        return {f.key: f for section in self.form(*words, **ui) for f in section.fields}

    def words(self, posted: dict[str, Any] | None = None, **ui: Any) -> list[str]:
        """What comes of posting the whole form with some fields set."""
        form = self.form(**ui)
        shown = {f.key: f.value for s in form for f in s.fields if not f.read_only}
        from_post = self.package.module("core.ui.form.form_post").from_post
        return from_post({**shown, **(posted or {})}, form)

    def check(self, *words: str, **ui: Any) -> Any:
        settings = self.package.module("core.config.ui").UiConfig(**ui)
        check = self.package.module("core.ui.form.form_check").check
        return check(words, self.preset, self.config_type, settings)

    def refused(self, posted: dict[str, Any], **ui: Any) -> tuple[str | None, str]:
        """The field and the line that refuse a post, by itself or when its words are checked."""
        with pytest.raises(self.RefusedField) as caught:
            self.check(*self.words(posted, **ui), **ui)
        assert "\n" not in str(caught.value)
        return caught.value.key, str(caught.value)


@pytest.fixture(scope="session")
def forms_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Forms]:
    """``forms_of(task)``, or with a configuration of one's own: its source, and its preset."""
    made: dict[tuple[str, str], Forms] = {}

    def forms(task: str, source: str = "", preset: str = "") -> Forms:
        if (task, source) not in made:
            project = assemble(tmp_path_factory.mktemp("forms") / task, task)
            package = Package(project)
            config_type = package.module("config").Config
            if source:
                (project / "configs/experiment.yaml").write_text(preset)
                (project / "experiment/strange.py").write_text(source)
                config_type = package.module("strange").Config
            made[task, source] = Forms(package, project, config_type)
        return made[task, source]

    return forms
