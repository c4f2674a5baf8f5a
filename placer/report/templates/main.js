// Ties the page together: pointer, keyboard, toggles, and layers linked across all pictures.

function readView() {
  const view = JSON.parse(document.getElementById("mapping").textContent);
  view.owner = new Array(view.columns * view.rows).fill(-1);
  view.layers.forEach((layer, number) => {
    layer.tiles = layer.tiles.map(([col, row, m, k, n, memory]) => ({ kind: "core", col, row, m, k, n, memory }));
    for (const t of layer.tiles) view.owner[t.row * view.columns + t.col] = number;
  });
  for (const edge of view.edges) for (const m of edge.memory_tiles) m.kind = "memory";
  for (const p of view.plio) Object.assign(p, { kind: "port", row: 0 });
  return view;
}

function start() {
  const view = readView(), byId = (id) => document.getElementById(id);
  const array = byId("array"), svg = array.querySelector("svg"), panel = byId("tile"), where = byId("where");
  const marks = svg.querySelector(".marks"), overlay = svg.querySelector(".overlay"), letters = svg.querySelector(".letters");
  const state = { cursor: null, view: "layers", lit: -1, panelOpen: false };

  function moveTo(point) {
    if (point && state.cursor && same(point, state.cursor)) return;
    state.cursor = point;
    const links = drawCursor(view, marks, point, byId("nets").checked);
    if (point) where.textContent = describe(view, point, links);
    light();
  }

  function open() {
    if (!state.cursor) return;
    showTile(view, panel, state.cursor, where.textContent, closePanel);
    state.panelOpen = true;
  }

  function closePanel() {
    panel.hidden = true;
    state.panelOpen = false;
    array.focus({ preventScroll: true });
  }

  // A layer stands out where it was chosen; else the critical path, in that view.
  function light() {
    const chosen = (n) => (state.lit >= 0 ? n === state.lit : state.view !== "critical" || view.layers[n].critical);
    const under = state.cursor && state.cursor.kind === "core" ? view.owner[state.cursor.row * view.columns + state.cursor.col] : -1;
    for (const node of document.querySelectorAll("[data-layer]")) {
      const n = Number(node.dataset.layer), row = node.tagName === "TR";
      if (!row) node.classList.toggle("dim", !chosen(n));
      node.classList.toggle("lit", n === state.lit || (n === under && (row || node.classList.contains("node"))));
      const button = row && node.querySelector("button");
      if (button) button.setAttribute("aria-pressed", String(n === state.lit));
    }
  }

  function choose(layer) {
    state.lit = state.lit === layer ? -1 : layer;
    light();
  }

  function pointUnder(event) {
    const box = svg.getBoundingClientRect(), scale = svg.viewBox.baseVal.width / box.width;
    return pointAt(view, (event.clientX - box.left) * scale, (event.clientY - box.top) * scale);
  }

  svg.addEventListener("pointermove", (event) => {
    const point = pointUnder(event);
    if (point) moveTo(point);
  });
  svg.addEventListener("click", (event) => {
    const point = pointUnder(event);
    if (!point) return;
    moveTo(point);
    open();
  });
  array.addEventListener("keydown", (event) => onKey(event, view, state, moveTo, open, closePanel, array));
  byId("views").addEventListener("submit", (event) => event.preventDefault());
  byId("views").addEventListener("change", () => {
    state.view = new FormData(byId("views")).get("view");
    drawOverlay(view, overlay, letters, state.view);
    drawScale(byId("scale"), state.view);
    const point = state.cursor;
    state.cursor = null;
    moveTo(point);
    light();
  });
  byId("zoom").addEventListener("input", (event) => fit(view, svg, Number(event.target.value)));
  for (const node of document.querySelectorAll("#layers tr[data-layer], .node[data-layer]")) {
    node.addEventListener("click", () => choose(Number(node.dataset.layer)));
    node.addEventListener("keydown", (event) => {
      if (!node.classList.contains("node") || (event.key !== "Enter" && event.key !== " ")) return;
      event.preventDefault();
      choose(Number(node.dataset.layer));
    });
  }
  fit(view, svg, 1);
  document.documentElement.dataset.ready = "true";
}

// At zoom 1 the array fills the width, as long as tiles stay between thumbnails and twice their drawn size.
function fit(view, svg, zoom) {
  const natural = svg.viewBox.baseVal.width;
  svg.style.width = `${100 * zoom}%`;
  svg.style.minWidth = `${Math.min(natural, 12 * view.columns) * zoom}px`;
  svg.style.maxWidth = `${2 * natural * zoom}px`;
}

// Arrow keys walk over core tiles, then memory tiles, then shim columns, as they lie below each other.
function onKey(event, view, state, moveTo, open, closePanel, array) {
  if (event.key === "Escape") {
    if (state.panelOpen) closePanel();
    else moveTo(null);
    return;
  }
  if (event.key === "Enter") {
    open();
    event.preventDefault();
    return;
  }
  const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }, step = steps[event.key];
  if (!step) return;
  event.preventDefault();
  const heights = [1, view.memory_rows, view.rows], kinds = ["port", "memory", "core"];
  const below = (kind) => heights.slice(0, kinds.indexOf(kind)).reduce((a, b) => a + b, 0);
  const p = state.cursor, total = heights.reduce((a, b) => a + b, 0);
  let col = 0, level = below("core");
  if (p) {
    col = Math.min(view.columns - 1, Math.max(0, p.col + step[0]));
    level = Math.min(total - 1, Math.max(0, below(p.kind) + p.row + step[1]));
  }
  const kind = level >= below("core") ? "core" : level >= below("memory") ? "memory" : "port";
  moveTo({ kind, col, row: level - below(kind) });
  const [x, y] = corner(view, state.cursor), svg = array.querySelector("svg"), scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
  array.scrollTo({ left: x * scale - array.clientWidth / 2, top: y * scale - array.clientHeight / 2 });
}

start();
