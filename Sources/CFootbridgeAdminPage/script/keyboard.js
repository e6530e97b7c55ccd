// Keys: j and k go through rows, / searches, Escape goes back, ? tells.

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  const isTyping = event.target.matches("input:not([type=checkbox]), textarea, select");
  if (event.key === "Escape") return leave(event, isTyping);
  if (isTyping) return;
  const actions = { j: () => moveRow(1), k: () => moveRow(-1), "/": () => shown.search?.focus(), "?": showKeys };
  tabs.forEach(({ id }, index) => { if (shown.route !== undefined) actions[index + 1] = () =>
    { location.hash = routePath(shown.route, id); }; });
  if (!Object.hasOwn(actions, event.key)) return;
  event.preventDefault();
  actions[event.key]();
});

function moveRow(by) {
  const rows = [...document.querySelectorAll("main [data-row]")].filter((row) => row.checkVisibility());
  const current = rows.findIndex((row) => row === document.activeElement
    || row.closest("tr")?.contains(document.activeElement));
  const next = rows[current < 0 ? (by > 0 ? 0 : rows.length - 1)
    : Math.max(0, Math.min(rows.length - 1, current + by))];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
}

// Out of a search, which empties first; then up.
function leave(event, isTyping) {
  if (isTyping) {
    if (event.target.type === "search" && event.target.value) {
      event.preventDefault();
      event.target.value = "";
      event.target.dispatchEvent(new Event("input"));
    } else {
      event.target.blur();
    }
  } else if (shown.parent) {
    location.hash = shown.parent;
  }
}
