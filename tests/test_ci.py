"""The question ``ci``: its files, and the job that brings updates, with real git and real Copier.

Stand-ins: a server for GitHub's and GitLab's API (fake_forge.py), ``uvx`` for uv's, which runs the
Copier of these tests, and where smoke has to fail, a Python that fails it.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from fake_forge import FakeForge, fake_forge
from harness.matrix import spanned
from projects import ROOT, Folder, Project, Template, copier_python, moved, run

CORE = "experiment/core/data/seeding.py"
BRANCH = "template-update"
SCRIPTS = [".ci/check.sh", ".ci/forge.py", ".ci/update.py"]
WORKFLOWS = [".github/workflows/checks.yml", ".github/workflows/template-update.yml"]
ADDED = {"github": [*SCRIPTS, *WORKFLOWS], "gitlab": [*SCRIPTS, ".gitlab-ci.yml"]}
SECRET = "a-token-that-nobody-may-see"


@dataclass
class Service:
    """A repository at GitHub or GitLab, as a job of CI meets it."""

    name: str
    forge: FakeForge
    home: Folder  # the researcher's clone
    remote: Folder  # bare
    folder: Path

    def variables(self) -> dict[str, str]:
        """What the service sets for a job, and the workflow file beside it."""
        path = f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
        here = {"PATH": path, "GITHUB_ACTIONS": "", "GITLAB_CI": "", "TEMPLATE_UPDATE_TOKEN": ""}
        if self.name == "github":
            return here | {
                "GITHUB_ACTIONS": "true", "GITHUB_REF_NAME": "main", "GITHUB_TOKEN": SECRET,
                "GITHUB_REPOSITORY": "ada/wide", "GITHUB_SERVER_URL": f"file://{self.folder}",
                "GITHUB_API_URL": self.forge.address,
            }  # fmt: skip
        return here | {
            "GITLAB_CI": "true", "CI_COMMIT_BRANCH": "main", "CI_PROJECT_ID": "7",
            "CI_PROJECT_URL": f"file://{self.folder}/ada/wide", "CI_API_V4_URL": self.forge.address,
            "TEMPLATE_UPDATE_TOKEN": SECRET,
        }  # fmt: skip

    def job(self, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run the job in a clone as CI makes it: shallow, its head detached, nobody's name."""
        clone = self.folder / "job"
        shutil.rmtree(clone, ignore_errors=True)
        words = ["git", "clone", "--quiet", "--depth=1", f"file://{self.remote.path}", str(clone)]
        assert run(words, self.folder).returncode == 0
        assert run(["git", "checkout", "--quiet", "--detach"], clone).returncode == 0
        done = run([sys.executable, ".ci/update.py"], clone, self.variables() | variables)
        assert SECRET not in done.stdout + done.stderr
        return done

    def publish(self) -> None:
        """Commit and push what the researcher has done."""
        self.home.commit()
        self.home.git("push", "--quiet", "origin", "HEAD:main")

    @property
    def branch(self) -> str:
        """The commit of the job's branch; empty when there is none."""
        return self.remote.git("for-each-ref", "--format=%(objectname)", f"refs/heads/{BRANCH}")


@pytest.fixture(scope="module")
def made(published_small: Template, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Project]:
    """A project of each answer, for everybody to read."""
    made = {}
    for answer in ("none", *ADDED):
        made[answer] = published_small.generate(tmp_path_factory.mktemp(answer) / "x", ci=answer)
        made[answer].pack()
    return made


@pytest.fixture
def open_service(
    made: dict[str, Project], published_small: Template, template: Template, tmp_path: Path
) -> Iterator[Callable[..., Service]]:
    """A project that its service knows, made from v0.0.1."""
    with fake_forge() as forge:

        def make(name: str) -> Service:
            home = moved(made[name], published_small, template, tmp_path / "home")
            remote = Folder(tmp_path / "ada/wide.git")
            remote.path.mkdir(parents=True)
            remote.git("init", "--quiet", "--bare", "--initial-branch=main")
            home.git("remote", "add", "origin", str(remote.path))
            uvx = tmp_path / "bin/uvx"
            uvx.parent.mkdir()
            uvx.write_text(f'#!/bin/sh\n[ "$1 $3" = "--from copier" ] || exit 9\nshift 3\n'
                           f'! env | grep -q {SECRET} || exit 8\n'
                           f'exec {copier_python()} -m copier "$@"\n')  # fmt: skip
            uvx.chmod(0o755)
            service = Service(name, forge, home, remote, tmp_path)
            service.publish()
            return service

        yield make


@pytest.fixture(params=["github", "gitlab"])
def service(open_service: Callable[..., Service], request: pytest.FixtureRequest) -> Service:
    return open_service(request.param)


@pytest.fixture
def github(open_service: Callable[..., Service]) -> Service:
    return open_service("github")


def improve(template: Template, tag: str = "v0.0.2") -> None:
    """Publish a release that anybody can take."""
    template.release(tag, lambda it: it.append(f"template/{CORE}", f"# improved in {tag}"))


# ----------------------------------------------------------------------------------- the job
def test_a_newer_release_becomes_a_request(template: Template, service: Service) -> None:
    service.home.append("experiment/model.py", "# mine")
    service.publish()
    improve(template)

    done = service.job()

    assert done.returncode == 0, done.stdout + done.stderr
    (request,) = service.forge.pulls
    assert request["title"] == "Update to copier-lightning v0.0.2"
    assert (request["head"], request["base"]) == (BRANCH, "main")
    assert "git add . && git commit" in request["body"]  # the hook's own words
    assert "environment" in request["body"]
    assert service.remote.git("rev-list", "--count", f"main..{BRANCH}") == "1"
    changed = service.remote.git("diff", "--name-only", "main", BRANCH).splitlines()
    assert changed == [".copier-answers.yml", CORE]
    assert service.forge.issues == []
    kind = "pulls" if service.name == "github" else "merge_requests"
    checks = ["POST actions/workflows/checks.yml/dispatches"] if service.name == "github" else []
    assert service.forge.asked == [f"POST {kind}", *checks]
    assert service.forge.tokens == {SECRET if service.name == "gitlab" else f"Bearer {SECRET}"}


def test_without_a_newer_release_nothing_is_written(github: Service) -> None:
    done = github.job()

    assert (done.returncode, done.stdout) == (0, "The template has no newer release.\n")
    assert github.forge.asked == []
    assert github.branch == ""


def test_next_week_the_same_update_is_the_same_commit(template: Template, github: Service) -> None:
    improve(template)
    assert github.job().returncode == 0
    first = github.branch

    assert github.job().returncode == 0

    assert github.branch == first
    assert len(github.forge.pulls) == 1
    github.home.append("experiment/model.py", "# mine")
    github.publish()
    improve(template, "v0.0.3")
    done = github.job()
    assert done.returncode == 0, done.stderr
    (request,) = github.forge.pulls
    assert request["title"].endswith("v0.0.3")
    assert github.remote.git("rev-parse", f"{BRANCH}^") == github.remote.git("rev-parse", "main")


def test_a_closed_request_is_an_answer(template: Template, github: Service) -> None:
    improve(template)
    github.job()
    github.forge.pulls[0]["state"] = "closed"
    before = github.branch

    done = github.job()

    assert done.returncode == 0
    assert "was closed; the next release is offered again" in done.stdout
    assert (github.branch, len(github.forge.pulls)) == (before, 1)
    improve(template, "v0.0.3")
    assert github.job().returncode == 0
    assert len(github.forge.pulls) == 2


def test_a_persons_commit_on_the_branch_is_never_lost(template: Template, github: Service) -> None:
    improve(template)
    github.job()
    github.home.git("fetch", "--quiet", "origin", BRANCH)
    github.home.git("switch", "--quiet", "-c", BRANCH, "FETCH_HEAD")
    github.home.append("experiment/model.py", "# mine")
    github.home.commit()
    github.home.git("push", "--quiet", "origin", BRANCH)
    mine = github.branch
    improve(template, "v0.0.3")

    done = github.job()

    assert done.returncode == 0
    assert f"waits until {BRANCH}, with a commit of ada@localhost, is merged" in done.stdout
    assert github.branch == mine


def conflict(service: Service, template: Template) -> None:
    """Change the same line on both sides."""
    service.home.replace("pyproject.toml", ">=3.11", ">=3.12")
    pyproject = "template/pyproject.toml.jinja"
    template.release("v0.0.2", lambda it: it.replace(pyproject, ">=3.11", ">=3.13"))


def drop_an_edited_file(service: Service, template: Template) -> None:
    """Retire a file that somebody has edited although it is the template's."""
    service.home.append(CORE, "# mine")
    template.release("v0.0.2", lambda it: (it / f"template/{CORE}").unlink())


@pytest.mark.parametrize(
    ("service", "edit"),
    spanned(
        [(name, edit) for name in ("github", "gitlab") for edit in (conflict, drop_an_edited_file)],
        [("github", drop_an_edited_file), ("gitlab", conflict)],
    ),
    indirect=["service"],
)
def test_what_needs_a_person_is_an_issue_and_never_pushed(
    template: Template, service: Service, edit: Callable[..., None]
) -> None:
    edit(service, template)
    service.publish()

    done = service.job()

    assert done.returncode == 1
    assert "v0.0.2 was not pushed: " in done.stderr
    assert "Traceback" not in done.stderr
    (issue,) = service.forge.issues
    assert issue["title"] == "Update to copier-lightning v0.0.2: by hand"
    assert "The update needs you" in issue["body"]
    assert ("pyproject.toml" if edit is conflict else CORE) in issue["body"]
    assert "copier update --trust --defaults" in issue["body"]
    assert (service.branch, service.forge.pulls) == ("", [])
    assert service.job().returncode == 1
    assert len(service.forge.issues) == 1


def test_the_issue_is_closed_once_the_update_works(template: Template, service: Service) -> None:
    conflict(service, template)
    service.publish()
    service.job()
    service.home.replace("pyproject.toml", ">=3.12", ">=3.11")
    service.publish()

    assert service.job().returncode == 0

    assert service.forge.issues[0]["state"] == "closed"
    assert len(service.forge.pulls) == 1


def test_a_conflict_is_seen_even_if_the_hook_says_nothing(
    template: Template, github: Service
) -> None:
    (template / "hooks/after_update.py").write_text("print('all is well')\n")
    github.home.replace("pyproject.toml", ">=3.11", ">=3.12")
    github.publish()
    pyproject = "template/pyproject.toml.jinja"
    template.release("v0.0.2", lambda it: it.replace(pyproject, ">=3.11", ">=3.13"))

    done = github.job()

    assert done.returncode == 1
    assert "changed the same lines of pyproject.toml" in done.stderr
    assert github.branch == ""


def test_a_smoke_check_that_fails_is_an_issue(
    template: Template, github: Service, tmp_path: Path
) -> None:
    python = tmp_path / "failing-python"
    python.write_text('#!/bin/sh\n[ "$1" = -c ] && exit 0\necho "loss is NaN"\nexit 1\n')
    python.chmod(0o755)
    improve(template)

    done = github.job(SMOKE_PYTHON=str(python))

    assert done.returncode == 1
    assert "the smoke check on its result failed" in done.stderr
    assert "loss is NaN" in github.forge.issues[0]["body"]
    assert github.branch == ""


def test_a_template_out_of_reach_is_said_and_no_issue(template: Template, github: Service) -> None:
    shutil.rmtree(template.path)

    done = github.job()

    assert done.returncode == 1
    assert done.stderr.startswith("The template could not be asked: ")
    assert "_src_path in .copier-answers.yml" in done.stderr
    assert "Traceback" not in done.stderr
    assert github.forge.asked == []


@pytest.mark.parametrize("token", ["", "of-a-person"])
def test_a_workflows_own_token_does_not_push_workflows(
    template: Template, github: Service, token: str
) -> None:
    """GitHub refuses it; and left out, the file would be taken for the researcher's edit."""
    file = f"template/{WORKFLOWS[0]}"
    template.release("v0.0.2", lambda it: it.append(file, "# improved"))

    done = github.job(TEMPLATE_UPDATE_TOKEN=token)

    assert (done.returncode == 0) == bool(token), done.stderr
    assert bool(github.branch) == bool(token)
    if not token:
        assert "it changes .github/workflows/, which" in github.forge.issues[0]["body"]
    else:
        assert github.forge.asked == ["POST pulls"]  # this token's push starts the checks itself


def test_a_release_without_the_workflows_own_files_brings_the_rest(
    template: Template, github: Service
) -> None:
    template.release("v0.0.2", lambda it: it.append("template/.ci/update.py", "# improved"))

    assert github.job().returncode == 0

    assert github.remote.git("show", f"{BRANCH}:.ci/update.py").endswith("# improved")


# ---------------------------------------------------------------------- what a service may refuse
def test_a_request_that_is_not_permitted_names_the_setting(
    template: Template, github: Service
) -> None:
    github.forge.refused = {"POST pulls": 403}
    improve(template)

    done = github.job()

    assert done.returncode == 1
    assert "was answered with 403" in done.stderr
    assert "Allow GitHub Actions to create and approve pull requests" in done.stderr
    github.forge.refused = {}
    assert github.job().returncode == 0  # the branch is there already
    assert len(github.forge.pulls) == 1


def test_without_issues_the_log_has_the_text(template: Template, github: Service) -> None:
    github.forge.refused = {"POST issues": 410}
    conflict(github, template)
    github.publish()

    done = github.job()

    assert done.returncode == 1
    assert "No issue could be written" in done.stdout
    assert "copier update --trust --defaults" in done.stdout
    assert "was not pushed" in done.stderr


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"TEMPLATE_UPDATE_TOKEN": ""}, "The variable TEMPLATE_UPDATE_TOKEN is not set"),
        ({"GITLAB_CI": ""}, "This is for CI of GitHub or GitLab"),
        ({"CI_COMMIT_BRANCH": BRANCH}, f"{BRANCH} is what is made here"),
        ({"CI_API_V4_URL": "http://127.0.0.1:9"}, "had no answer"),
        ({"CI_PROJECT_URL": "file:///nowhere"}, "git ls-remote failed"),
        ({"PATH": "/nowhere"}, "uvx could not be started"),
    ],
)
def test_what_is_missing_is_said_in_a_sentence(
    template: Template, open_service: Callable[..., Service], variables: dict[str, str], said: str
) -> None:
    service = open_service("gitlab")
    improve(template)

    done = service.job(**variables)

    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert service.branch == ""


# ---------------------------------------------------------------------------------- the files
@pytest.mark.parametrize("answer", ["none", "github", "gitlab"])
def test_ci_adds_its_files_and_nothing_else(
    made: dict[str, Project], small_project: Project, answer: str
) -> None:
    project = made[answer]

    added = ADDED.get(answer, [])
    assert sorted(project.files()) == sorted([*small_project.files(), *added])
    for name in added:
        text = (project / name).read_text(encoding="utf-8")
        assert "Template's file: updates replace it." in text[:300], name
        assert text == (ROOT / "template" / name).read_text(encoding="utf-8")
        assert os.access(project / name, os.X_OK) == name.endswith(".sh")


def test_ci_comes_and_goes_with_its_answer(template: Template, project: Project) -> None:
    own = {".github/workflows/mine.yml": "on: push", ".ci/own.yml": "mine: {script: [true]}"}
    (project / ".github/workflows").mkdir(parents=True)
    project.append(".github/workflows/mine.yml", own[".github/workflows/mine.yml"])
    project.commit()

    project.update(ci="github")
    assert (project / WORKFLOWS[1]).exists()
    project.commit()
    project.append(".ci/own.yml", own[".ci/own.yml"])
    project.commit()
    project.update(ci="gitlab")
    assert (project / ".gitlab-ci.yml").exists()
    assert not (project / WORKFLOWS[1]).exists()
    project.commit()
    project.update(ci="none")

    assert not (project / ".gitlab-ci.yml").exists()
    assert not any((project / name).exists() for name in SCRIPTS)
    assert {name: (project / name).read_text().strip() for name in own} == own


def test_a_project_older_than_the_question_gets_no_files(
    template: Template, project: Project
) -> None:
    text = (project / ".copier-answers.yml").read_text()
    (project / ".copier-answers.yml").write_text(text.replace("ci: none\n", ""))
    project.commit()
    improve(template)

    project.update()

    assert "ci: none\n" in (project / ".copier-answers.yml").read_text()
    assert not (project / ".ci").exists()


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_is_one(name: str) -> None:
    text = (ROOT / "template" / name).read_text(encoding="utf-8")
    workflow = yaml.load(text, yaml.BaseLoader)  # in which `on` is a word

    assert workflow["name"] == Path(name).stem
    assert set(workflow["on"]) <= {"push", "pull_request", "workflow_dispatch", "schedule"}
    assert re.findall(r"\{\{|\}\}", text) == ["{{", "}}"] * text.count("${{")
    assert "${{" in text
    (job,) = workflow["jobs"].values()
    programs = [step["run"].split()[-1] for step in job["steps"] if "run" in step]
    for program in programs[1:]:
        assert program in SCRIPTS
    checkout = job["steps"][0]
    assert re.fullmatch(r"actions/checkout@v\d+", checkout["uses"])
    assert checkout["with"] == {"persist-credentials": "false"}
    assert [step for step in job["steps"] if "uses" in step] == [checkout]


def test_a_workflow_may_do_no_more_than_it_does() -> None:
    checks, update = (yaml.safe_load((ROOT / "template" / name).read_text()) for name in WORKFLOWS)

    assert checks["permissions"] == {"contents": "read"}
    assert update["permissions"] == dict.fromkeys(
        ("actions", "contents", "issues", "pull-requests"), "write"
    )


def test_the_pipeline_of_gitlab_has_two_jobs_and_room_for_yours() -> None:
    pipeline = yaml.safe_load((ROOT / "template/.gitlab-ci.yml").read_text(encoding="utf-8"))

    assert set(pipeline) == {"include", "checks", "template-update"}
    assert pipeline["include"] == [{"local": ".ci/own.yml", "rules": [{"exists": [".ci/own.yml"]}]}]
    assert pipeline["checks"]["script"] == [".ci/check.sh"]
    assert pipeline["template-update"]["script"] == ["python3 .ci/update.py"]
    assert pipeline["template-update"]["rules"] == [{"if": '$CI_PIPELINE_SOURCE == "schedule"'}]


@pytest.mark.parametrize("fails", ["", "format"])
def test_the_checks_stop_at_what_is_wrong(
    made: dict[str, Project], tmp_path: Path, fails: str
) -> None:
    """A stand-in for uv keeps what it is asked for."""
    uv = tmp_path / "bin/uv"
    uv.parent.mkdir()
    uv.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/asked\n[ "$3" != "{fails or "-"}" ]\n')
    uv.chmod(0o755)

    done = run([".ci/check.sh"], made["github"].path, {"PATH": f"{uv.parent}:/usr/bin:/bin"})

    asked = (tmp_path / "asked").read_text().splitlines()
    assert asked[:3] == ["sync", "run ruff check .", "run ruff format --check ."]
    assert asked[3:] == ([] if fails else ["run python main.py smoke", "run pytest"])
    assert bool(done.returncode) == bool(fails)


@pytest.mark.parametrize("answer", ["github", "gitlab"])
def test_the_scripts_pass_the_projects_own_linters(
    made: dict[str, Project], tmp_path: Path, answer: str
) -> None:
    project = Project(Path(shutil.copytree(made[answer].path, tmp_path / "x", symlinks=True)))
    project.replace("pyproject.toml", "[tool.ruff]\n", "[tool.ruff]\nline-length = 60\n")
    project.append("pyproject.toml", '[tool.ruff.lint]\nextend-select = ["ANN", "D"]')

    said = run(["ruff", "check", "--no-cache", "--output-format=concise", "."], project.path)
    reformatted = run(["ruff", "format", "--no-cache", "--check", "."], project.path)

    assert ".ci/" not in said.stdout + reformatted.stdout
    for words in (["check"], ["format", "--check"]):
        template = ["--no-cache", "--config=experiment/core/ruff.toml", *SCRIPTS[1:]]
        done = run(["ruff", *words, *template], project.path)
        assert done.returncode == 0, done.stdout
