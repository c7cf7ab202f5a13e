"use strict";
// Shows the newest state of the page without losing the reader's place: only parts that changed are exchanged, and focus,
// scroll position, open details and what was typed stay. Without this script the page has a link that loads it again.
(() => {
  const main = document.getElementById("main");
  const said = document.querySelector("[data-live]");
  const again = document.querySelector("[data-again]");
  if (!main || !said || !again) return;
  const period = 1000 * Number(said.dataset.live);
  let skew = 0;
  let running = false;
  let ended = false;
  let timer = 0;
  let told = "";

  const tell = (text) => {
    if (text !== told) said.textContent = told = text;
  };
  const keyOf = (part, index) => part.getAttribute("aria-labelledby") || part.id || `${part.tagName}-${index}`;
  const partsOf = (page) => {
    const parts = [...page.querySelectorAll("body > header, #main > *, body > footer")];
    return new Map(parts.map((part, index) => [keyOf(part, index), part]));
  };
  const sources = new Map([...partsOf(document)].map(([key, part]) => [key, part.outerHTML]));

  const nameOf = (node) => {
    if (node.id) return `#${CSS.escape(node.id)}`;
    if (node.getAttribute("href")) return `a[href="${CSS.escape(node.getAttribute("href"))}"]`;
    return "";
  };
  const summaries = (part) => [...part.querySelectorAll("details")].map((each) => [each.querySelector("summary")?.textContent, each]);

  const exchange = (old, fresh) => {
    const focused = old.contains(document.activeElement) ? document.activeElement : null;
    const key = focused?.closest("[data-key]")?.dataset.key;
    const name = focused && nameOf(focused);
    const index = focused ? [...old.querySelectorAll("a, button, summary, [tabindex]")].indexOf(focused) : -1;
    const open = new Set(summaries(old).filter(([, each]) => each.open).map(([text]) => text));
    const aside = [...old.querySelectorAll(".scroll")].map((each) => each.scrollLeft);
    const node = document.importNode(fresh, true);
    old.replaceWith(node);
    for (const [text, each] of summaries(node)) if (open.has(text)) each.open = true;
    [...node.querySelectorAll(".scroll")].forEach((each, at) => { each.scrollLeft = aside[at] || 0; });
    if (focused) {
      const row = key ? node.querySelector(`[data-key="${CSS.escape(key)}"]`) : null;
      const heir = (name && ((row && row.querySelector(name)) || node.querySelector(name))) ||
        [...node.querySelectorAll("a, button, summary, [tabindex]")][index] || main;
      heir.focus({ preventScroll: true });
    }
    return node;
  };

  const anchor = () => {
    const seen = [...main.querySelectorAll("[data-key], section, h1")].find((each) => each.getBoundingClientRect().bottom > 0);
    if (!seen) return null;
    const place = seen.closest("section");
    const inside = place ? `[aria-labelledby="${CSS.escape(place.getAttribute("aria-labelledby") || "")}"]` : "#main";
    const name = seen.dataset.key ? `${inside} [data-key="${CSS.escape(seen.dataset.key)}"]` : inside;
    return { name, top: seen.getBoundingClientRect().top };
  };

  const show = (page) => {
    const before = partsOf(document);
    const after = partsOf(page);
    const place = window.scrollY > 0 ? anchor() : null;
    let kept = false;
    let last = null;
    for (const [key, fresh] of after) {
      const source = fresh.outerHTML;
      let node = before.get(key);
      if (node && sources.get(key) !== source) {
        // What a script has made live, such as the flame graph, stays until the page is loaded again.
        if (node.querySelector("[data-tools]")) kept = true;
        else { node = exchange(node, fresh); sources.set(key, source); }
      } else if (!node) {
        node = document.importNode(fresh, true);
        if (last) last.after(node);
        else main.prepend(node);
        sources.set(key, source);
      }
      if (node.parentElement === main) last = node;
    }
    for (const [key, node] of before) if (!after.has(key)) { node.remove(); sources.delete(key); }
    const found = place && document.querySelector(place.name);
    if (found) window.scrollBy(0, found.getBoundingClientRect().top - place.top);
    return kept;
  };

  const selecting = () => {
    const selection = document.getSelection();
    return selection && !selection.isCollapsed && main.contains(selection.anchorNode);
  };

  const refresh = async (asked) => {
    if (running || ended || (!asked && (document.hidden || selecting()))) return;
    running = true;
    const stop = new AbortController();
    const late = setTimeout(() => stop.abort(), 15000);
    try {
      const answer = await fetch(location.href, { credentials: "same-origin", cache: "no-store", signal: stop.signal });
      skew = Date.now() - (Date.parse(answer.headers.get("Date")) || Date.now());
      if (answer.status === 401 || answer.status === 403 || answer.status === 404) {
        ended = true;
        tell(answer.status === 404 ? "This is no more. What you see is the last state." : "You may not see this any more: load the page again.");
      } else if (!answer.ok) {
        tell(`The newest state could not be had (${answer.status}); trying again.`);
      } else {
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const kept = page.querySelector("[data-live]") ? show(page) : false;
        tell(kept ? "The flame graph has changed: load the page again to see it." : "Live");
        count();
      }
    } catch {
      tell("memdrift does not answer; what you see may be old. Trying again.");
    } finally {
      clearTimeout(late);
      running = false;
      clearTimeout(timer);
      if (!ended) timer = setTimeout(refresh, period);
    }
  };

  const words = (seconds) => {
    for (const [unit, length, smaller, part] of [["d", 86400, "h", 3600], ["h", 3600, "min", 60], ["min", 60, "s", 1]]) {
      if (seconds >= length) return `${Math.floor(seconds / length)} ${unit} ${Math.floor((seconds % length) / part)} ${smaller}`;
    }
    return `${seconds} s`;
  };
  const count = () => {
    for (const each of document.querySelectorAll("time[data-until]")) {
      const left = Math.round((Date.parse(each.dateTime) - Date.now() + skew) / 1000);
      each.textContent = left > 0 ? `in ${words(left)}` : "due now";
    }
  };

  again.addEventListener("click", (event) => {
    if (ended) return;
    event.preventDefault();
    refresh(true);
  });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });
  setInterval(() => { if (!document.hidden) count(); }, 1000);
  tell("Live");
  timer = setTimeout(refresh, period);
})();
