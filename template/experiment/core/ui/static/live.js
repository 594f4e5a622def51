// Brings the parts of a page that change up to date, by what the server renders of them.
// Without this file every page works: it has to be loaded anew, that is all.
"use strict";

const SECONDS = 2;

const isAtEnd = (pre) => pre.scrollTop + pre.clientHeight >= pre.scrollHeight - 4;
// By which the same button is found again among new ones.
const nameOf = (one) => one.getAttribute("aria-label") || `${one.name} ${one.value} ${one.href}`;

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
  const scrolled = [...part.querySelectorAll("pre")].map((pre) => isAtEnd(pre) ? null : pre.scrollTop);
  const focus = part.contains(document.activeElement) ? nameOf(document.activeElement) : null;
  const pictures = new Map([...part.querySelectorAll("img")].map((one) => [one.src, one]));
  const fresh = document.createElement("template"); // nothing in it is loaded
  fresh.innerHTML = text;
  for (const one of fresh.content.querySelectorAll("img")) { // one that is there stays, and its height
    const known = pictures.get(new URL(one.getAttribute("src"), location).href);
    if (known) one.replaceWith(known);
  }
  part.replaceChildren(fresh.content);
  part.querySelectorAll("pre").forEach((pre, i) => { pre.scrollTop = scrolled[i] ?? pre.scrollHeight; });
  if (focus) [...part.querySelectorAll("a, button, input, pre")]
    .find((one) => nameOf(one) === focus)?.focus({ preventScroll: true });
  part.querySelectorAll("input[type=checkbox]").forEach((box) => { box.checked = ticked.has(box.value); });
}

// What was said once is not said again by a page that is loaded anew.
const address = new URL(location);
if (address.searchParams.has("said")) {
  address.searchParams.delete("said");
  history.replaceState(null, "", address);
}

for (const pre of document.querySelectorAll("pre.tail")) pre.scrollTop = pre.scrollHeight; // its newest

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
