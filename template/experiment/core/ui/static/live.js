// Brings the parts of a page that change up to date, by what the server renders of them.
// Without this file every page works: it has to be loaded anew, that is all.
"use strict";

const SECONDS = 2;

async function renew(part) {
  if (document.hidden) return;
  const answer = await fetch(part.dataset.live, { headers: { Accept: "text/html" } });
  const stale = document.getElementById("stale");
  if (answer.redirected && new URL(answer.url).pathname !== new URL(part.dataset.live, location).pathname) {
    location.assign(answer.url); // it is ready
    return;
  }
  stale.hidden = answer.ok;
  if (!answer.ok) return;
  const text = await answer.text();
  if (part.dataset.seen === text) return;
  part.dataset.seen = text;
  const ticked = new Set([...part.querySelectorAll("input:checked")].map((box) => box.value));
  const scrolled = [...part.querySelectorAll("pre")].map((pre) => pre.scrollTop);
  part.innerHTML = text;
  part.querySelectorAll("pre").forEach((pre, i) => { pre.scrollTop = scrolled[i] ?? 0; });
  part.querySelectorAll("input[type=checkbox]").forEach((box) => { box.checked = ticked.has(box.value); });
}

for (const part of document.querySelectorAll("[data-live]"))
  setInterval(() => renew(part).catch(() => { document.getElementById("stale").hidden = false; }),
    SECONDS * 1000);

for (const button of document.querySelectorAll("button[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const text = document.getElementById(button.dataset.copy).textContent;
    try { await navigator.clipboard.writeText(text); button.textContent = "Copied"; }
    catch { getSelection().selectAllChildren(document.getElementById(button.dataset.copy)); }
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
}
