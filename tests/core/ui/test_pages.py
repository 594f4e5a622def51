"""The pages themselves, asked in memory: every route, every refusal, everything shown escaped."""

import html
import json
import os
import re
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from assemble import Package, assemble
from filelock import FileLock
from harness.guarded_page import URL
from harness.small_sweep import MAIN
from harness.ui_pages import Pages

SCRIPT = "<script>alert(1)</script>"


def made(folder: Path) -> tuple[Package, Path]:
    """A project with the page, and its code."""
    project = assemble(folder / "project")
    (project / "main.py").write_text(MAIN)
    (project / "sweeps").mkdir()
    (project / ".gitignore").write_text("/.ui-*\n")
    return Package(project), project


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Package, Path]:
    return made(tmp_path_factory.mktemp("shared"))


@pytest.fixture
def pages(shared: tuple[Package, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pages:
    """Of a project that no test changes; the runs are the test's own."""
    monkeypatch.chdir(shared[1])
    return Pages(*shared, tmp_path / "runs")


@pytest.fixture
def own_pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pages:
    """Of a project of the test's own."""
    package, project = made(tmp_path)
    monkeypatch.chdir(project)
    return Pages(package, project, project / "runs")


def problem(answer: Any) -> str:
    """What a page says is wrong."""
    found = re.findall(r'role="alert">(.*?)</p>', answer.text, re.S)
    return html.unescape(found[0]) if found else ""


# --- who may -------------------------------------------------------------------------------------


def test_no_route_of_the_page_answers_without_a_session(pages: Pages) -> None:
    pages.add_run("a")
    for route in pages.routes:
        path = re.sub(r"{[^}]+}", "a", route.path)
        for method in route.methods:
            answer = pages.stranger.request(method, path, headers={"Origin": URL})
            assert answer.status_code == 401, (method, path)
            assert "config" not in answer.text


def test_no_change_without_csrf_or_from_elsewhere(pages: Pages) -> None:
    changing = [route.path for route in pages.routes if "POST" in route.methods]
    assert len(changing) >= 5
    for path in changing:
        without = pages.client.post(path, data={"do": "start"})
        wrong = pages.client.post(path, data={"csrf": "x" * 43, "do": "start"})
        fields = {"csrf": pages.csrf, "do": "start"}
        foreign = pages.client.post(path, data=fields, headers={"Origin": "http://evil.example"})
        hosted = pages.client.post(path, data=fields, headers={"Host": "evil.example"})
        codes = [answer.status_code for answer in (without, wrong, foreign, hosted)]
        assert codes == [403, 403, 403, 400], path
    assert pages.site.queue.jobs() == []


def test_a_large_form_is_refused_wherever_it_goes(pages: Pages) -> None:
    for route in pages.routes:
        if "POST" in route.methods and route.path != "/upload":
            answer = pages.post(route.path, text="x" * 1_100_000)
            assert answer.status_code == 413, route.path


# --- paths ---------------------------------------------------------------------------------------

CLIMBING = ["../main.py", "..%2fmain.py", "%2e%2e/main.py", "a/../../main.py", "a/%2e%2e/%2e%2e/x"]
CLIMBING += ["/etc/passwd", "%2fetc%2fpasswd", "a/.lock", ".queue/1/job.json", "a%00", "a\\..\\x"]


@pytest.mark.parametrize("path", CLIMBING)
@pytest.mark.parametrize("before", ["/file/", "/run/", "/live/run/", "/live/act/", "/go/"])
def test_no_path_leads_out_of_the_runs(pages: Pages, before: str, path: str) -> None:
    (pages.add_run("a") / ".lock").touch()

    answer = pages.client.get(f"{before}{path}", follow_redirects=False)

    assert answer.status_code in {404, 303}
    assert "import sys" not in answer.text
    assert "root:" not in answer.text


@pytest.mark.parametrize("name", ["../a", "/etc", "a/../../x", "..", "<script>", "a b", "--name=x"])
def test_no_name_of_a_run_is_a_path(pages: Pages, name: str) -> None:
    pages.add_run("a")
    for do in ("stop", "kill", "go-on", "save", "sample", "export", "remove"):
        assert pages.post("/act", run=name, do=do).status_code == 404
    assert pages.get("/train", **{"from": name}).status_code == 404
    assert pages.get("/compare", run=[name, "a"]).status_code == 404


# --- the form ------------------------------------------------------------------------------------


def test_the_form_as_it_is_shown_has_nothing_wrong_with_it(pages: Pages) -> None:
    answer = pages.post("/train", **pages.form(), do="check")

    assert answer.status_code == 200, problem(answer)
    assert "Nothing is wrong with it." in answer.text
    assert f"uv run python main.py fit --output {pages.output}</pre>" in answer.text


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"optimizer.learning_rate": "fast"}, "optimizer.learning_rate is 'fast'; it must be"),
        ({"optimizer.learning_rate": "-1"}, "optimizer.learning_rate is '-1'; it must be"),
        ({"trainer.max_epochs": "1.5"}, "trainer.max_epochs is '1.5'; it must be a whole number"),
        ({"model.dept": "3"}, "model.dept is not a setting that this form has"),
        ({"optimizer.name": "os.system"}, "optimizer.name is 'os.system'; it must be one of"),
        ({"callbacks.extra": "{os.system: {}}"}, "callbacks.extra is read-only"),
        ({"alert.command": "rm -rf /"}, "alert.command is read-only"),
        ({"data.root": "/etc"}, "lies outside of data (ui.data_roots)"),
        ({"data.root": "data/../../x"}, "lies outside of data (ui.data_roots)"),
        ({"name": "../x"}, "../x: use letters, digits and . _ -"),
        ({"name": "taken"}, "there is a run taken already; choose another name"),
        ({"name": "$(reboot)"}, "$(reboot): use letters, digits and . _ -"),
        ({"device": "7; reboot", "do": "start"}, "there is no device 7; reboot"),
        ({"preset": "../main"}, "configs/ has no ../main.yaml"),
    ],
)
def test_what_cannot_be_is_refused_beside_its_field(
    pages: Pages, changes: dict[str, str], sentence: str
) -> None:
    pages.add_run("taken")

    answer = pages.post("/train", **{**pages.form(), "do": "check", **changes})

    assert answer.status_code == 400
    assert sentence in html.unescape(answer.text)
    assert pages.site.queue.jobs() == []
    assert pages.site.errands.all() == []


@pytest.mark.parametrize(
    "text", ["$(touch x)", "`touch x`", "; touch x", "' touch x '", "a\nb", SCRIPT]
)
def test_what_means_something_to_a_shell_or_a_browser_is_text(pages: Pages, text: str) -> None:
    answer = pages.post("/train", **{**pages.form(), "logger.entity": text, "do": "check"})

    assert answer.status_code == 200, problem(answer)
    assert SCRIPT not in answer.text
    assert not (pages.project / "x").exists()


def test_a_preset_is_a_file_of_configs(own_pages: Pages) -> None:
    pages = own_pages
    text = (pages.project / "configs/experiment.yaml").read_text()
    (pages.project / "configs/wide.yaml").write_text(
        f"{text}\nseed: 7\n" if "seed:" not in text else text
    )

    page = pages.get("/train", preset="wide").text

    assert "<option selected>wide</option>" in page.replace(' value="wide"', "")
    checked = pages.post("/train", **pages.form("wide"), do="check")
    assert "main.py fit --config configs/wide.yaml" in checked.text


def test_what_another_page_sets_is_marked(pages: Pages) -> None:
    page = pages.get("/train", set="optimizer.learning_rate=0.5").text

    assert "optimizer.learning_rate=0.5 --output" in page
    assert page.count('class="field changed"') == 1


def test_a_copy_starts_from_the_preset_that_its_run_had(own_pages: Pages) -> None:
    """Another one may set code, which the page does not: copying was refused for that."""
    pages = own_pages
    content = yaml.safe_load((pages.project / "configs/experiment.yaml").read_text()) or {}
    content["callbacks"] = {**content.get("callbacks", {}), "extra": {"os.getcwd": {}}}
    (pages.project / "configs/coded.yaml").write_text(yaml.safe_dump(content))
    content["optimizer"] = {**content.get("optimizer", {}), "learning_rate": 0.5}
    (pages.add_run("a") / "config.yaml").write_text(yaml.safe_dump(content))

    page = pages.get("/train", **{"from": "a"})

    assert page.status_code == 200
    assert "fit --config configs/coded.yaml optimizer.learning_rate=0.5</pre>" in page.text
    (pages.project / "configs/coded.yaml").unlink()
    refused = pages.get("/train", **{"from": "a"})
    assert refused.status_code == 400
    assert "callbacks.extra is read-only" in refused.text


def test_the_data_that_is_chosen_is_what_is_trained_on(own_pages: Pages) -> None:
    """With the demo as its source, a training ignores the folder."""
    pages = own_pages
    (pages.project / "data/my hands").mkdir(parents=True)

    link = html.unescape(re.findall(r'href="(/train\?[^"]+)"', pages.get("/data").text)[0])
    form = html.unescape(pages.client.get(link).text)

    assert "fit data.source=folder 'data.root=data/my hands'</pre>" in form


def test_config_py_is_read_again_once_it_was_edited(own_pages: Pages) -> None:
    pages = own_pages
    file = pages.project / "experiment/config.py"
    text = file.read_text()
    pages.get("/train")

    file.write_text(text + "\nraise RuntimeError('half edited')\n")
    os.utime(file, (1, 1))
    broken = pages.get("/train")
    file.write_text(text)
    os.utime(file, (2, 2))

    assert broken.status_code == 400
    assert "RuntimeError: half edited" in broken.text
    assert pages.get("/train").status_code == 200


def test_a_refused_field_is_led_to_from_the_top(pages: Pages) -> None:
    changes = {"optimizer.learning_rate": "fast", "do": "check"}

    page = pages.post("/train", **{**pages.form(), **changes}).text

    assert '<a href="#f-optimizer.learning_rate">' in page
    assert page.count("autofocus") == 1
    assert re.search('name="optimizer.learning_rate" value="fast"[^>]* autofocus', page)


def test_what_was_set_is_not_typed_again_after_a_check(
    pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(pages.site.errands, "start", lambda one: asked.append(one) or one)
    changes = {"optimizer.learning_rate": "0.5", "name": "mine", "do": "start", "device": "cpu"}

    answer = pages.post("/train", **{**pages.form(), **changes})
    again = pages.client.get(asked[0].back).text

    assert answer.headers["location"] == f"/errand/{asked[0].id}"
    assert "--name=mine optimizer.learning_rate=0.5 --output" in again
    assert 'name="name" value="mine"' in again


def test_checks_are_not_begun_without_end(pages: Pages) -> None:
    running = pages.package.module("core.ui.errands").Errand("Checking", [], "/queue")
    pages.site.errands._errands.update({str(number): running for number in range(8)})

    answer = pages.post("/train", **{**pages.form(), "do": "start", "device": "cpu"})

    assert answer.status_code == 400
    assert "8 checks and exports are under way: wait for their end" in answer.text


# --- what is shown -------------------------------------------------------------------------------


def test_what_runs_say_is_escaped(pages: Pages) -> None:
    summary = {
        "reason": SCRIPT,
        "metrics": {f"val/{SCRIPT}": 1.0},
        "device": {"kind": SCRIPT, "count": 1},
    }
    folder = pages.add_run("a", "failed", **summary)
    pages.add_run("b")
    (folder / "train.log").write_text(f"an epoch {SCRIPT}\n")
    rows = [{"step": step, f"val/{SCRIPT}": 1.0} for step in range(3)]
    (folder / "metrics.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    (folder / "config.yaml").write_text(f"model:\n  name: '{SCRIPT}'\n")
    (folder / "samples").mkdir()
    (folder / "samples" / f"{SCRIPT.replace('/', '')}.png").write_bytes(b"")

    for path in ("/runs", "/run/a", "/live/run/a", "/compare?run=a&run=b", f"/runs?where={SCRIPT}"):
        answer = pages.client.get(path)
        assert answer.status_code == 200, path
        assert "<script>alert" not in answer.text, path
        assert "alert(1)" in answer.text, path


def test_a_folder_that_is_no_name_of_a_run_is_shown_and_leads_nowhere(pages: Pages) -> None:
    pages.add_run("<img src=x onerror=alert(1)>")

    page = pages.get("/runs").text

    assert "<img" not in page
    assert pages.get("/run/<img src=x onerror=alert(1)>").status_code == 404


def test_pages_of_others_are_served_in_a_sandbox(pages: Pages) -> None:
    folder = pages.add_run("a")
    (folder / "inspect-data").mkdir()
    (folder / "inspect-data/index.html").write_text(f"<p>{SCRIPT}")

    policy = pages.get("/file/a/inspect-data/index.html").headers["content-security-policy"]

    assert policy.startswith("sandbox allow-scripts")
    assert "allow-same-origin" not in policy
    assert pages.get("/run/a").headers["content-security-policy"].startswith("sandbox ")
    assert "script-src" not in pages.get("/runs").headers["content-security-policy"]


def test_only_the_configured_wandb_is_led_to(pages: Pages) -> None:
    wandb = {"id": "x", "mode": "online", "url": "https://wandb.ai/me/p/runs/x"}
    pages.add_run("good", "running", wandb=wandb)
    pages.add_run("evil", "running", wandb={**wandb, "url": "https://evil.example/x"})

    assert pages.client.get("/go/good", follow_redirects=False).headers["location"] == wandb["url"]
    evil = pages.client.get("/go/evil", follow_redirects=False)
    assert "evil.example" not in evil.headers.get("location", "")
    assert "evil.example" not in pages.get("/run/evil").text


# --- runs ----------------------------------------------------------------------------------------


def test_a_run_of_a_terminal_is_watched_and_asked(pages: Pages) -> None:
    start = {"step": 0, "seconds": 0.0, "last_step": 100}
    folder = pages.add_run("a", "running", start=start)
    (folder / ".heartbeat").write_text("25 10.0\n")
    with FileLock(folder / ".lock"):
        page = pages.get("/run/a").text
        for do, file in (("save", ".save-now"), ("sample", ".sample-now")):
            assert pages.post("/act", run="a", do=do).status_code == 303
            assert (folder / file).exists()

    assert '<progress value="25" max="100"' in page
    assert "about 30 s" in page
    assert 'value="stop"' in page
    assert 'value="stop"' not in pages.get("/live/act/a").text  # the buttons are live, too
    after = pages.get("/run/a").text
    assert "stopped" in after
    assert "its process was killed" in after
    refused = pages.post("/act", run="a", do="save")
    assert "cannot+be+done" in refused.headers["location"]


def test_two_hundred_runs_are_listed(pages: Pages) -> None:
    for number in range(200):
        pages.add_run(f"run-{number:03d}")

    page = pages.get("/runs", sort="name", where="depth=2").text

    assert page.count("<tr>") == 201
    assert "has such a column" in html.unescape(pages.get("/runs", where="deph=2").text)


# --- the queue -----------------------------------------------------------------------------------


def test_the_order_of_what_waits_is_changed(pages: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    module = __import__(
        pages.site.__class__.__module__.replace("site", "queue_page"), fromlist=["x"]
    )
    monkeypatch.setattr(module, "ensure_dispatcher", lambda output: 0)  # nothing shall start
    ids = [pages.site.queue.add(["fit"], name, "cpu").id for name in ("a", "b", "c")]

    def order() -> list[str]:
        return [job.run for job in pages.site.queue.jobs()]

    pages.post("/queue", id=ids[2], do="up")
    assert order() == ["a", "c", "b"]
    pages.post("/queue", id=ids[1], do="first")
    assert order() == ["b", "a", "c"]
    pages.post("/queue", id=ids[1], do="down")
    assert order() == ["a", "b", "c"]
    pages.post("/queue", id=ids[0], do="remove")
    assert order() == ["b", "c"]
    assert "place" in pages.get("/run/b").text
    for id in ("99", "../1", "1;x", ""):
        refused = pages.post("/queue", id=id, do="remove")
        assert "there+is+no+job" in refused.headers["location"]


def test_a_sweep_that_is_none_is_refused(pages: Pages) -> None:
    fields = {"file": "sweep.yaml", "device": "cpu", "workers": "1"}
    for changes in ({"file": "../main.py"}, {"workers": "0"}, {"workers": "1; x"}, {"device": "x"}):
        answer = pages.post("/sweeps", **{**fields, **changes})
        assert answer.headers["location"].startswith("/sweeps?said=")
    assert pages.site.queue.jobs() == []


# --- what a stranger writes into an address ---------------------------------------------------


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("--config=/etc/passwd", "--config is not a setting"),
        ("--set-json={}", "--set-json is not a setting"),
        ("-h=", "-h is not a setting"),
        ("--model.width=1", "--model.width is not a setting; did you mean model.width?"),
        ("=1", " is not a setting"),
        ("data.root=${oc.env:HOME}", "data.root has ${...}, a reference to something else"),
        ("optimizer.groups={a: ${oc.env:HOME}}", "optimizer.groups has ${...}, a reference"),
    ],
)
def test_an_address_sets_settings_and_shows_nothing_of_the_machine(
    word: str, reason: str, pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/a/secret")

    answer = pages.get("/train", set=word)

    assert answer.status_code == 400
    assert reason in html.unescape(answer.text)
    assert "/a/secret" not in answer.text
    assert "root:" not in answer.text


@pytest.mark.parametrize("workers", ["9" * 5000, "0", "65", "\u0663", "1 --config=x"])
def test_a_number_of_workers_that_is_none_is_refused(workers: str, pages: Pages) -> None:
    answer = pages.post("/sweeps", file="sweep.yaml", device="cpu", workers=workers)

    assert answer.status_code == 303
    assert "must+be+a+number+from+1+to+64" in answer.headers["location"]


@pytest.mark.parametrize("path", ["/run/", "/live/run/", "/live/act/", "/go/", "/train?from="])
def test_a_name_that_no_file_system_takes_is_no_run_s(path: str, pages: Pages) -> None:
    assert pages.client.get(f"{path}{'a' * 300}").status_code == 404
    assert pages.post("/act", run="a" * 300, do="stop").status_code == 404


# --- what a run leaves that no run of ours would ------------------------------------------------


@pytest.mark.parametrize(
    "files",
    [
        {"summary.json": "[1]"},
        {"summary.json": '{"status": "running", "start": {}, "process": null, "wandb": null}'},
        {"metrics.jsonl": '5\n{"step": 1, "a/b": NaN}\n{"step": "x", "a/b": 1}\n{"step": 2}\n'},
        {"metrics.jsonl": '{"step": 1, "<script>/b": 1}\n{"step": 2, "<script>/b": "text"}\n'},
    ],
)
def test_a_run_with_strange_files_has_its_page_and_hides_no_other(
    files: dict[str, str], pages: Pages
) -> None:
    pages.add_run("good")
    odd = pages.add_run("odd")
    for name, text in files.items():
        (odd / name).write_text(text)

    answers = [pages.get(path) for path in ("/runs", "/live/runs", "/run/odd", "/live/run/odd")]

    assert [answer.status_code for answer in answers] == [200] * 4
    assert all("<script>/b" not in answer.text for answer in answers)
    assert "good" in answers[0].text


def test_a_fault_of_the_page_is_a_page_and_hands_on_no_traceback(
    pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise ZeroDivisionError("by nought")

    monkeypatch.setattr(pages.site.queue, "jobs", fail)
    with pytest.raises(ZeroDivisionError):
        pages.get("/queue")
    monkeypatch.setattr(pages.client._transport, "raise_server_exceptions", False)

    answer = pages.get("/queue")

    assert answer.status_code == 500
    assert "ZeroDivisionError: by nought" in answer.text
    assert "Traceback" not in answer.text
    assert "frame-ancestors" in answer.headers["content-security-policy"]


def test_many_runs_are_read_once_for_all_who_ask(
    pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    room, read = pages.site.__module__, []

    def slow(output: Path) -> list[Any]:
        read.append(time.monotonic())
        time.sleep(0.3)
        return []

    monkeypatch.setattr(sys.modules[room], "read_runs", slow)
    for _ in range(5):
        pages.get("/live/runs")

    assert len(read) == 1


def test_a_sweep_is_queued_in_the_folder_that_the_page_shows(
    own_pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    (own_pages.project / "sweeps/lr.yaml").touch()
    other = own_pages.project / "elsewhere"
    own_pages.site.output, typed = other, []

    async def type_(words: list[str]) -> str:
        typed.append(words)
        return '{"run": "lr-001"}'

    room = sys.modules[f"{type(own_pages.site).__module__.rpartition('.')[0]}.sweeps_page"]
    monkeypatch.setattr(room, "carry_out", type_)
    monkeypatch.setattr(room, "ensure_dispatcher", lambda output: 1)
    own_pages.post("/sweeps", file="lr.yaml", device="cpu", workers="2")

    assert typed[0][-2:] == ["--output", str(other)]
