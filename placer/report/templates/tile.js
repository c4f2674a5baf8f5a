// What is known of one tile, in words and as a memory map.

// Everything that lies in a tile's memory: a row a copy.
function residents(view, point) {
  const rows = [];
  if (point.kind === "memory") {
    const seen = new Set();
    for (const edge of view.edges) {
      for (const m of edge.memory_tiles) {
        if (!same(m, point) || seen.has(m.offset)) continue;
        seen.add(m.offset);
        for (const copy of [0, 1]) rows.push({ what: edge.tensor, bytes: m.bytes / 2, offset: m.offset + (copy * m.bytes) / 2, bank: "", owner: edge.producer });
      }
    }
    return rows.sort((a, b) => a.offset - b.offset);
  }
  const seen = new Set();
  view.layers.forEach((layer, number) => {
    for (const tile of layer.tiles) {
      if (Math.abs(tile.col - point.col) + Math.abs(tile.row - point.row) > 1) continue;
      for (const held of view.memories[tile.memory]) {
        held.at.forEach((at, copy) => {
          if (tile.col + at.dx !== point.col || tile.row + at.dy !== point.row || seen.has(at.offset)) return;
          seen.add(at.offset);
          const whose = at.dx || at.dy ? ` of tile (${tile.col}, ${tile.row})` : "";
          const which = held.at.length > 1 ? [" ping", " pong"][copy] || ` ${copy}` : "";
          rows.push({ what: held.kind.replace("_", " ") + which + whose, bytes: held.bytes, offset: at.offset, bank: at.bank, owner: number });
        });
      }
    }
  });
  return rows.sort((a, b) => a.offset - b.offset);
}

function describe(view, point, links) {
  const place = `(${point.col}, ${point.row})`;
  const sources = links.filter(([, to]) => same(to, point)).length, targets = links.filter(([from]) => same(from, point)).length;
  const flows = `${sources} in, ${targets} out`;
  if (point.kind === "port") {
    const here = view.plio.filter((p) => p.col === point.col);
    return `PLIO of column ${point.col}: ${here.length ? here.map((p) => `${p.direction} ${p.channel} ${p.tensor} part ${p.piece}`).join("; ") : "not used"}`;
  }
  const i = point.row * view.columns + point.col, l = view.limits;
  if (point.kind === "memory") {
    const m = view.memory_tiles;
    return `Memory tile ${place}: ${m.bytes[i]} of ${l.memory_bytes} bytes, channels ${m.dma_in[i]} of ${l.memory_in} in, ${m.dma_out[i]} of ${l.memory_out} out; nets ${flows}`;
  }
  const c = view.cores, number = view.owner[i];
  const memory = `${c.bytes[i]} of ${l.core_bytes} bytes, channels ${c.dma_in[i]} of ${l.core_in} in, ${c.dma_out[i]} of ${l.core_out} out`;
  if (number < 0) return `Core tile ${place}: free; ${memory}`;
  const layer = view.layers[number], tile = layer.tiles.find((t) => same(t, point));
  const role = layer.parts[1] > 1 ? `, cascade position ${tile.k + 1} of ${layer.parts[1]}` : "";
  return `Core tile ${place}: ${layer.letter} ${layer.name}, data part ${tile.m}, channel part ${tile.n}${role}; ${memory}; busy ${c.busy[i]} %; nets ${flows}`;
}

function element(name, text, className) {
  const node = document.createElement(name);
  if (text !== undefined) node.textContent = text;
  if (className) node.className = className;
  return node;
}

// Fill the panel below the array with a tile's memory: a map to scale, bank by bank, and a table of addresses.
function showTile(view, panel, point, text, close) {
  panel.hidden = false;
  panel.replaceChildren();
  const button = element("button", "Close", "close");
  button.type = "button";
  button.addEventListener("click", close);
  const map = element("div", undefined, "map");
  panel.append(button, element("h3", text), map);
  if (point.kind === "port") return;
  const rows = residents(view, point);
  map.append(memoryMap(view, point, rows), memoryTable(rows, view));
}

function memoryMap(view, point, rows) {
  const banks = point.kind === "memory" ? 1 : view.limits.banks;
  const size = (point.kind === "memory" ? view.limits.memory_bytes : view.limits.core_bytes) / banks;
  const width = 62, height = 190, svg = document.createElementNS(SVG, "svg");
  for (const [key, value] of Object.entries({ width: banks * (width + 8), height: height + 34, role: "img", "aria-label": "Memory map, address 0 at the top" })) {
    svg.setAttribute(key, value);
  }
  for (let bank = 0; bank < banks; bank++) {
    shape(svg, "text", { x: bank * (width + 8), y: 12, "font-size": 11 }, banks > 1 ? `bank ${bank}` : "512 KB".replace("512", String(size / 1024)));
    shape(svg, "rect", { x: bank * (width + 8), y: 18, width, height, fill: "#fff", stroke: "#8a9099" });
  }
  for (const row of rows) {
    let offset = row.offset, left = row.bytes;
    while (left > 0) { // a buffer longer than what is left of its bank goes on in the next one
      const bank = Math.floor(offset / size), part = Math.min(left, (bank + 1) * size - offset);
      if (bank >= banks) break;
      const y = 18 + ((offset - bank * size) / size) * height;
      shape(svg, "rect", { x: bank * (width + 8), y, width, height: Math.max(2.5, (part / size) * height), fill: row.owner < 0 ? "#fff" : view.layers[row.owner].fill, stroke: "#30343a", "stroke-width": 0.7 });
      if ((part / size) * height > 12) shape(svg, "text", { x: bank * (width + 8) + 3, y: y + 11, "font-size": 10 }, row.what.slice(0, 11));
      offset += part;
      left -= part;
    }
  }
  return svg;
}

function memoryTable(rows, view) {
  const table = element("table"), head = table.createTHead().insertRow();
  for (const name of ["buffer", "layer", "bytes", "offset", "bank"]) head.append(element("th", name));
  const body = table.createTBody();
  for (const row of rows) {
    const line = body.insertRow();
    const owner = row.owner < 0 ? "input" : view.layers[row.owner].letter;
    for (const value of [row.what.slice(0, 60), owner, row.bytes, `0x${row.offset.toString(16)}`, row.bank]) line.append(element("td", String(value)));
  }
  return table;
}
