// Strategies of a small matrix game on the square or the simplex, snapshot by snapshot.
nashlens.drawings.paths = (data) => {
  "use strict";
  const simplex = data.shape === "simplex";
  const high = simplex ? Math.sqrt(0.75) : 1;
  data.items = data.groups.flatMap((group) => group.seeds.map((seed) => ({ ...group, seed })));

  function draw(canvas, item, at) {
    const { pen, width, height } = nashlens.cleared(canvas);
    const unit = Math.min(width - 70, (height - 60) / high);
    const place = ([x, y]) => [(width - unit) / 2 + x * unit, height - 30 - y * unit];
    frame(pen, place, item);
    field(pen, place, item, unit);
    for (const point of pairs(item.equilibria)) ring(pen, ...place(point));
    item.paths.forEach((path) => walk(pen, place, path, at, path.label === item.seed));
    item.paths.filter((path) => path.label === item.seed).forEach((path) => walk(pen, place, path, at, true));
  }

  const pairs = (flat) => Array.from({ length: flat.length / 2 }, (_, k) => [flat[2 * k], flat[2 * k + 1]].map(scaled));
  const scaled = (number) => number / data.scale;

  function frame(pen, place, item) {
    pen.strokeStyle = nashlens.ink("--ink");
    pen.fillStyle = nashlens.ink("--ink");
    pen.font = "12px system-ui, sans-serif";
    const corners = simplex ? [[0, 0], [1, 0], [0.5, high]] : [[0, 0], [1, 0], [1, 1], [0, 1]];
    pen.beginPath();
    corners.forEach((corner) => pen.lineTo(...place(corner)));
    pen.closePath();
    pen.stroke();
    const below = ([x, y], text) => {
      pen.textAlign = "center";
      pen.fillText(text, ...place([x, y]).map((v, axis) => v + (axis ? 18 : 0)));
    };
    if (simplex) {
      below([0, 0], item.labels[0]);
      below([1, 0], item.labels[1]);
      pen.fillText(item.labels[2], place([0.5, high])[0], place([0.5, high])[1] - 8);
      return;
    }
    below([0.5, 0], item.labels[0]);
    const [x, y] = place([0, 0.5]);
    pen.save();
    pen.translate(x - 10, y);
    pen.rotate(-Math.PI / 2);
    pen.fillText(item.labels[1], 0, 0);
    pen.restore();
  }

  function field(pen, place, item, unit) {
    pen.strokeStyle = nashlens.ink("--quiet");
    pen.globalAlpha = 0.5;
    for (let k = 0; k < item.field.length; k += 4) {
      const [x, y, dx, dy] = item.field.slice(k, k + 4).map(scaled);
      const [cx, cy] = place([x, y]);
      const size = 0.02 * unit;
      pen.beginPath();
      pen.moveTo(cx - dx * size, cy + dy * size);
      pen.lineTo(cx + dx * size, cy - dy * size);
      pen.moveTo(cx + (dx * 0.3 - dy * 0.45) * size, cy - (dy * 0.3 + dx * 0.45) * size);
      pen.lineTo(cx + dx * size, cy - dy * size);
      pen.lineTo(cx + (dx * 0.3 + dy * 0.45) * size, cy - (dy * 0.3 - dx * 0.45) * size);
      pen.stroke();
    }
    pen.globalAlpha = 1;
  }

  function ring(pen, x, y) {
    pen.strokeStyle = nashlens.ink("--ink");
    pen.lineWidth = 1.5;
    pen.beginPath();
    pen.arc(x, y, 7, 0, 2 * Math.PI);
    pen.stroke();
    pen.lineWidth = 1;
  }

  function walk(pen, place, path, at, bold) {
    const points = pairs(path.points);
    const last = Math.min(at, points.length - 1);
    const whole = Math.floor(last);
    const next = points[Math.min(whole + 1, points.length - 1)];
    const now = points[whole].map((v, axis) => v + (next[axis] - v) * (last - whole));
    pen.strokeStyle = nashlens.colour(0);
    pen.globalAlpha = bold ? 1 : 0.3;
    pen.lineWidth = bold ? 2 : 1;
    pen.beginPath();
    points.slice(0, whole + 1).forEach((point) => pen.lineTo(...place(point)));
    pen.lineTo(...place(now));
    pen.stroke();
    pen.fillStyle = nashlens.colour(3);
    const [x, y] = place(now);
    const size = bold ? 5 : 3;
    pen.fillRect(x - size, y - size, 2 * size, 2 * size);
    pen.globalAlpha = 1;
    pen.lineWidth = 1;
  }

  function readout(box, item, step) {
    const own = item.paths.filter((path) => path.label === item.seed);
    const lines = own.map((path) => {
      const [x, y] = pairs(path.points)[Math.min(step, path.points.length / 2 - 1)];
      const words = simplex
        ? [1 - x - y / (2 * high), x - y / (2 * high), y / high].map((p, k) => `${item.labels[k]} ${Math.abs(p).toFixed(2)}`)
        : [x, y].map((p, k) => `${item.labels[k]} = ${p.toFixed(2)}`);
      return nashlens.element("p", {}, `${path.agent || path.label}: ${words.join(", ")}`);
    });
    box.replaceChildren(...lines);
  }

  return {
    time: "snapshot",
    length: (item) => item.steps.length,
    label: (item, step) => `snapshot ${step + 1} of ${item.steps.length}, after ${item.steps[step].toLocaleString("en")} steps`,
    about: (item) => `strategies in ${data.title}: ${item.algorithm}, ${item.seed}`,
    draw,
    readout,
  };
};
