// Tables: a click on a header sorts, a text field filters. Without this script the tables stand as they were written.
(() => {
  "use strict";
  const MANY = 8;
  const NEXT = { none: "ascending", ascending: "descending", descending: "none" };

  // The first number of a cell; null where there is none, such as in "no value: diverged".
  function numberIn(text) {
    const found = text.replaceAll(",", "").replaceAll("−", "-").match(/^-?(\d+\.?\d*|\.\d+)(e-?\d+)?/);
    return found ? Number(found[0]) : null;
  }

  function order(one, other, column) {
    const words = [one, other].map((row) => (row.cells[column] ? row.cells[column].textContent.trim() : ""));
    const numbers = words.map(numberIn);
    if (numbers[0] !== null && numbers[1] !== null) return numbers[0] - numbers[1];
    if (numbers[0] !== null || numbers[1] !== null) return numbers[0] !== null ? -1 : 1;
    return words[0].localeCompare(words[1], "en");
  }

  function sort(table, column, direction) {
    const body = table.tBodies[0];
    const rows = [...body.rows].sort((a, b) => a.dataset.place - b.dataset.place);
    if (direction !== "none") {
      const sign = direction === "ascending" ? 1 : -1;
      const empty = (row) => (row.cells[column] && row.cells[column].textContent.trim() !== "" ? 0 : 1);
      rows.sort((a, b) => empty(a) - empty(b) || sign * order(a, b, column));
    }
    body.append(...rows);
    [...table.tHead.rows[0].cells].forEach((head, k) => {
      head.setAttribute("aria-sort", k === column ? direction : "none");
    });
  }

  function addSorting(table, tools) {
    const heads = [...table.tHead.rows[0].cells];
    [...table.tBodies[0].rows].forEach((row, k) => { row.dataset.place = k; });
    const choice = document.createElement("select");
    choice.add(new Option("as written", ""));
    heads.forEach((head, k) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      head.setAttribute("aria-sort", "none");
      button.addEventListener("click", () => {
        sort(table, k, NEXT[head.getAttribute("aria-sort")]);
        choice.value = "";
      });
      choice.add(new Option(`${button.textContent}, rising`, `${k} ascending`));
      choice.add(new Option(`${button.textContent}, falling`, `${k} descending`));
    });
    choice.addEventListener("change", () => {
      const [column, direction] = choice.value ? choice.value.split(" ") : ["0", "none"];
      sort(table, Number(column), direction);
    });
    const label = document.createElement("label");
    label.className = "sorting";
    label.append("sort ", choice);
    tools.append(label);
  }

  function addFilter(table, tools) {
    const rows = [...table.tBodies[0].rows];
    const field = document.createElement("input");
    field.type = "search";
    field.autocomplete = "off";
    const label = document.createElement("label");
    label.append("filter ", field);
    const said = document.createElement("output");
    field.addEventListener("input", () => {
      const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      for (const row of rows) {
        const text = row.textContent.toLowerCase();
        row.hidden = !words.every((word) => text.includes(word));
        shown += row.hidden ? 0 : 1;
      }
      said.textContent = words.length ? `${shown} of ${rows.length} rows` : "";
    });
    tools.append(label, said);
  }

  for (const table of document.querySelectorAll("table.data")) {
    const n = table.tBodies[0].rows.length;
    if (n < 2) continue;
    const tools = document.createElement("div");
    tools.className = "tools";
    if (n > MANY) addFilter(table, tools);
    addSorting(table, tools);
    table.parentElement.before(tools);
  }
  document.documentElement.classList.add("scripted");
})();
