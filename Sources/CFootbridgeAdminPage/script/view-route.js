// One route: its standing, what can be done about it, and the tabs.

const tabs = [
  { id: "", title: "Overview", make: overviewTab },
  { id: "endpoints", title: "Endpoints", make: endpointsTab,
    badge: (route) => (route.endpoints_down ? `${count(route.endpoints_down)} down` : "") },
  { id: "attempts", title: "Attempts", make: attemptsTab },
  { id: "waiting", title: "Waiting", make: waitingTab, badge: (route) => (route.waiting ? count(route.waiting) : "") },
  { id: "letters", title: "Dead letters", make: lettersTab,
    badge: (route) => (deadLetters(route) ? count(deadLetters(route)) : "") },
  { id: "try", title: "Try", make: tryTab },
];

// `rest` is what stands behind the tab in the path: the id of a letter or an entry.
function routeView(name, tabID, rest) {
  const tab = tabs.find(({ id }) => id === tabID) ?? tabs[0];
  const content = tab.id === "letters" && rest ? letterTab(name, rest) : tab.make(name, rest);
  const state = h("span"), why = h("span"), how = h("span.muted"), reason = h("p.reason", {}, why, how),
    about = h("p.about"), actions = h("div.buttons");
  const figures = h("dl.figures");
  const tiles = figureTiles(figures, ["Read/s", "Delivered/s", "Failed/s", "p50", "p99", "In flight", "Queued",
    "Waiting", "Owed", "Oldest"]);
  const counts = tabs.map(() => h("span.count"));
  const links = tabs.map(({ id, title }, index) =>
    h("a", { href: routePath(name, id), "aria-current": id === tab.id ? "page" : undefined, title: `Key ${index + 1}` },
      title, counts[index]));
  const known = h("div", {}, reason, about, figures);
  const missing = h("div");
  const element = h("section", {},
    h("div.head", {}, h("nav.crumbs", { "aria-label": "Place" }, h("a", { href: "#/" }, "Routes"),
      h("span", { "aria-hidden": "true" }, "/")),
      h("h1", { tabindex: "-1" }, told(name)), state, actions),
    known, h("nav.tabs", { "aria-label": "Tabs of the route" }, links), missing, content.element);

  function update(status) {
    if (!status) return;
    const route = status.routes.find((one) => one.route === name);
    replaceIfChanged(missing, !route, () => (route ? null : empty("This bridge has no such route.")));
    for (const part of [known, actions, content.element]) part.hidden = !route;
    if (!route) return;
    const severity = severityOf(route);
    replaceIfChanged(state, [route.state, severity], () => badge(route.state, severity));
    const since = route.since && (serverNow() - Date.parse(route.since)) / 1000;
    replaceIfChanged(why, reasonOf(route), () => told(reasonOf(route), 1000));
    setText(how, since && route.state !== "reading" ? ` for ${age(since)}` : "");
    reason.className = `reason ${severity}`;
    replaceIfChanged(about, [route.destination, route.group, (route.streams ?? []).map(({ stream }) => stream)], () =>
      [visible(route.destination), " · group ", told(route.group), " · ",
        (route.streams ?? []).map(({ stream }, index) =>
        [index ? ", " : route.streams.length > 1 ? "streams " : "stream ", told(stream)])]);
    replaceIfChanged(actions, route.state, () => routeActions(route));
    const { rates = {}, latency_ms: latency = {} } = route;
    tiles([rate(rates.read), rate(rates.delivered), rate(rates.failed), milliseconds(latency.p50),
      milliseconds(latency.p99),
      `${count(route.in_flight)} of ${count(route.concurrency)}`, count((route.queued ?? 0) + (route.blocked ?? 0)),
        count(route.waiting), count(route.owed), age(route.oldest_age_s)]);
    tabs.forEach(({ badge: text }, index) => setText(counts[index], text?.(route) ?? ""));
    content.update?.(route, status);
  }

  return { ...content, element, update, title: name, route: name,
    parent: tab.id === "letters" && rest ? routePath(name, "letters") : "#/",
    follows: tab.id === "attempts" ? name : undefined };
}

function routeActions({ route: name, state }) {
  const act = (verb, done) => async () => {
    const answer = await request("POST", ofRoute(name, `/${verb}`));
    if (answer.route === name) receiveRoute(answer);
    say(done);
  };
  const resume = workButton("Resume", act("resume", `${name} goes on, on all instances.`), "main");
  const pause = workButton("Pause", act("pause", `${name} is paused on all instances, until somebody resumes it.`));
  const drain = workButton("Drain", act("drain", `${name} reads nothing new and delivers what is pending, on all instances.`));
  pause.title = "Stops reading and sending on all instances";
  drain.title = "Reads nothing new, delivers what is pending";
  const retry = workButton("Retry now", act("retry", `All that waits for ${name} is due now.`));
  retry.title = "All that waits is due now; endpoints that are down are probed now";
  if (state === "paused") return [resume, drain];
  if (["draining", "drained"].includes(state)) return [resume, pause, retry];
  return [retry, pause, drain];
}
