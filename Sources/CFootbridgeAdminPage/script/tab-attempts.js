// The last attempts of a route, the newest first, as they happen.

const attemptsKept = 1000, attemptsShown = 200;
const attemptKey = (attempt) => [attempt.at, attempt.stream, attempt.entry, attempt.attempt,
  attempt.endpoint].join("\n");
const fates = { settled: "settled", retry: "again", dead: "dead letter", undecided: "undecided" };

function attemptsTab(name) {
  const kept = new Map(), none = h("div"), news = h("p.hint", { role: "status" });
  const opened = new Set();
  const field = (label, properties) => h("input", { "aria-label": label, placeholder: label, autocomplete: "off",
    oninput: show, ...properties });
  const entry = field("Entry, error or endpoint", { type: "search" }),
    status = field("Status, like 503 or 5xx", { type: "text", size: 10 });
  const failed = h("input", { type: "checkbox", onchange: show });
  const isLive = h("input", { type: "checkbox", checked: true, onchange: show });
  const columns = [["Time"], ["Entry"], ["Attempt", "number mid"], ["Result"], ["Duration", "number"], ["Then", "mid"],
    ["Endpoint", "wide"]];
  const list = table("Attempts", columns), attemptTable = list.firstChild;
  const element = h("div", {}, h("h2.hidden", {}, "Attempts"),
    h("div.filters", {}, entry, status, h("label.check", {}, failed, "failed only"),
      h("label.check", {}, isLive, "live"), news), list, none);
  let isLoaded = false, frozenAt = null;

  function receive(attempts) {
    for (const attempt of attempts) kept.set(attemptKey(attempt), attempt);
    for (const key of kept.keys()) {
      if (kept.size <= attemptsKept) break;
      kept.delete(key);
    }
    show();
  }

  function matches(attempt) {
    if (failed.checked && attempt.ok) return false;
    const wanted = status.value.trim().toLowerCase(), code = String(attempt.status ?? "");
    if (wanted && !(/^[1-5]xx$/.test(wanted) ? code[0] === wanted[0] : code === wanted)) return false;
    const text = [attempt.entry, attempt.endpoint, attempt.error, attempt.outcome,
      attempt.answer].join("\n").toLowerCase();
    return text.includes(entry.value.trim().toLowerCase());
  }

  // While the reader looks at one, nothing moves.
  function show() {
    const isFrozen = !isLive.checked || opened.size > 0;
    const all = [...kept.values()].filter(matches).toSorted((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : 0));
    if (!isFrozen) frozenAt = null;
    else frozenAt ??= all[0]?.at ?? "";
    const visibleOnes = (isFrozen ? all.filter(({ at }) => at <= frozenAt) : all).slice(0, attemptsShown);
    const newer = isFrozen ? all.filter(({ at }) => at > frozenAt).length : 0;
    setText(news, newer ? `${plural(newer, "newer one")} held back` : "");
    for (const key of opened) if (!visibleOnes.some((attempt) => attemptKey(attempt) === key)) opened.delete(key);
    keyed(attemptTable, visibleOnes, attemptKey, (attempt) => attemptRow(name, attempt, opened, show));
    list.hidden = !visibleOnes.length;
    replaceIfChanged(none, [isLoaded, kept.size > 0, visibleOnes.length > 0], () =>
      visibleOnes.length ? null : empty(!isLoaded ? "Loading…" : kept.size ? "No attempt matches."
        : "No attempts yet."));
  }

  (async () => {
    try {
      const { attempts } = await request("GET", "/api/v1/attempts" + query({ route: name, limit: attemptsKept }));
      isLoaded = true;
      receive(attempts);
    } catch (error) {
      say(error.message, "bad");
    }
  })();
  return { element, search: entry, receiveAttempts: receive };
}

function attemptRow(name, attempt, opened, show) {
  const key = attemptKey(attempt);
  const detail = h("td", { colspan: 7 }), detailRow = h("tr.detail", { hidden: true }, detail);
  const toggle = h("button.link", { type: "button", "data-row": true, "aria-expanded": "false", onclick: () => {
    const isOpen = !opened.delete(key);
    if (isOpen) opened.add(key);
    toggle.setAttribute("aria-expanded", String(isOpen));
    detailRow.hidden = !isOpen;
    replace(detail, isOpen && attemptDetail(name, attempt));
    show();
  } }, told(attempt.entry), attempt.entries > 1 && h("span.muted", {}, ` and ${attempt.entries - 1} more`));
  const result = attempt.ok ? String(attempt.status ?? "accepted") : attempt.status ? String(attempt.status)
    : attempt.outcome ?? "failed";
  const then = (fates[attempt.then] ?? visible(attempt.then ?? "")) + (attempt.next_in_s !== undefined
    ? ` in ${age(attempt.next_in_s)}` : "");
  const row = rowClick(h(`tr.${attempt.ok ? "well" : "down"}`, {},
    h("td.time", {}, moment(attempt.at)), h("td.id", {}, toggle), h("td.number.mid", {}, count(attempt.attempt)),
    h("td", {}, h(`span.badge.${attempt.ok ? "well" : "down"}`, {}, mark(attempt.ok ? "disc" : "cross"),
      told(result, 40)),
      attempt.error && !attempt.ok && h("span.reason.mid", {}, told(attempt.error, 80))),
    h("td.number", {}, milliseconds(attempt.duration_ms)), h("td.mid.time", {}, then),
      h("td.wide.clip", {}, told(attempt.endpoint ?? "", 80))));
  return { element: h("tbody", {}, row, detailRow) };
}

function attemptDetail(name, attempt) {
  const rows = [
    ["Stream", attempt.stream], ["Endpoint", attempt.endpoint], ["Attempt", attempt.attempt],
      ["Outcome", attempt.outcome], ["Error", attempt.error],
    ["Then", fates[attempt.then] ?? attempt.then], ["Added", timeOfID(attempt.entry)],
  ];
  return [
    pairList(rows),
    attempt.answer && [h("p.label", {}, "Head of the answer"), block(attempt.answer)],
    h("a", { href: routePath(name, "try", attempt.entry) }, "Try this entry"),
  ];
}
