"""How the graph looks, and the script that draws its connections.

Template's file: updates replace it. A connection is drawn from the visible row that its beginning
is in to the visible row that its end is in: anew whenever a row is opened or closed, or the window
has another width.
"""

STYLE = """
.graph { position: relative; padding-left: 54px; margin-top: 14px; }
.graph svg { position: absolute; left: 0; top: 0; width: 54px; height: 100%; overflow: visible;
  pointer-events: none; }
.graph path { fill: none; stroke: var(--rule); stroke-width: 1.5; }
.graph path.far { stroke: var(--hue); } .graph path.lit { stroke: var(--line); stroke-width: 2.5; }
.graph details { margin: 0; }
.graph details > div.row, .graph details > details { margin-left: 14px; }
.graph summary.row { color: var(--ink); width: auto; font-size: 13px; list-style: none; }
.graph summary.row::-webkit-details-marker { display: none; }
.graph summary .what::before { content: "▸"; color: var(--hue); margin-right: 6px; }
.graph details[open] > summary .what::before { content: "▾"; }
.row { display: grid; grid-template-columns: minmax(0, 1fr) 168px 112px 70px 266px; gap: 0 10px;
  align-items: baseline; font-size: 13px; line-height: 1.45; padding: 4px 8px; margin-top: 3px;
  background: var(--card); border: 1px solid var(--rule); border-radius: 8px; }
.row:hover { border-color: var(--hue); }
.row i { font-style: normal; color: var(--hue); }
.row .id { color: var(--soft); font-size: 11.5px; }
.row .number { text-align: right; font-variant-numeric: tabular-nums; }
.row .sizes { font-variant-numeric: tabular-nums; } .row small { color: var(--soft); }
.row .all { grid-column: 1 / -1; } .row .from { display: block; font-size: 11.5px; }
.row.op { background: none; border-style: dashed; } .row.op b { font-weight: 500; }
.row.marked { border-color: var(--warning); background: var(--warning-pale); }
.row.failed { border-color: var(--error); background: var(--error-pale); }
b.failed, .parts { color: var(--error); }
.head { display: grid; grid-template-columns: minmax(0, 1fr) 168px 112px 70px 266px; gap: 0 10px;
  color: var(--soft); font-size: 12px; padding: 0 9px; margin: 14px 0 -8px 54px; }
.head span:nth-child(3), .head span:nth-child(4) { text-align: right; }
.wide { overflow-x: auto; } .wide td, .wide th { text-align: left; padding: 4px 14px 4px 0;
  vertical-align: baseline; white-space: nowrap; }
.wide th { color: var(--soft); font-weight: 500; }
.totals { display: grid; gap: 12px 26px; margin: 0; grid-template-columns: repeat(auto-fill,
  minmax(min(100%, 300px), 1fr)); } .totals dt { color: var(--soft); font-size: 12.5px; }
.totals dd { margin: 0; }
@media (max-width: 820px) { .row { display: flex; flex-wrap: wrap; gap: 0 14px; }
  .row .what, .row .id, .row .all { flex-basis: 100%; } .row .number:empty { display: none; }
  .row .number::after { content: " " attr(title); color: var(--soft); } .head { display: none; }
  .graph { padding-left: 26px; } .graph svg { width: 26px; }
  .graph details > div.row, .graph details > details { margin-left: 6px; } }
"""
SCRIPT = """
const graph = document.querySelector(".graph"), svg = graph && graph.querySelector("svg");
const items = inside => [...inside.children].filter(item => item.dataset && item.dataset.n);
const span = item => item.dataset.n.split(" ").map(Number);
const head = item => item.tagName === "DETAILS" ? item.firstElementChild : item;
function visible(number) {
  let inside = graph, found = null;
  for (;;) {
    const next = items(inside).find(item =>
      span(item)[0] <= number && number <= span(item)[1]);
    if (!next) return found;
    found = next;
    if (next.tagName !== "DETAILS" || !next.open || Number(span(next)[0]) === number
      && !next.classList.contains("fold")) return found;
    inside = next;
  }
}
function shownItems(inside, list) {
  for (const item of items(inside)) {
    list.push(item);
    if (item.tagName === "DETAILS" && item.open) shownItems(item, list);
  }
  return list;
}
function draw() {
  const top = graph.getBoundingClientRect(), room = svg.clientWidth - 4;
  const list = shownItems(graph, []);
  const boxes = new Map(list.map((item, place) =>
    [item, [place, head(item).getBoundingClientRect()]]));
  const paths = [];
  for (const item of list) {
    const [place, box] = boxes.get(item);
    const drawn = new Set();
    for (const number of (item.dataset.from || "").split(" ").filter(Boolean)) {
      const source = visible(Number(number));
      if (!source || source === item || drawn.has(source) || !boxes.has(source)) continue;
      drawn.add(source);
      const [before, from] = boxes.get(source), far = Math.abs(place - before);
      const x1 = from.left - top.left, x2 = box.left - top.left, edge = Math.min(x1, x2);
      const bulge = Math.min(edge - 2, far < 2 ? 8 : Math.min(room, 8 + 9 * Math.log2(far)));
      const y1 = from.top + from.height / 2 - top.top, y2 = box.top + box.height / 2 - top.top;
      const x = edge - bulge;
      paths.push(`<path class="${far < 2 ? "" : "far"}" data-a="${before}" data-b="${place}" ` +
        `d="M${x1},${y1} C${x},${y1} ${x},${y2} ${x2},${y2}"/>`);
    }
    head(item).dataset.place = place;
  }
  svg.innerHTML = paths.join("");
}
if (graph) {
  let waiting = 0;
  const later = () => { cancelAnimationFrame(waiting); waiting = requestAnimationFrame(draw); };
  graph.addEventListener("toggle", later, true);
  addEventListener("resize", later);
  graph.addEventListener("mouseover", event => {
    const row = event.target.closest(".row"), place = row && row.dataset.place;
    for (const path of svg.children)
      path.classList.toggle("lit", place && (path.dataset.a === place || path.dataset.b === place));
  });
  for (const button of document.querySelectorAll("button[data-all]"))
    button.addEventListener("click", () => {
      for (const one of graph.querySelectorAll("details")) one.open = button.dataset.all === "open";
    });
  draw();
}
"""
