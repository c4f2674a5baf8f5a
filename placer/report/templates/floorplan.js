// The array: the cursor, what it shows, and the overlays of the toggles.

const SVG = "http://www.w3.org/2000/svg";
// Five steps of one hue, light to dark: order shows in lightness alone.
const STEPS = ["#eef4fb", "#bcd5ee", "#7fb0dc", "#3d82bf", "#12508a"];

function shape(parent, name, attributes, text) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text !== undefined) node.textContent = text;
  parent.append(node);
  return node;
}

function corner(view, point) {
  const g = view.geometry, x = g.left + point.col * g.pitch;
  if (point.kind === "port") return [x, g.port_top];
  const top = point.kind === "core" ? g.top + (view.rows - 1 - point.row) * g.pitch : g.memory_top + (view.memory_rows - 1 - point.row) * g.pitch;
  return [x, top];
}

function centre(view, point) {
  const [x, y] = corner(view, point);
  return [x + view.geometry.side / 2, y + (point.kind === "port" ? 8 : view.geometry.side / 2)];
}

// The core tile, memory tile or shim column at a position of the drawing, or null.
function pointAt(view, x, y) {
  const g = view.geometry, col = Math.floor((x - g.left) / g.pitch);
  if (col < 0 || col >= view.columns) return null;
  const north = Math.floor((y - g.top) / g.pitch);
  if (y >= g.top && north < view.rows) return { kind: "core", col, row: view.rows - 1 - north };
  const memory = Math.floor((y - g.memory_top) / g.pitch);
  if (y >= g.memory_top && memory < view.memory_rows) return { kind: "memory", col, row: view.memory_rows - 1 - memory };
  if (y >= g.port_top && y < g.port_top + 16) return { kind: "port", col, row: 0 };
  return null;
}

function drawCursor(view, marks, point, nets) {
  marks.replaceChildren();
  if (!point) return [];
  const [x, y] = corner(view, point), height = point.kind === "port" ? 16 : view.geometry.side;
  shape(marks, "rect", { x: x - 1, y: y - 1, width: view.geometry.side + 2, height: height + 2, stroke: "#000", "stroke-width": 3, class: "cursor" });
  const links = linksAt(view, point);
  if (!nets) return links;
  const d = links.map(([from, to]) => `M${centre(view, from)}L${centre(view, to)}`).join("");
  if (d) {
    shape(marks, "path", { d, stroke: "#fff", "stroke-width": 4, opacity: 0.8 });
    shape(marks, "path", { d, stroke: "#b3123e", "stroke-width": 1.6, class: "nets" });
  }
  return links;
}

// What an overlay shows: a value from 0 to 1 and a character for each core tile, memory tile and shim column.
function overlayValues(view, name) {
  const l = view.limits, c = view.cores, m = view.memory_tiles, p = view.ports;
  const tenths = (v) => (v <= 0 ? "" : v >= 1 ? "X" : String(Math.floor(10 * v)));
  const share = (used, limit) => used.map((u) => ({ value: u / limit, mark: tenths(u / limit) }));
  const counts = (a, b, limit) => a.map((u, i) => ({ value: (u + b[i]) / limit, mark: u + b[i] ? String(u + b[i]).slice(-1) : "" }));
  if (name === "memory") return { core: share(c.bytes, l.core_bytes), memory: share(m.bytes, l.memory_bytes), port: [] };
  if (name === "channels") {
    return {
      core: counts(c.dma_in, c.dma_out, l.core_in + l.core_out),
      memory: counts(m.dma_in, m.dma_out, l.memory_in + l.memory_out),
      port: counts(p.inward, p.outward, l.plio_in + l.plio_out),
    };
  }
  if (name === "lanes") {
    const lanes = (used) => used.percent.map((u, i) => ({ value: u / 100, mark: used.lanes[i] ? String(used.lanes[i]) : "" }));
    return { core: lanes(view.core_lanes), memory: lanes(view.memory_lanes), port: lanes(view.port_lanes) };
  }
  return { core: share(c.busy, 100), memory: [], port: [] };
}

const OVERLAY_NOTES = {
  memory: "Digits: tenths of the tile's memory in use, X for all of it.",
  channels: "Digits: DMA channels or PLIO ports in use, in and out together.",
  lanes: "Digits: stream lanes taken out of the tile's switch, in the direction that is fullest.",
  busy: "Digits: tenths of the interval that the core works, X for all of it (modelled).",
  critical: "The layers on the longest path stand out.",
};

function drawOverlay(view, overlay, letters, name) {
  overlay.replaceChildren();
  letters.style.display = name === "layers" || name === "critical" ? "" : "none";
  if (name === "layers" || name === "critical") return;
  const values = overlayValues(view, name), side = view.geometry.side;
  const paths = STEPS.map(() => []), texts = { light: [], dark: [] };
  for (const kind of ["core", "memory", "port"]) {
    values[kind].forEach(({ value, mark }, i) => {
      const point = { kind, col: i % view.columns, row: Math.floor(i / view.columns) };
      const [x, y] = corner(view, point), height = kind === "port" ? 16 : side;
      const step = value <= 0 ? 0 : Math.min(4, Math.ceil(4 * value));
      paths[step].push(`M${x} ${y}h${side}v${height}h-${side}z`);
      if (mark) (step > 2 ? texts.light : texts.dark).push([x + side / 2, y + (kind === "port" ? 12 : 15), mark]);
    });
  }
  paths.forEach((d, step) => d.length && shape(overlay, "path", { d: d.join(""), fill: STEPS[step], stroke: "#30343a", "stroke-width": 0.4 }));
  for (const [fill, marks] of [["#ffffff", texts.light], ["#000000", texts.dark]]) {
    const at = (i) => marks.map((m) => m[i]).join(" ");
    if (marks.length) shape(overlay, "text", { x: at(0), y: at(1), fill, "font-size": 11, "text-anchor": "middle" }, marks.map((m) => m[2]).join(""));
  }
}

function drawScale(scale, name) {
  scale.hidden = name === "layers";
  scale.replaceChildren(OVERLAY_NOTES[name] || "");
  if (name === "layers" || name === "critical") return;
  ["none", "to 25 %", "to 50 %", "to 75 %", "to 100 %"].forEach((text, step) => {
    const box = document.createElement("i");
    box.style.background = STEPS[step];
    scale.append(box, text);
  });
}
