"""How the page of an inspection looks, in light and in dark, on a desk, a phone and on paper.

Template's file: updates replace it.
"""

STYLE = """
:root { color-scheme: light dark; --paper: #f7f6f3; --card: #fff; --ink: #1b1e23; --soft: #5c626c;
  --rule: #e3e1db; --well: #f1efea; --hue: #0b6e6e; --pale: #cfe3e1; --line: #c2410c;
  --error: #b3261e; --warning: #8a5300; --note: #35618e;
  --error-pale: #fbe9e7; --warning-pale: #fcf0dc; --note-pale: #e6eef7; --good-pale: #e2f1ea; }
@media (prefers-color-scheme: dark) { :root { --paper: #121418; --card: #1b1e24; --ink: #e9e7e2;
  --soft: #a2a8b2; --rule: #2e333c; --well: #23272f; --hue: #4fc4b8; --pale: #24504d;
  --line: #fb923c; --error: #ff9b91; --warning: #f2bd6a; --note: #9cc3ee;
  --error-pale: #3a1f1d; --warning-pale: #372a14; --note-pale: #1b2a3b; --good-pale: #173329; } }
* { box-sizing: border-box; }
html { scroll-behavior: smooth; -webkit-text-size-adjust: 100%; }
body { margin: 0 auto; max-width: 1120px; padding: 40px 24px 72px; background: var(--paper);
  color: var(--ink); font: 15px/1.55 system-ui, -apple-system, "Segoe UI", sans-serif;
  overflow-wrap: anywhere; }
h1, h2, h3, h4, p, figure { margin: 0; }
h1 { font-size: 30px; line-height: 1.2; letter-spacing: -.015em; }
h2 { font-size: 21px; letter-spacing: -.01em; margin: 52px 0 14px; }
h3 { font-size: 15px; margin: 26px 0 10px; } h4 { font-size: 13px; margin: 10px 0 4px;
  color: var(--soft); font-weight: 600; }
h2 small, h3 small { font-weight: 400; color: var(--soft); font-size: 14px; margin-left: 6px; }
.over { color: var(--soft); margin-bottom: 4px; } .lead { color: var(--soft); margin-top: 8px; }
.skip { position: absolute; left: -999px; } .skip:focus { position: static; }
code, pre, .id { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace;
  font-size: 12.5px; }
a { color: var(--hue); }
nav { display: flex; flex-wrap: wrap; gap: 8px; margin: 22px 0 0; padding: 0; }
nav a { text-decoration: none; border: 1px solid var(--rule); background: var(--card);
  border-radius: 99px; padding: 5px 14px; color: var(--ink); }
nav a:hover, nav a:focus-visible { border-color: var(--hue); }
nav b { font-variant-numeric: tabular-nums; } nav span { color: var(--soft); margin-left: 6px; }
.card { background: var(--card); border: 1px solid var(--rule); border-radius: 12px;
  padding: 18px 20px; margin-top: 14px; }
.good { background: var(--good-pale); border-color: transparent; }
.finding { border-left: 5px solid var(--tone); }
.error { --tone: var(--error); --tint: var(--error-pale); }
.warning { --tone: var(--warning); --tint: var(--warning-pale); }
.note { --tone: var(--note); --tint: var(--note-pale); }
.finding h3 { margin: 0; font-size: 16.5px; line-height: 1.4; font-weight: 600; }
.badge { display: inline-block; background: var(--tint); color: var(--tone); font-weight: 650;
  font-size: 12px; border-radius: 6px; padding: 1px 9px; margin: 0 8px 6px 0; }
.of { color: var(--soft); font-size: 12.5px; }
.advice { margin-top: 6px; color: var(--soft); }
.card > h3:first-child { margin-top: 0; }
.tile .text { max-height: 11em; }
.tiles { display: flex; flex-wrap: wrap; gap: 10px; margin-top: 14px; align-items: flex-start; }
.group { display: flex; flex-wrap: wrap; gap: 10px; background: var(--well); border-radius: 10px;
  padding: 10px; }
.tile { width: 132px; font-size: 12px; line-height: 1.4; }
.tile.broad { width: 290px; max-width: 100%; } .tile.boxed { width: 212px; }
.tile img, .pair img { display: block; width: 100%; height: auto; border-radius: 6px;
  background: var(--well); }
.tile figcaption { margin-top: 5px; color: var(--soft); } .tile figcaption b { color: var(--ink); }
.pixels img { image-rendering: pixelated; }
.text { background: var(--well); border-radius: 6px; padding: 9px 11px; white-space: pre-wrap;
  font: 12.5px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; max-height: 15em;
  overflow-y: auto; }
.text mark { background: none; color: var(--line); }
.missing { color: var(--soft); background: var(--well); border-radius: 6px; padding: 10px;
  font-size: 12px; font-style: italic; }
details { margin-top: 12px; } summary { cursor: pointer; color: var(--hue); font-size: 13.5px;
  width: max-content; max-width: 100%; }
pre { background: var(--well); border-radius: 8px; padding: 10px 12px; margin: 8px 0;
  max-height: 13em; overflow-y: auto; white-space: pre-wrap; user-select: all; }
button { font: inherit; font-size: 13px; color: var(--ink); background: var(--card);
  cursor: pointer; border: 1px solid var(--rule); border-radius: 8px; padding: 4px 14px; }
button:hover { border-color: var(--hue); }
:focus-visible { outline: 2px solid var(--hue); outline-offset: 2px; }
.facts { margin: 0; padding-left: 18px; color: var(--soft); }
.pairs { display: grid; grid-template-columns: repeat(auto-fill, minmax(236px, 1fr)); gap: 12px; }
.pairs.broad { grid-template-columns: repeat(auto-fill, minmax(min(100%, 470px), 1fr)); }
.pair { background: var(--card); border: 1px solid var(--rule); border-radius: 10px; padding: 10px;
  min-width: 0; }
.pair > div { display: grid; grid-template-columns: 1fr 1fr; gap: 8px; align-items: start; }
.pair > div.one, .stacked .pair > div { grid-template-columns: 1fr; }
.pair > div > div { min-width: 0; }
.pair small { color: var(--soft); font-size: 11.5px; display: block; margin-bottom: 3px; }
.pair figcaption { margin-top: 7px; font-size: 12.5px; color: var(--soft); line-height: 1.4; }
.pair figcaption b { color: var(--ink); }
.charts { display: grid; gap: 18px 26px; grid-template-columns: repeat(auto-fill,
  minmax(min(100%, 250px), 1fr)); }
.charts figcaption, figure > figcaption { font-size: 12.5px; color: var(--soft); line-height: 1.4; }
.charts b { color: var(--ink); display: block; font-size: 13.5px; }
.charts svg { display: block; width: 100%; height: 84px; margin-top: 6px;
  border-bottom: 1px solid var(--soft); }
.card > figure svg { display: block; width: 100%; height: 110px;
  border-bottom: 1px solid var(--soft); margin-bottom: 5px; }
.bars { fill: var(--hue); } .line { fill: none; stroke: var(--line); stroke-width: 1.5;
  vector-effect: non-scaling-stroke; }
.ends { display: flex; justify-content: space-between; font-size: 11.5px; color: var(--soft);
  font-variant-numeric: tabular-nums; }
table { border-collapse: collapse; width: 100%; font-size: 13.5px; }
.classes th { font-weight: 500; text-align: left; padding: 3px 12px 3px 0; width: 1%; }
.classes th div { width: max-content; max-width: min(16em, 34vw); }
.classes td { padding: 3px 0 3px 10px; text-align: right; white-space: nowrap;
  font-variant-numeric: tabular-nums; color: var(--soft); }
.classes td.wide { width: 99%; padding-left: 0; }
.bar { position: relative; height: 12px; background: var(--well); border-radius: 4px; }
.bar b { position: absolute; top: 0; bottom: 0; left: 0; background: var(--hue);
  border-radius: 4px; min-width: 1px; }
.span b { background: var(--pale); border-radius: 0; }
.bar i { position: absolute; top: -2px; bottom: -2px; width: 2px; background: var(--line); }
.span i { background: var(--hue); }
.legend { font-size: 12.5px; color: var(--soft); margin-top: 12px; }
.legend i { display: inline-block; width: 16px; height: 0; border-top: 2px solid var(--line);
  vertical-align: middle; margin-right: 6px; }
.two { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 320px), 1fr));
  gap: 8px 36px; }
.remark { color: var(--soft); font-size: 13px; margin-top: 8px; }
footer { margin-top: 56px; padding-top: 16px; border-top: 1px solid var(--rule);
  color: var(--soft); font-size: 13px; }
@media (max-width: 560px) { body { padding: 24px 14px 48px; } h1 { font-size: 25px; }
  h2 { margin-top: 40px; } .card { padding: 14px; } .tile { width: calc(50% - 5px); }
  .group { width: 100%; } .tile.broad, .tile.boxed { width: 100%; }
  .broad .pair > div { grid-template-columns: 1fr; } }
@media print { :root { --paper: #fff; } body { max-width: none; padding: 0; font-size: 11pt; }
  nav, button, .skip { display: none; } .card, .pair, .tile, figure { break-inside: avoid; }
  h2, h3 { break-after: avoid; } pre, .text { max-height: none; } }
"""
# The clipboard is refused to some pages that are files: then the list is marked, to be copied.
COPYING = """
for (const button of document.querySelectorAll("button[data-copy]"))
  button.addEventListener("click", async () => {
    const list = button.previousElementSibling;
    try { await navigator.clipboard.writeText(list.textContent); button.textContent = "Copied"; }
    catch { getSelection().selectAllChildren(list);
      button.textContent = document.execCommand("copy") ? "Copied" : "Marked: copy it now"; }
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
"""
