// An episode of a particle world: bodies, paths, goals, messages; beside them rewards over time.
nashlens.drawings.episodes = (data) => {
  "use strict";
  const n = data.agents.length;
  const sides = [...new Set(data.agents.map((agent) => agent.side))];
  const colourOf = (i) => nashlens.colour(sides.length > 1 ? sides.indexOf(data.agents[i].side) : i);
  // Rows that never change are written once.
  const row = (rows, step) => rows[Math.min(step, rows.length - 1)];
  const value = (number) => (number / data.scale).toFixed(2).replace("-", "−");

  // Where body k is at a moment between two steps; a landmark does not glide to its next place.
  function place(item, at, k) {
    const before = item.positions[Math.floor(at)];
    const after = item.positions[Math.min(Math.floor(at) + 1, item.positions.length - 1)];
    const part = k < n ? at - Math.floor(at) : 0;
    return [0, 1].map((axis) => (before[2 * k + axis] * (1 - part) + after[2 * k + axis] * part) / data.scale);
  }

  function draw(canvas, item, at) {
    const { pen, width, height } = nashlens.cleared(canvas);
    const unit = Math.min(width, height) / (2 * item.reach);
    const at_ = ([x, y]) => [width / 2 + (x - item.centre[0]) * unit, height / 2 - (y - item.centre[1]) * unit];
    const step = Math.floor(at);
    pen.strokeStyle = nashlens.ink("--grid");
    pen.strokeRect(...at_([-1, 1]), 2 * unit, 2 * unit);
    data.landmarks.forEach((size, k) => {
      if (!row(item.standing, step)[k]) return;
      const [x, y] = at_(place(item, at, n + k));
      disc(pen, x, y, Math.max(2, size * unit), nashlens.ink("--quiet"), 0.45);
      if (row(item.targets, step)[k]) ring(pen, x, y, Math.max(2, size * unit) + 4);
    });
    data.agents.forEach((agent, i) => {
      trail(pen, item, at, i, at_);
      const [x, y] = at_(place(item, at, i));
      disc(pen, x, y, Math.max(2, agent.size * unit), colourOf(i), 0.85);
    });
    data.agents.forEach((agent, i) => {
      const [x, y] = at_(place(item, at, i));
      const said = heard(item, step, i);
      label(pen, said ? `${agent.name} “${said}”` : agent.name, x, y - Math.max(2, agent.size * unit) - 5, width);
    });
  }

  function disc(pen, x, y, radius, colour, alpha) {
    pen.globalAlpha = alpha;
    pen.fillStyle = colour;
    pen.beginPath();
    pen.arc(x, y, radius, 0, 2 * Math.PI);
    pen.fill();
    pen.globalAlpha = 1;
  }

  function ring(pen, x, y, radius) {
    pen.strokeStyle = nashlens.ink("--ink");
    pen.lineWidth = 2;
    pen.beginPath();
    pen.arc(x, y, radius, 0, 2 * Math.PI);
    pen.stroke();
    pen.lineWidth = 1;
  }

  function trail(pen, item, at, i, at_) {
    pen.strokeStyle = colourOf(i);
    pen.globalAlpha = 0.7;
    pen.lineWidth = 1.5;
    pen.beginPath();
    for (let t = 0; t <= Math.floor(at); t += 1) pen.lineTo(...at_(place(item, t, i)));
    pen.lineTo(...at_(place(item, at, i)));
    pen.stroke();
    pen.globalAlpha = 1;
    pen.lineWidth = 1;
  }

  function label(pen, text, x, y, width) {
    pen.font = "12px system-ui, sans-serif";
    pen.textAlign = "center";
    const half = pen.measureText(text).width / 2;
    const inside = Math.max(half + 2, Math.min(width - half - 2, x));
    pen.lineWidth = 3;
    pen.strokeStyle = nashlens.ink("--paper");
    pen.strokeText(text, inside, Math.max(12, y));
    pen.lineWidth = 1;
    pen.fillStyle = nashlens.ink("--ink");
    pen.fillText(text, inside, Math.max(12, y));
  }

  // Before the first step nothing was said yet, and some agents never say anything.
  const heard = (item, step, i) => (step && item.messages[step] && item.messages[step][i] ? word(item.messages[step][i]) : "");

  // A message as the number of its largest entry, with that entry where it is not 1.
  function word(message) {
    const most = Math.max(...message);
    if (most <= 0) return "nothing";
    const share = (most / data.scale).toFixed(2);
    return most >= data.scale ? `${message.indexOf(most)}` : `${message.indexOf(most)} (${share})`;
  }

  function rewards(canvas, item, step) {
    const { pen, width, height } = nashlens.cleared(canvas);
    const flat = item.rewards.flat();
    const top = Math.max(...flat, 0);
    const bottom = Math.min(...flat, 0);
    pen.font = "11px system-ui, sans-serif";
    const marks = [...new Set([top, 0, bottom])];
    const left = 10 + Math.max(...marks.map((mark) => pen.measureText(value(mark)).width));
    const y = (r) => 8 + ((top - r) / Math.max(top - bottom, 1)) * (height - 16);
    const x = (t) => left + (t / Math.max(item.rewards.length, 1)) * (width - left - 4);
    pen.fillStyle = nashlens.ink("--quiet");
    pen.textAlign = "right";
    // Zero has no number where it would touch another one.
    for (const mark of marks) {
      if (mark === 0 && [top, bottom].some((end) => end !== 0 && Math.abs(y(end) - y(0)) < 12)) continue;
      pen.fillText(value(mark), left - 6, y(mark) + 4);
    }
    pen.strokeStyle = nashlens.ink("--grid");
    line(pen, [[x(0), y(0)], [x(item.rewards.length), y(0)]]);
    data.agents.forEach((_, i) => {
      pen.strokeStyle = colourOf(i);
      pen.setLineDash(i % 2 ? [4, 2] : []);
      line(pen, item.rewards.map((each, t) => [x(t + 1), y(each[i])]));
      pen.setLineDash([]);
    });
    pen.strokeStyle = nashlens.ink("--ink");
    line(pen, [[x(step), 0], [x(step), height]]);
  }

  function line(pen, points) {
    pen.beginPath();
    points.forEach((point) => pen.lineTo(...point));
    pen.stroke();
  }

  function readout(box, item, step) {
    if (!box.firstChild) {
      const canvas = nashlens.element("canvas", { className: "rewards" });
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", "reward of each agent over the steps of the episode");
      const heads = ["agent", "reward", "so far", "says"].map((word_) => nashlens.element("th", { scope: "col" }, word_));
      const head = nashlens.element("thead", {}, nashlens.element("tr", {}, ...heads));
      const body = nashlens.element("tbody");
      const facts = nashlens.element("p", { className: "facts" });
      box.append(nashlens.element("p", { className: "facts" }, "reward of each agent at each step"), canvas,
        nashlens.element("table", { className: "moments" }, head, body), facts);
    }
    rewards(box.querySelector("canvas"), item, step);
    const rows = data.agents.map((agent, i) => {
      const so_far = item.rewards.slice(0, step).reduce((sum, each) => sum + each[i], 0);
      const now = step ? value(item.rewards[step - 1][i]) : "";
      const said = heard(item, step, i);
      const mark = nashlens.element("span", { className: "mark" });
      mark.style.background = colourOf(i);
      const cells = [now, value(so_far), said].map((text) => nashlens.element("td", {}, text));
      return nashlens.element("tr", {}, nashlens.element("td", {}, mark, agent.name), ...cells);
    });
    box.querySelector("tbody").replaceChildren(...rows);
    const told = Object.entries(item.facts).map(([name, values]) => `${name} ${[row(values, step)].flat().join(", ")}`);
    box.lastChild.textContent = told.join("; ");
  }

  return {
    time: "step of the episode",
    length: (item) => item.positions.length,
    label: (item, step) => `step ${step} of ${item.n_steps}`,
    about: (item) => `${data.title}: ${item.algorithm}, ${item.seed}`,
    draw,
    readout,
  };
};
