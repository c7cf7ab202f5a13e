"use strict";
// Search, zoom and keys for the flame graph. Without this script the graph is complete and has its titles.
(() => {
  const flame = document.querySelector("svg.flame");
  const tools = document.querySelector("[data-tools]");
  if (!flame || !tools) return;
  const search = tools.querySelector("input");
  const whole = tools.querySelector("[data-whole]");
  const said = document.querySelector("[data-said]");
  const percent = (value) => `${value.toFixed(4)}%`;
  const frames = [...flame.querySelectorAll("svg")].map((node) => ({
    node,
    text: node.querySelector("title").textContent,
    start: parseFloat(node.getAttribute("x")),
    width: parseFloat(node.getAttribute("width")),
    row: parseFloat(node.getAttribute("y")),
  }));
  const middle = (frame) => frame.start + frame.width / 2;
  const covers = (outer, inner) =>
    outer.row < inner.row && outer.start <= middle(inner) && middle(inner) < outer.start + outer.width;
  const rowHeight = frames.length > 1 ? Math.min(...frames.filter((f) => f.row > 0).map((f) => f.row)) : 18;
  let zoomed = frames[0];
  let current = frames[0];
  let pattern = "";

  const name = (frame) => frame.text.slice(0, frame.text.lastIndexOf(": "));
  const tell = (frame) => { said.textContent = frame ? frame.text : ""; };

  const label = (frame, width) => {
    let text = frame.node.querySelector("text");
    if (!text && width > 1.2) {
      text = document.createElementNS("http://www.w3.org/2000/svg", "text");
      text.setAttribute("x", "3");
      text.setAttribute("y", "13");
      text.textContent = name(frame);
      frame.node.append(text);
    }
  };

  const zoom = (target) => {
    zoomed = target;
    for (const frame of frames) {
      const inside = frame === target || covers(target, frame);
      const outside = covers(frame, target);
      frame.node.style.display = inside || outside ? "" : "none";
      frame.node.classList.toggle("past", outside);
      const width = outside ? 100 : inside ? (100 * frame.width) / target.width : frame.width;
      frame.node.setAttribute("x", percent(inside && !outside ? (100 * (frame.start - target.start)) / target.width : 0));
      frame.node.setAttribute("width", percent(width));
      if (inside || outside) label(frame, width);
    }
    whole.disabled = target === frames[0];
    tell(target);
  };

  const find = () => {
    pattern = search.value.trim().toLowerCase();
    const hits = frames.filter((frame) => {
      const hit = pattern !== "" && name(frame).toLowerCase().includes(pattern);
      frame.node.classList.toggle("hit", hit);
      return hit;
    });
    const widest = hits.filter((hit) => !hits.some((other) => covers(other, hit)));
    const share = widest.reduce((sum, hit) => sum + hit.width, 0);
    said.textContent = pattern === "" ? "" : `${hits.length} frames match, with ${share.toFixed(1)} % of the growth`;
    return hits;
  };

  const focus = (frame) => {
    if (!frame) return;
    current.node.setAttribute("tabindex", "-1");
    current = frame;
    current.node.setAttribute("tabindex", "0");
    current.node.focus();
  };
  const visible = (frame) => frame.node.style.display !== "none";
  const beside = (step) => {
    const row = frames.filter((frame) => visible(frame) && frame.row === current.row);
    return row[row.indexOf(current) + step];
  };
  const caller = () => frames.find((frame) => frame.row === current.row - rowHeight && covers(frame, current));
  const callee = () =>
    frames.find((frame) => visible(frame) && frame.row === current.row + rowHeight && covers(current, frame));
  const moves = {
    ArrowLeft: () => focus(beside(-1)),
    ArrowRight: () => focus(beside(1)),
    ArrowUp: () => focus(caller()),
    ArrowDown: () => focus(callee()),
    Home: () => focus(frames[0]),
    Enter: () => zoom(current),
    " ": () => zoom(current),
    Escape: () => zoom(frames[0]),
  };

  flame.classList.add("tool");
  flame.setAttribute("aria-label", `${flame.getAttribute("aria-label")}. Arrow keys move, Enter zooms, Escape shows all.`);
  for (const frame of frames) {
    frame.node.setAttribute("tabindex", frame === current ? "0" : "-1");
    frame.node.setAttribute("role", "button");
    frame.node.setAttribute("aria-label", frame.text);
    frame.node.addEventListener("click", () => { focus(frame); zoom(frame); });
    frame.node.addEventListener("focus", () => tell(frame));
    frame.node.addEventListener("mouseenter", () => tell(frame));
  }
  flame.addEventListener("mouseleave", () => tell(zoomed === frames[0] ? null : zoomed));
  flame.addEventListener("keydown", (event) => {
    const move = moves[event.key];
    if (!move || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    move();
  });
  search.addEventListener("input", find);
  search.addEventListener("keydown", (event) => {
    if (event.key === "Enter") {
      const hits = find();
      if (hits.length) zoom(hits.reduce((widest, hit) => (hit.width > widest.width ? hit : widest)));
    } else if (event.key === "Escape") {
      search.value = "";
      find();
      zoom(frames[0]);
    }
  });
  whole.addEventListener("click", () => zoom(frames[0]));
  document.addEventListener("keydown", (event) => {
    const typing = event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement;
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      search.focus();
    }
  });
  tools.hidden = false;
})();
