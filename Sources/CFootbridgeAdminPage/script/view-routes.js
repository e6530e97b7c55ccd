// All routes: the first thing that one sees.

const routeColumns = [
  ["Route", "", { by: (route) => route.route }],
  ["Last hour", "wide"],
  ["Read/s", "number wide", { by: (route) => -route.rates?.read }],
  ["Deliv./s", "number", { by: (route) => -route.rates?.delivered, long: "Delivered per second" }],
  ["Failed/s", "number mid", { by: (route) => -route.rates?.failed }],
  ["p50", "number wide", { by: (route) => -(route.latency_ms?.p50 ?? 0), long: "Latency, median of the last minute" }],
  ["p99", "number mid", { by: (route) => -(route.latency_ms?.p99 ?? 0),
    long: "Latency, 99 of 100 in the last minute" }],
  ["Waiting", "number wide", { by: (route) => -route.waiting, long: "Entries that wait for their next attempt" }],
  ["Owed", "number", { by: (route) => -(route.owed ?? 0), long: "Read or unread, and not settled yet" }],
  ["Oldest", "number", { by: (route) => -(route.oldest_age_s ?? 0), long: "Age of the oldest entry that is owed" }],
  ["Dead", "number mid", { by: (route) => -deadLetters(route), long: "Dead letters" }],
  ["Endpoints", "wide", { by: (route) => -route.endpoints_down }],
];

const deadLetters = (route) => (route.streams ?? []).reduce((sum, { dead_letters = 0 }) => sum + dead_letters, 0);

function routesView() {
  const summary = h("p.summary");
  const search = h("input", { type: "search", placeholder: "Filter", "aria-label": "Filter routes", autocomplete: "off",
    oninput: () => update(store.status) });
  const figures = h("dl.figures");
  const body = h("tbody");
  const none = h("div");
  let sorting = null;
  const columns = routeColumns.map(([title, classes, { by, long } = {}], index) => {
    if (!by) return [title, classes];
    const sortButton = button(title, () => {
      sorting = sorting === index ? null : index;
      sortButtons.forEach((other, place) => other?.closest("th").setAttribute("aria-sort",
        place !== sorting ? "none" : place ? "descending" : "ascending"));
      order = null;
      update(store.status);
    }, "sort");
    if (long) sortButton.title = long;
    return [title, classes, sortButton];
  });
  const sortButtons = columns.map(([, , content]) => content);
  const list = table("Routes", columns, body);
  const element = h("section", {}, h("div.head", {}, h("h1", { tabindex: "-1" }, "Routes"), summary, search), figures,
    list, none);
  const tiles = figureTiles(figures, ["Delivered/s", "Failed/s", "In flight", "Waiting", "Owed", "Oldest",
    "Dead letters"]);
  let order = null, orderKey = "";

  // Rows move only when a standing changes or the reader asks: figures that change each second would make them jump.
  function sorted(routes) {
    const key = JSON.stringify([sorting, routes.map((route) => [route.route, severityOf(route)])]);
    if (!order || key !== orderKey) {
      orderKey = key;
      const by = sorting === null ? (route) => severities.indexOf(severityOf(route)) : routeColumns[sorting][2].by;
      const compare = (a, b) => (by(a) < by(b) ? -1 : by(a) > by(b) ? 1 : a.route.localeCompare(b.route));
      order = new Map(routes.toSorted(compare).map(({ route }, index) => [route, index]));
    }
    return routes.toSorted((a, b) => order.get(a.route) - order.get(b.route));
  }

  function update(status) {
    if (!status) return;
    const { routes } = status;
    const troubled = routes.filter(needsAttention).length;
    setText(summary, `${plural(routes.length, "route")}, ${troubled ? `${troubled} in trouble` : "all well"}`);
    const sum = (value) => routes.reduce((total, route) => total + (value(route) ?? 0), 0);
    tiles([rate(sum((r) => r.rates?.delivered)), rate(sum((r) => r.rates?.failed)), count(sum((r) => r.in_flight)),
      count(sum((r) => r.waiting)),
      count(sum((r) => r.owed)), age(Math.max(0, ...routes.map((r) => r.oldest_age_s ?? 0))), count(sum(deadLetters))]);
    const wanted = search.value.trim().toLowerCase();
    const shown = sorted(routes).filter((route) => `${route.route} ${meaning(route.state).word} ${reasonOf(route)}`.toLowerCase().includes(wanted));
    keyed(body, shown, (route) => route.route, routeRow);
    list.hidden = !shown.length;
    replaceIfChanged(none, [routes.length, shown.length, shown.length ? "" : wanted], () => {
      if (!routes.length) return empty("No routes. They stand under routes: in the configuration.");
      return shown.length ? null : empty("No route matches the filter.");
    });
  }

  return { element, update, search, title: "Routes", parent: null };
}

function routeRow({ route: name }) {
  const spark = sparkline();
  const state = h("span");
  const reason = h("span.reason");
  const cells = Object.fromEntries(["read", "delivered", "failed", "p50", "p99", "waiting", "owed", "oldest", "dead",
    "endpoints"].map((key) => [key, h("td")]));
  const link = h("a.name", { href: routePath(name), "data-row": true }, told(name));
  cells.read.className = cells.p50.className = cells.waiting.className = "number wide";
  cells.failed.className = cells.p99.className = cells.dead.className = "number mid";
  cells.delivered.className = cells.owed.className = cells.oldest.className = "number";
  cells.endpoints.className = "wide";
  const element = rowClick(h("tr", {},
    h("th", { scope: "row" }, h("div.route-name", {}, link, state), reason), h("td.wide", {}, spark.element),
      Object.values(cells)));
  return {
    element,
    update(route) {
      const severity = severityOf(route);
      element.className = severity;
      replaceIfChanged(state, [route.state, severity], () => badge(route.state, severity));
      replaceIfChanged(reason, reasonOf(route), () => reasonOf(route) && told(reasonOf(route)));
      const { rates = {}, latency_ms: latency = {} } = route;
      setText(cells.read, rate(rates.read));
      setText(cells.delivered, rate(rates.delivered));
      setText(cells.failed, rate(rates.failed));
      cells.failed.classList.toggle("bad", rates.failed > 0);
      setText(cells.p50, milliseconds(latency.p50));
      setText(cells.p99, milliseconds(latency.p99));
      setText(cells.waiting, count(route.waiting));
      setText(cells.owed, count(route.owed));
      setText(cells.oldest, age(route.oldest_age_s));
      setText(cells.dead, count(deadLetters(route)));
      cells.dead.classList.toggle("bad", deadLetters(route) > 0);
      setText(cells.endpoints, endpointsSummary(route));
      spark.update(trendOf(route.route), serverNow());
    },
  };
}

function endpointsSummary({ endpoints_known: known = 0, endpoints_down: down = 0, endpoints = [] }) {
  if (down) return known === 1 ? "down" : `${count(down)} of ${count(known)} down`;
  const doubtful = endpoints.filter(({ standing }) => standing === "doubtful").length;
  if (doubtful) return known === 1 ? "doubtful" : `${doubtful} of ${count(known)} doubtful`;
  return known ? (known === 1 ? "well" : `${count(known)} well`) : unknown;
}

// Named figures in a row; gives the function that sets them.
function figureTiles(list, names) {
  const values = names.map(() => h("dd"));
  list.append(...names.map((name, index) => h("div", {}, h("dt", {}, name), values[index])));
  return (texts) => texts.forEach((text, index) => setText(values[index], text));
}
