// Which tiles exchange data: the windows of both ends of an edge, as fractions of the activation, overlap.

// Window number `piece` of a partition as [sample, row, column]; columns count fastest.
function windowOf(piece, parts) {
  return [Math.floor(piece / (parts.columns * parts.rows)), Math.floor(piece / parts.columns) % parts.rows, piece % parts.columns];
}

function overlaps(a, aParts, b, bParts) {
  const sizes = [[aParts.samples, bParts.samples], [aParts.rows, bParts.rows], [aParts.columns, bParts.columns]];
  const at = windowOf(a, aParts), bt = windowOf(b, bParts);
  return sizes.every(([m, n], i) => at[i] * n < (bt[i] + 1) * m && bt[i] * m < (at[i] + 1) * n);
}

// The number of the window that a tile reads or writes, as in docs/problem.md.
function pieceOf(layer, tile, channel, channels) {
  if (!layer.left) return tile.m * channels + channel;
  const sample = Math.floor(tile.m / layer.data.columns), column = tile.m % layer.data.columns;
  return (sample * channels + channel) * layer.data.columns + column;
}

// One end of an edge: every point there with its window.
function writers(view, edge) {
  if (edge.producer < 0) return ports(view, edge, "in");
  const layer = view.layers[edge.producer];
  return layer.tiles.filter((t) => t.k === layer.parts[1] - 1).map((t) => ({ point: t, piece: pieceOf(layer, t, t.n, layer.parts[2]) }));
}

function readers(view, edge) {
  if (edge.consumer < 0) return ports(view, edge, "out");
  const layer = view.layers[edge.consumer];
  return layer.tiles.map((t) => ({ point: t, piece: pieceOf(layer, t, t.k, layer.parts[1]) }));
}

function ports(view, edge, direction) {
  return view.plio.filter((p) => p.tensor === edge.tensor && p.direction === direction).map((p) => ({ point: p, piece: p.piece }));
}

// Every hop that starts or ends at `point` (a tile, a memory tile or a port): [from, to, edge number].
function linksAt(view, point) {
  const links = [];
  view.edges.forEach((edge, number) => {
    const ends = [writers(view, edge), readers(view, edge)];
    const memories = edge.memory_tiles.map((m, piece) => ({ point: m, piece }));
    const stages = memories.length
      ? [[ends[0], edge.written, memories, edge.shards], [memories, edge.shards, ends[1], edge.read]]
      : [[ends[0], edge.written, ends[1], edge.read]];
    for (const [from, fromParts, to, toParts] of stages) {
      const here = from.filter((f) => same(f.point, point));
      const there = to.filter((t) => same(t.point, point));
      if (!here.length && !there.length) continue;
      for (const f of from) {
        for (const t of here.includes(f) ? to : there) {
          if (overlaps(f.piece, fromParts, t.piece, toParts)) links.push([f.point, t.point, number]);
        }
      }
    }
  });
  return links;
}

function same(a, b) {
  return a.kind === b.kind && a.col === b.col && a.row === b.row;
}
