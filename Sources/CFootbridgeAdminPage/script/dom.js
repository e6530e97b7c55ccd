// Elements. Nothing on this page is ever made from markup: children that are strings become text.

// h("td.number", { title: "…", onclick: f }, "text", element): null and false among the children are left out.
function h(name, properties = {}, ...children) {
  const [tag, ...classes] = name.split(".");
  const element = document.createElement(tag);
  if (classes.length) element.className = classes.join(" ");
  for (const [key, value] of Object.entries(properties)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value === true) element.setAttribute(key, "");
    else if (value !== false && value !== undefined && value !== null) element.setAttribute(key, value);
  }
  add(element, children);
  return element;
}

function add(element, children) {
  element.append(...children.flat(9).filter((child) => child !== null && child !== undefined && child !== false));
}

function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

// Strings of others stand in an element of their own, so that right-to-left text leaves its neighbours in place.
function told(text, length = 300) {
  const shown = visible(text);
  return h("bdi", { title: shown.length > length ? cut(shown, 2000) : undefined }, cut(shown, length));
}

function moment(value) {
  const date = new Date(value);
  return isNaN(date) ? unknown : h("time", { datetime: date.toISOString(), title: date.toISOString() }, time(date));
}

// Changes the page only where something changed: what is selected or read aloud stays.
function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function setAttribute(element, name, value) {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

function replace(element, ...children) {
  element.replaceChildren();
  add(element, children);
}

// Calls `make` only when what is shown changed since the last call.
function replaceIfChanged(element, shown, make) {
  const key = JSON.stringify(shown);
  if (element.shown === key) return;
  element.shown = key;
  replace(element, make());
}

// Rows for items. `make(item)` gives `{ element, update(item) }` once for each key; rows that stay keep their focus.
function keyed(parent, items, key, make) {
  const wanted = new Map(items.map((item) => [key(item), item]));
  const rows = (parent.keyedRows ??= new Map());
  for (const [id, row] of rows) {
    if (wanted.has(id)) continue;
    row.element.remove();
    rows.delete(id);
  }
  const focused = document.activeElement;
  let place = parent.firstElementChild;
  if (place?.tagName === "THEAD") place = place.nextElementSibling;
  for (const [id, item] of wanted) {
    if (!rows.has(id)) rows.set(id, make(item));
    const row = rows.get(id);
    row.update?.(item);
    if (row.element === place) place = place.nextElementSibling;
    else parent.insertBefore(row.element, place);
  }
  if (focused !== document.activeElement && parent.contains(focused)) focused.focus({ preventScroll: true });
}

function button(text, action, kind = "") {
  return h(kind ? `button.${kind}` : "button", { type: "button", onclick: action }, text);
}

// A button that cannot be pressed again while its work is under way.
function workButton(text, work, kind = "") {
  const element = button(text, async () => {
    if (element.getAttribute("aria-disabled")) return;
    element.setAttribute("aria-disabled", "true");
    try {
      await work();
    } catch (error) {
      say(error.message, "bad");
    } finally {
      element.removeAttribute("aria-disabled");
    }
  }, kind);
  return element;
}

// A table; columns are [title, classes], and the classes go to the head's cells only.
function table(label, columns, body) {
  const cells = columns.map(([title, classes = "", content]) =>
    h("th", { scope: "col", class: classes || undefined }, content ?? title));
  return h("div.scroll", {}, h("table", { "aria-label": label }, h("thead", {}, h("tr", {}, cells)), body));
}

// A click anywhere in a row is one on its link or button, unless text is being selected.
function rowClick(row) {
  row.addEventListener("click", (event) => {
    if (event.target.closest("a, button, input, label") || String(getSelection())) return;
    row.querySelector("[data-row]")?.click();
  });
  return row;
}

// What a thing is, in rows of name and value; those without a value are left out.
function pairList(rows, kind = "pairs") {
  return h(`dl.${kind}`, {}, rows.filter(([, value]) => value !== undefined && value !== null
    && value !== unknown).map(([name, value]) =>
    h("div", {}, h("dt", {}, typeof name === "string" ? visible(name) : name),
      h("dd", {}, value instanceof Node ? value : told(value, 2000)))));
}

function empty(text) {
  return h("p.empty", {}, text);
}
