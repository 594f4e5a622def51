"""The page of a sweep: one file without anything from elsewhere, in light and in dark.

Template's file: updates replace it.
"""

from html import escape

from ..tables import duration, short_names, shown_value
from .importance import importances
from .plots import history, merits, parallel_coordinates
from .results import Results
from .trials import ENDED, FAILED, Trial

STYLE = """
:root { color-scheme: light dark; --paper: #fbfaf8; --card: #fff; --ink: #1d1f23; --soft: #6b7078;
  --rule: #e4e2dd; --good: #0b6e6e; --bad: #d9b38c; --accent: #c2410c; }
@media (prefers-color-scheme: dark) { :root { --paper: #14161a; --card: #1c1f25; --ink: #e8e6e1;
  --soft: #9aa0aa; --rule: #2d323b; --good: #4fd1c5; --bad: #8a6a4f; --accent: #fb923c; } }
body { margin: 0 auto; max-width: 1040px; padding: 32px 24px 64px; background: var(--paper);
  color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 26px; margin: 0; } h2 { font-size: 16px; margin: 0 0 8px; }
p { color: var(--soft); margin: 4px 0 20px; }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 12px; }
.facts div, section { background: var(--card); border: 1px solid var(--rule); border-radius: 10px; }
.facts div { padding: 10px 16px; color: var(--soft); font-size: 13px; }
.facts b { display: block; color: var(--ink); font-size: 21px; font-weight: 600; }
section { margin-top: 16px; padding: 16px; overflow-x: auto; }
section p { margin: 0; } svg { display: block; width: 100%; }
.axis { stroke: var(--soft); } .rule { stroke: var(--rule); }
.name { fill: var(--ink); font-size: 13px; font-weight: 600; text-anchor: middle; }
.tick { fill: var(--soft); font-size: 12px; paint-order: stroke; stroke: var(--card);
  stroke-width: 4px; }
.line { fill: none; stroke-width: 1.8; opacity: .8;
  stroke: color-mix(in oklab, var(--good) var(--merit), var(--bad)); }
.dot { fill: color-mix(in oklab, var(--good) var(--merit), var(--bad)); stroke: var(--card); }
.best { fill: none; stroke: var(--accent); stroke-width: 2; }
.failed { fill: var(--accent); font-size: 18px; text-anchor: middle; }
.picked.line { stroke: var(--accent); stroke-width: 4; opacity: 1; }
.picked.dot { fill: var(--accent); } tr.picked { background: var(--rule); }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
th { text-align: left; font-weight: 600; color: var(--soft); }
th, td { padding: 5px 12px 5px 0; border-bottom: 1px solid var(--rule); white-space: nowrap; }
td { font-variant-numeric: tabular-nums; } td.why { white-space: normal; color: var(--soft); }
a { color: var(--good); } .bar { height: 10px; border-radius: 5px; background: var(--good); }
.bars { display: grid; grid-template-columns: max-content 1fr 48px; gap: 8px 14px;
  align-items: center; } code { font-size: 13px; overflow-wrap: anywhere; }
"""
# The line, the dot and the row of a trial light up together.
SCRIPT = """
for (const part of document.querySelectorAll("[data-trial]"))
  for (const [event, on] of [["mouseenter", true], ["mouseleave", false]])
    part.addEventListener(event, () => document
      .querySelectorAll(`[data-trial="${part.dataset.trial}"]`)
      .forEach(same => same.classList.toggle("picked", on)));
"""


def page(results: Results) -> str:
    """The HTML of what is known so far."""
    name, method = escape(results.folder.name), results.sweep.method
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width">',
        f"<title>{name}</title><style>{STYLE}</style></head><body>",
        f"<h1>{name}</h1><p>{method} search for the {_extreme(results)} "
        f"{escape(results.metric.name)}; each line, dot and row is a trial</p>",
        _facts(results),
        _section(
            "", parallel_coordinates(results.sweep.parameters, results.metric, results.trials)
        ),
        _section("Importance", _importance(results)),
        _section("History", history(results.metric, results.trials)),
        _section("Over seeds and folds", _means(results)),
        _section("Trials", _trials(results)),
        _section("Again", _again(results)),
        f"<script>{SCRIPT}</script></body></html>\n",
    ]
    return "\n".join(filter(None, parts))


def _section(title: str, content: str) -> str:
    heading = f"<h2>{title}</h2>" if title else ""
    return f"<section>{heading}\n{content}\n</section>" if content else ""


def _extreme(results: Results) -> str:
    return "least" if results.metric.goal == "minimize" else "greatest"


def _facts(results: Results) -> str:
    trials, best = results.trials, results.best
    ended = sum(trial.state in ENDED for trial in trials)
    failed = sum(trial.state == FAILED for trial in trials)
    facts = [
        (shown_value(best.value) if best else "-", f"best {escape(results.metric.name)}"),
        (_link(best) if best else "-", "best trial"),
        (f"{ended}", f"trials ended, {failed} of them failed" if failed else "trials ended"),
        (duration(sum(trial.seconds for trial in trials)), "of training in all"),
    ]
    cells = "".join(f"<div><b>{value}</b>{meaning}</div>" for value, meaning in facts)
    return f'<div class="facts">{cells}</div>'


def _importance(results: Results) -> str:
    if not results.is_over:  # Optuna takes a second to import, which the trials would wait for
        return "<p>Follows at the end.</p>"
    found = importances(results.sweep, results.metric, results.trials)
    if isinstance(found, str):
        return f"<p>Left out: {escape(found)}.</p>"
    most = max(found.values(), default=0.0) or 1.0
    rows = [
        f"<span>{escape(key)}</span>"
        f'<div class="bar" style="width:{max(0.5, 100 * value / most):.1f}%"></div>'
        f"<span>{value:.2f}</span>"
        for key, value in sorted(found.items(), key=lambda item: -item[1])
    ]
    return f'<div class="bars">{"".join(rows)}</div>'


def _means(results: Results) -> str:
    if not results.is_repeated:
        return ""
    tables = []
    for metric in (None, *results.others):
        name = metric or results.metric.name
        header = [*results.distinguishing, "trials", f"mean {name}", "std"]
        rows = [
            [*map(shown_value, values), str(n), shown_value(average), shown_value(spread)]
            for values, n, average, spread in results.means(metric)
        ]
        tables.append(_table(header, [("", row) for row in rows]))
    return "\n".join(tables)


def _trials(results: Results) -> str:
    names = short_names(dict.fromkeys(p.key for p in results.sweep.parameters))
    others = results.others
    header = ["trial", "state", results.metric.name, *others, *names, "time", ""]
    merit = merits([t for t in results.trials if t.value is not None], results.metric)
    ranked = sorted(results.trials, key=lambda t: (-merit.get(t.number, -1.0), t.number))
    rows = []
    for trial in ranked:
        values = [shown_value(trial.values.get(p.key)) for p in results.sweep.parameters]
        value = shown_value(trial.value) if trial.value is not None else "-"
        beside = [shown_value(results.measured(trial).get(name)) for name in others]
        cells = [results.state(trial), value, *beside, *values]
        cells += [duration(trial.seconds), trial.reason or ""]
        rows.append((f' data-trial="{trial.number}"', cells))
    linked = [_link(trial) for trial in ranked]
    return _table(header, rows, linked)


def _table(
    header: list[str], rows: list[tuple[str, list[str]]], first: list[str] | None = None
) -> str:
    """A table of escaped cells; ``first`` is a column of HTML before them."""
    head = "".join(f"<th>{escape(name)}</th>" for name in header)
    lines = []
    for i, (attributes, cells) in enumerate(rows):
        columns = [f"<td>{first[i]}</td>"] if first else []
        columns += [f"<td>{escape(cell)}</td>" for cell in cells]
        lines.append(f"<tr{attributes}>{''.join(columns)}</tr>")
    body = "\n".join(lines)
    return f"<table><thead><tr>{head}</tr></thead><tbody>\n{body}\n</tbody></table>"


def _link(trial: Trial) -> str:
    return f'<a href="{trial.name}/">{trial.name}</a>'


def _again(results: Results) -> str:
    if results.best is None:
        return ""
    line = escape(results.command_line(results.best))
    return f'<p><code>{line}</code><br>or <a href="best.yaml">best.yaml</a>; ' + (
        'all numbers are in <a href="results.csv">results.csv</a></p>'
    )
