"""The page of a network: one file that needs nothing from elsewhere, findings first.

Template's file: updates replace it. At most 5 MB, whatever the network: the graph has room of its
own, and all else is bounded in number and length.
"""

from collections.abc import Iterable
from html import escape

from ..report.card import NOTHING, card
from ..report.document import document, header
from ..report.room import shortened
from ..report.seriousness import Seriousness
from .documented import Held
from .graph import Graph
from .graph_style import SCRIPT, STYLE
from .in_words import facts_of, parameters_in_words, verdict
from .look import NetworkLook
from .memory import counted, in_units
from .node import shown

FINDINGS, HELD, LINES, LETTERS = 60, 200, 40, 300  # at most


def page(found: NetworkLook, title: str) -> str:
    """The HTML.

    Args:
        found: What was seen.
        title: What the network is called.
    """
    marked = frozenset(number for finding in found.findings for number in finding.nodes)
    batch = ", ".join(f"{name} {shown(shape)} {kind}" for name, shape, kind in found.batch)
    parts = [
        _header(found, title),
        f'<main><section id="findings"><h2>Findings</h2>{_findings(found)}</section>',
        _totals(found),
        _graph(found, batch, marked),
        _held(found.held),
        _time(found),
        _left_out(found),
        "</main><footer>Made by <code>main.py inspect model</code> from one training step. "
        "<code>--json</code> gives all of it to a program, <code>--profile</code> says where the "
        "time goes, and your files were not touched.</footer>",
    ]
    return document(f"Model: {title}", parts, SCRIPT, STYLE)


def _header(found: NetworkLook, title: str) -> str:
    links = [("findings", f"{len(found.findings) + bool(found.failure):,}", "findings")]
    links.append(("totals", counted(found.parameters.total), "parameters"))
    calls = sum(1 for node in found.root.walk() if node.is_module) - 1
    links.append(("network", f"{calls:,}", "calls of modules"))
    if found.held:
        links.append(("shapes", f"{len(found.held):,}", "documented shapes"))
    return header("A look at the network", title, escape(verdict(found)), links)


def _findings(found: NetworkLook) -> str:
    cards = list(_cards(found))
    rest = len(found.findings) - FINDINGS
    more = f'<p class="remark">and {rest:,} more: <code>--json</code></p>' if rest > 0 else ""
    return ("\n".join(cards) or NOTHING) + more


def _cards(found: NetworkLook) -> Iterable[str]:
    if found.failure:
        advice = "The graph below goes up to there; the row that failed is marked."
        yield card(Seriousness.ERROR, "the step failed", found.failure.sentence, advice)
    for one in found.findings[:FINDINGS]:
        lines = ", ".join(f"<code>{escape(shortened(line, 120))}</code>" for line in one.lines)
        about = f'<p class="remark">{lines}</p>' if len(one.lines) > 1 else ""
        yield card(one.seriousness, one.detector, one.text, one.advice, "", about)


def _totals(found: NetworkLook) -> str:
    facts = [f"parameters: {parameters_in_words(found.parameters)}", *facts_of(found)]
    pairs = [fact.partition(": ")[::2] for fact in facts]
    items = "".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(shortened(text, LETTERS))}</dd></div>"
        for name, text in pairs
    )
    return (
        '<section id="totals"><h2>What it costs</h2><div class="card"><dl class="totals">'
        f"{items}</dl>{'' if found.failure else _bars(found)}</div></section>"
    )


def _bars(found: NetworkLook) -> str:
    """What memory is taken by."""
    memory = found.memory
    parts = {
        "weights": memory.weights,
        "gradients": memory.gradients,
        "optimizer": memory.optimizer,
        "activations": memory.activations,
    }
    total = max(*parts.values(), 1)
    rows = "".join(
        f'<tr><th scope="row"><div>{name}</div></th><td class="wide"><div class="bar">'
        f'<b style="width:{100 * size / total:.1f}%"></b></div></td><td>{in_units(size)}</td></tr>'
        for name, size in parts.items()
    )
    return f'<h3>Memory of a step</h3><table class="classes"><tbody>{rows}</tbody></table>'


def _graph(found: NetworkLook, batch: str, marked: frozenset[int]) -> str:
    names = "".join(
        f"<span>{name}</span>"
        for name in ("call", "output", "parameters", "multiply-adds", "made at")
    )
    return (
        '<section id="network"><h2>The network <small>in the order of execution; lines lead from '
        "where a tensor was made to where it is used, dashed rows are operations</small></h2>"
        '<p><button type="button" data-all="open">Open all</button> '
        '<button type="button" data-all="close">Close all</button></p>'
        f'<div class="head">{names}</div>{Graph(found.root, marked).html(batch)}</section>'
    )


def _held(held: list[Held]) -> str:
    if not held:
        return ""
    in_order = sorted(held, key=lambda one: one.agrees)
    rows = "".join(
        f"<tr{'' if one.agrees else ' class=parts'}><td>{escape(shortened(one.of, 60))}</td>"
        f"<td>{escape(shortened(one.name, 60))}</td><td>{escape(shortened(one.said, 90))}</td>"
        f"<td>{escape(shown(one.came))}</td><td>{'' if one.agrees else 'parts'}</td>"
        f'<td class="id">{escape(shortened(one.line, 90))}</td></tr>'
        for one in in_order[:HELD]
    )
    heads = "".join(f"<th>{name}</th>" for name in ("of", "name", "documented", "came", "", "line"))
    return (
        '<section id="shapes"><h2>Documented shapes <small>beside those that flowed</small></h2>'
        f'<div class="card wide"><table><thead><tr>{heads}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div></section>"
    )


def _time(found: NetworkLook) -> str:
    if found.profiled is None:
        return ""
    rows = "".join(
        f"<tr><td>{one.share:.1%}</td><td>{one.milliseconds:.2f} ms</td><td>{one.calls:g}</td>"
        f"<td>{escape(shortened(one.name, 80))}</td><td>{escape(shortened(one.module, 80))}</td>"
        f'<td class="id">{escape(shortened(one.line, 90))}</td></tr>'
        for one in found.profiled.operators
    )
    heads = ("share", "of a step", "calls", "operator", "module", "made at")
    row = "".join(f"<th>{name}</th>" for name in heads)
    return (
        f'<section id="time"><h2>Where the time goes</h2><div class="card wide">'
        f"<p>{escape(found.profiled.verdict)}</p>"
        f"<table><thead><tr>{row}</tr></thead><tbody>{rows}</tbody></table></div></section>"
    )


def _left_out(found: NetworkLook) -> str:
    if not found.skipped:
        return ""
    lines = found.skipped[:LINES]
    items = "".join(f"<li>{escape(shortened(line, LETTERS))}</li>" for line in lines)
    return f'<section><h2>What was not looked at</h2><ul class="facts">{items}</ul></section>'
