// Players: what was computed before the page was written, shown step by step on a canvas.
// A drawing is { choices, length, draw, label, readout }; see particle_drawing.js and strategy_drawing.js.
const nashlens = { drawings: {} };

nashlens.ink = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
nashlens.colour = (k) => nashlens.ink(`--line-${k % 8}`);

nashlens.element = (tag, settings = {}, ...inside) => {
  const made = Object.assign(document.createElement(tag), settings);
  made.append(...inside);
  return made;
};

// Fit a canvas to its box, and return its context in CSS pixels, cleared, with its width and height.
nashlens.cleared = (canvas) => {
  const scale = window.devicePixelRatio || 1;
  const width = canvas.clientWidth;
  const height = canvas.clientHeight;
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const pen = canvas.getContext("2d");
  pen.setTransform(scale, 0, 0, scale, 0, 0);
  pen.clearRect(0, 0, width, height);
  return { pen, width, height };
};

(() => {
  "use strict";
  const PER_SECOND = 5;
  const SPEEDS = [0.25, 0.5, 1, 2, 4];

  // One select a kind of choice; what is chosen is the first item that has all the chosen words.
  function chooser(items, kinds, changed) {
    const selects = kinds.map(([key, label]) => {
      const words = [...new Set(items.map((item) => item[key]))];
      const select = nashlens.element("select", {}, ...words.map((word) => new Option(word, word)));
      return { key, select, shown: nashlens.element("label", { hidden: words.length < 2 }, `${label} `, select) };
    });
    let chosen = items[0];
    function choose(first) {
      const fits = (item, parts) => parts.every(({ key, select }) => item[key] === select.value);
      chosen = items.find((item) => fits(item, selects)) || items.find((item) => fits(item, [first]));
      for (const { key, select } of selects) {
        const others = selects.filter((each) => each.key !== key && each !== selects[selects.length - 1]);
        for (const option of select.options) {
          option.hidden = select === selects[selects.length - 1].select
            && !items.some((item) => item[key] === option.value && fits(item, others));
        }
        select.value = chosen[key];
      }
      changed();
    }
    for (const each of selects) each.select.addEventListener("change", () => choose(each));
    return { item: () => chosen, start: () => choose(selects[0]), shown: selects.map((each) => each.shown) };
  }

  function build(box) {
    const data = JSON.parse(document.getElementById(box.dataset.source).textContent);
    const drawing = nashlens.drawings[data.kind](data);
    const canvas = nashlens.element("canvas", { className: "stage" });
    canvas.setAttribute("role", "img");
    const play = nashlens.element("button", { type: "button", className: "play" }, "Play");
    const back = nashlens.element("button", { type: "button", className: "back" }, "Step back");
    const on = nashlens.element("button", { type: "button", className: "on" }, "Step");
    const slider = nashlens.element("input", { type: "range", min: 0, step: 1, value: 0 });
    slider.setAttribute("aria-label", drawing.time);
    const speed = nashlens.element("select", {}, ...SPEEDS.map((s) => new Option(`${s}×`, s, s === 1, s === 1)));
    const said = nashlens.element("output", { className: "moment" });
    const readout = nashlens.element("div", { className: "readout" });
    const state = { at: 0, playing: false, before: 0 };

    function show() {
      const item = choice.item();
      const last = drawing.length(item) - 1;
      slider.max = last;
      slider.value = Math.floor(state.at);
      box.dataset.step = Math.floor(state.at);
      said.textContent = drawing.label(item, Math.floor(state.at));
      canvas.setAttribute("aria-label", `${drawing.about(item)}, ${said.textContent}`);
      drawing.draw(canvas, item, state.at);
      drawing.readout(readout, item, Math.floor(state.at));
    }
    function stop() {
      state.playing = false;
      state.at = Math.floor(state.at);
      play.textContent = "Play";
    }
    function tick(now) {
      if (!state.playing) return;
      const last = drawing.length(choice.item()) - 1;
      // The time of a frame can lie before the click that asked for it.
      const passed = Math.max(0, now - state.before) / 1000;
      state.at = Math.min(last, state.at + passed * PER_SECOND * Number(speed.value));
      state.before = Math.max(now, state.before);
      if (state.at >= last) stop();
      show();
      if (state.playing) requestAnimationFrame(tick);
    }
    function jump(to) {
      stop();
      state.at = Math.max(0, Math.min(drawing.length(choice.item()) - 1, to));
      show();
    }
    play.addEventListener("click", () => {
      if (state.playing) {
        stop();
        show();
        return;
      }
      if (state.at >= drawing.length(choice.item()) - 1) state.at = 0;
      state.playing = true;
      state.before = performance.now();
      play.textContent = "Pause";
      requestAnimationFrame(tick);
    });
    back.addEventListener("click", () => jump(Math.floor(state.at) - 1));
    on.addEventListener("click", () => jump(Math.floor(state.at) + 1));
    slider.addEventListener("input", () => jump(Number(slider.value)));
    const choice = chooser(data.items, data.choices, () => jump(0));
    const buttons = nashlens.element("div", { className: "controls" }, play, back, on);
    buttons.append(nashlens.element("label", {}, "speed ", speed), said);
    const choices = nashlens.element("div", { className: "controls" }, ...choice.shown);
    box.replaceChildren(choices, nashlens.element("div", { className: "theatre" }, canvas, readout), slider, buttons);
    choice.start();
    new ResizeObserver(show).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show);
  }

  nashlens.start = () => document.querySelectorAll("[data-source]").forEach(build);
})();
