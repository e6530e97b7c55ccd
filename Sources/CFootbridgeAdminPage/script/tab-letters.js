// The dead letters of a route: found, and replayed or dropped, one or many.

function lettersTab(name) {
  const body = h("tbody"), none = h("div"), selection = h("div.filters.selection", { role: "status" });
  const field = (label, properties) => h("input", { "aria-label": label, placeholder: label, autocomplete: "off",
    oninput: searchSoon, ...properties });
  const search = field("Search", { type: "search" }), reason = field("Reason, like exhausted", { type: "text" }),
    status = field("Status, like 422 or 5xx", { type: "text", size: 10 });
  const all = h("input", { type: "checkbox", "aria-label": "Select all that are shown", onchange: () => {
    for (const { box } of rows()) box.checked = all.checked;
    showSelection();
  } });
  const more = workButton("Show more", async () => load(next));
  const refresh = button("Refresh", () => load(), "plain");
  const list = table("Dead letters", [["", "", all], ["Given up"], ["Reason"], ["Status", "number mid"],
    ["Attempts", "number wide"], ["Entry", "mid"], ["Fields", "wide"]], body);
  const element = h("div", {}, h("h2.hidden", {}, "Dead letters"),
    h("div.filters", {}, search, reason, status, refresh), selection, list, none, more);
  let letters = [], next, timer, asked = 0, isLoaded = false, known;

  const rows = () => [...(body.keyedRows?.values() ?? [])];

  function searchSoon() {
    clearTimeout(timer);
    timer = setTimeout(() => load(), 200);
  }

  // From the newest on, or what comes after `before`. An answer that was overtaken by a newer question is dropped.
  async function load(before) {
    const number = (asked += 1);
    try {
      const answer = await request("GET", ofRoute(name,
        "/letters" + query({ search: search.value.trim(), reason: reason.value.trim(), status: status.value.trim(),
        before, limit: 50 })));
      if (number !== asked) return;
      letters = before ? [...letters, ...answer.letters] : answer.letters;
      next = answer.next;
      isLoaded = true;
    } catch (error) {
      if (number === asked) say(error.message, "bad");
    }
    show();
  }

  function show() {
    keyed(body, letters, ({ letter }) => letter, (letter) => letterRow(name, letter, showSelection));
    list.hidden = !letters.length;
    more.hidden = !next;
    const isFiltered = [search, reason, status].some(({ value }) => value.trim());
    replaceIfChanged(none, [isLoaded, letters.length > 0, isFiltered], () =>
      letters.length ? null : empty(!isLoaded ? "Loading…" : isFiltered ? "No dead letter matches."
        : "No dead letters."));
    showSelection();
  }

  function showSelection() {
    const chosen = rows().filter(({ box }) => box.checked);
    all.checked = chosen.length > 0 && chosen.length === letters.length;
    all.indeterminate = chosen.length > 0 && !all.checked;
    replaceIfChanged(selection, chosen.map(({ id }) => id), () => chosen.length > 0 && [
      h("strong", {}, `${plural(chosen.length, "letter")} selected`),
      workButton("Replay", () => forEach(chosen, "replayed", (id) => request("POST", ofLetter(name, id, "/replay"))),
        "main"),
      workButton("Drop", async () => {
        const text = `${plural(chosen.length, "letter")} of ${name} will be deleted. This cannot be undone.`;
        if (await confirm("Drop dead letters?", text, "Drop")) await forEach(chosen, "dropped",
          (id) => request("DELETE", ofLetter(name, id)));
      }, "danger"),
    ]);
  }

  // One after the other; what was done stays done when one fails.
  async function forEach(chosen, done, work) {
    let number = 0;
    try {
      for (const { id } of chosen) {
        await work(id);
        letters = letters.filter(({ letter }) => letter !== id);
        number += 1;
      }
    } finally {
      if (number) say(`${plural(number, "letter")} ${done}.`);
      await load();
    }
  }

  more.hidden = list.hidden = true;
  load();
  return {
    element,
    search,
    // Letters that came or went elsewhere: looked up when the number changes, unless the reader has selected some.
    update(route) {
      const number = deadLetters(route);
      if (known !== undefined && known !== number && letters.length <= 50
        && !rows().some(({ box }) => box.checked)) searchSoon();
      known = number;
    },
  };
}

function letterRow(name, letter, change) {
  const id = letter.letter;
  const box = h("input", { type: "checkbox", "aria-label": `Select ${id}`, onchange: change });
  const link = h("a", { href: routePath(name, "letters", id), "data-row": true }, told(letter.reason ?? "unknown", 80));
  return {
    id,
    box,
    element: rowClick(h("tr", {},
      h("td", {}, h("label.box", {}, box)), h("td.time", {}, letter.last_at ? moment(letter.last_at) : timeOfID(id)),
        h("td", {}, link, letter.response && h("span.reason.clip", {}, told(letter.response, 120))),
      h("td.number.mid", {}, visible(letter.status ?? unknown)), h("td.number.wide", {}, count(letter.attempts)),
        h("td.id.mid", {}, told(letter.entry ?? "")),
      h("td.clip.wide", {}, told(fieldsPreview(letter.fields), 160)))),
  };
}
