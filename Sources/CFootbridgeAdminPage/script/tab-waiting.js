// Entries that wait for their next attempt, the next one first.

function waitingTab(name) {
  const due = dueBars(), note = h("p.hint"), body = h("tbody"), none = h("div");
  const list = table("Waiting entries", [["Due", "number"], ["Entry"], ["Added", "mid"], ["Attempts", "number"],
    ["Stream", "mid"], ["Endpoint", "wide"]], body);
  const element = h("div", {}, h("h2.hidden", {}, "Waiting"), due.element, note, list, none);
  let isAsking = false, askedAt = -Infinity;

  async function ask() {
    if (isAsking || performance.now() - askedAt < 2000) return;
    isAsking = true;
    try {
      const { waiting, total } = await request("GET", ofRoute(name, "/waiting?limit=100"));
      keyed(body, waiting, ({ stream, entry }) => `${stream}\n${entry}`, (one) => waitingRow(name, one));
      setText(note, total > waiting.length ? `The next ${waiting.length} of ${count(total)}.` : "");
      list.hidden = !waiting.length;
      replaceIfChanged(none, waiting.length > 0, () => (waiting.length ? null : empty("Nothing waits.")));
    } catch (error) {
      setText(note, error.message);
    } finally {
      askedAt = performance.now();
      isAsking = false;
    }
  }

  list.hidden = true;
  return {
    element,
    update(route) {
      due.update(route.waiting_by_due ?? {});
      ask();
    },
  };
}

function waitingRow(name, { stream, entry, endpoint }) {
  const due = h("td.number"), attempts = h("td.number");
  const link = h("a", { href: routePath(name, "try", entry), "data-row": true, title: "Try this entry" }, told(entry));
  return {
    element: rowClick(h("tr", {}, due, h("td.id", {}, link), h("td.mid", {}, timeOfID(entry)), attempts,
      h("td.mid", {}, told(stream)), h("td.wide.clip", {}, told(endpoint ?? "", 80)))),
    update(one) {
      setText(due, one.due_in_s === undefined ? "with endpoint" : one.due_in_s <= 0 ? "now" : age(one.due_in_s));
      setText(attempts, count(one.attempts));
    },
  };
}
