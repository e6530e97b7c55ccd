// A route at a glance: the last hour, endpoints in trouble, what is due when, its streams.

const dues = [["now", "now"], ["10s", "in 10 s"], ["1m", "in 1 min"], ["10m", "in 10 min"], ["1h", "in 1 h"],
  ["later", "later"], ["endpoint", "with its endpoint"]];

function overviewTab(name) {
  const chart = timeline(name);
  const cards = h("div.cards"), troubled = h("section", {}, h("h2", {}, "Endpoints in trouble"), cards);
  const due = dueBars(), body = h("tbody"), totals = h("div");
  const element = h("div", {},
    h("h2", {}, "Last hour"), chart.element, troubled,
    h("div.columns", {},
      h("section", {}, h("h2", {}, "Waiting, by due time"), due.element),
      h("section", {}, h("h2", {}, "Since this instance started"), totals)),
    h("h2", {}, "Streams"),
    table("Streams", [["Stream"], ["State"], ["Unread", "number"], ["Pending", "number"], ["Oldest", "number"],
      ["Dead letters", "number mid"]], body));
  return {
    element,
    update(route, status) {
      chart.update(trendOf(name), serverNow());
      due.update(route.waiting_by_due ?? {});
      const bad = (route.endpoints ?? []).filter(({ standing }) => standing !== "well").slice(0, 3);
      troubled.hidden = !bad.length;
      keyed(cards, bad, ({ endpoint }) => endpoint, endpointCard);
      keyed(body, route.streams ?? [], ({ stream }) => stream, streamRow);
      const { totals: t = {} } = route;
      replaceIfChanged(totals, t, () => pairList([["Read", count(t.read)], ["Delivered", count(t.delivered)],
        ["Filtered", count(t.filtered)], ["Failed attempts", count(t.failed)],
        ["Dead letters", count(t.dead)], ["Started", moment(status.started_at)]]));
    },
  };
}

function dueBars() {
  const rows = dues.map(([key, label]) => ({ key, bar: h("span.bar"), number: h("span.number"),
    label: h("span", {}, label) }));
  const element = h("ul.dues", {}, rows.map(({ label, bar, number }) =>
    h("li", {}, label, h("span.track", {}, bar), number)));
  return {
    element,
    update(numbers) {
      const most = Math.max(1, ...dues.map(([key]) => numbers[key] ?? 0));
      for (const { key, bar, number } of rows) {
        const value = numbers[key] ?? 0;
        bar.style.width = `${(value / most) * 100}%`;
        setText(number, count(value));
      }
    },
  };
}

function streamRow() {
  const cells = Array.from({ length: 6 }, (_, index) =>
    h(index ? "td" : "th", { scope: index ? undefined : "row",
    class: index > 1 ? (index === 5 ? "number mid" : "number") : undefined }));
  return {
    element: h("tr", {}, cells),
    update(stream) {
      replaceIfChanged(cells[0], stream.stream, () => told(stream.stream));
      setText(cells[1], stream.reading ? (stream.leads === false ? "read by another instance" : "reading")
        : stream.leads === false ? "another instance leads" : "not reading");
      setText(cells[2], count(stream.unread));
      setText(cells[3], count(stream.pending));
      setText(cells[4], age(stream.oldest_age_s));
      setText(cells[5], count(stream.dead_letters));
      if (stream.dead_letter_stream) setAttribute(cells[5], "title", visible(stream.dead_letter_stream));
    },
  };
}
