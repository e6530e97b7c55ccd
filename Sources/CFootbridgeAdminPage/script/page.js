// What is shown where, and the frame around it.

const store = {
  status: null,
  /// Milliseconds that the bridge's clock is ahead of this one.
  skew: 0,
};

const serverNow = () => Date.now() + store.skew;

let shown = {};

function routePath(name, tab = "", rest = "") {
  return "#/routes/" + [name, tab, rest].filter((part, index) => index === 0 || part).map(encodeURIComponent).join("/");
}

function viewOf(hash) {
  let parts;
  try {
    parts = hash.replace(/^#\/?/, "").split("/").map(decodeURIComponent);
  } catch {
    parts = [];
  }
  return parts[0] === "routes" && parts.length > 1 ? routeView(parts[1], parts[2] ?? "", parts[3]) : routesView();
}

function show() {
  const before = shown;
  shown = viewOf(location.hash);
  document.querySelector("main").replaceChildren(shown.element);
  refresh();
  follow(shown.follows, receive);
  // Where the focus goes: to the row that one comes from, or else to the heading.
  const row = before.route !== undefined && shown.route === undefined
    && [...document.querySelectorAll("[data-row]")].find((link) =>
    link.getAttribute("href") === routePath(before.route));
  if (row) row.focus();
  else if (before.element) document.querySelector(before.route === shown.route && shown.route !== undefined
    ? "main [aria-current]" : "main h1").focus({ preventScroll: true });
  document.querySelector("main [aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  if (before.route !== shown.route) scrollTo(0, 0);
}

function receive(name, data) {
  if (name === "attempts") return shown.receiveAttempts?.(data.attempts);
  if (name !== "status") return;
  tellChanges(store.status, data);
  const at = Date.parse(data.at);
  store.status = data;
  if (at) store.skew = at - Date.now();
  for (const route of data.routes) trendOf(route.route).add(route, at);
  seedTrends(data.routes.map(({ route }) => route));
  refresh();
}

// The answer to an action tells at once what a status would tell within a second.
function receiveRoute(route) {
  if (!store.status) return;
  const routes = store.status.routes.map((one) => (one.route === route.route ? route : one));
  const before = store.status;
  store.status = { ...before, routes };
  tellChanges(before, store.status);
  refresh();
}

function tellChanges(before, after) {
  if (!before) return;
  const states = new Map(before.routes.map(({ route, state }) => [route, state]));
  const changed = after.routes.filter(({ route, state }) => states.get(route) !== state);
  if (changed.length) announce(changed.map(({ route, state, reason }) =>
    `${visible(route)}: ${meaning(state).word}${reason ? `, ${visible(reason)}` : ""}`).join(". "));
}

function refresh() {
  const { status } = store;
  shown.update?.(status);
  if (status) updateFrame(status);
  updateConnection();
}

function updateFrame(status) {
  const instance = document.getElementById("instance");
  setText(instance, visible(status.instance ?? ""));
  setAttribute(instance, "title", visible(`Footbridge ${status.version}, ${status.host}, process ${status.pid}, since ${status.started_at}`));
  const { up, round_trip_ms: trip, reconnects = 0 } = status.redis ?? {};
  const redis = document.getElementById("redis");
  replaceIfChanged(redis, [up, trip], () => [mark(up ? "disc" : "cross"),
    up ? `Redis ${milliseconds(trip)}` : "Redis is away"]);
  redis.className = `chip ${up ? "well" : "down"}`;
  setAttribute(redis, "title", `${plural(reconnects, "reconnection")}; the loop is late by ${milliseconds(status.loop_delay_ms)}`);
  const phase = document.getElementById("phase");
  phase.hidden = status.phase === "running";
  setText(phase, `This instance is ${visible(status.phase ?? "not running")}.`);
  const troubled = status.routes.filter(needsAttention).length;
  const title = [troubled ? `(${troubled})` : "", shown.title ?? "", "·", visible(status.instance ?? ""),
    "· Footbridge"].filter(Boolean).join(" ");
  if (document.title !== title) document.title = title;
}

// Figures that are no longer true look like it.
function updateConnection() {
  const silence = live.lastUpdate === null ? performance.now() : performance.now() - live.lastUpdate;
  const isLost = (silence > 3500 || (!live.isConnected && silence > 1500)) && !document.querySelector("#token");
  const banner = document.getElementById("lost");
  const chip = document.getElementById("live");
  document.body.classList.toggle("stale", isLost);
  chip.className = `chip ${isLost ? "down" : live.lastUpdate === null ? "idle" : "well"}`;
  replaceIfChanged(chip, [isLost, live.lastUpdate === null],
    () => isLost ? [mark("cross"), "Lost"] : live.lastUpdate === null ? [mark("ring"), "Connecting"]
    : [mark("disc"), "Live"]);
  if (banner.hidden !== !isLost) {
    banner.hidden = !isLost;
    // Said once by screen readers; the age beside it is not.
    document.getElementById("lost-text").textContent = isLost ? "Connection lost, trying again" : "";
  }
  setText(document.getElementById("lost-age"), live.lastUpdate === null ? "nothing received yet"
    : `last update ${Math.round(silence / 1000)} s ago`);
}

// The theme: as the system has it, light, dark.
function themeButton() {
  const themes = ["auto", "light", "dark"];
  const control = document.getElementById("theme");
  const apply = (theme) => {
    if (theme === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    control.textContent = { auto: "Auto", light: "Light", dark: "Dark" }[theme];
    control.setAttribute("aria-label", `Theme: ${theme}`);
  };
  const current = () => (themes.includes(localStorage.getItem("theme")) ? localStorage.getItem("theme") : "auto");
  control.addEventListener("click", () => {
    localStorage.setItem("theme", themes[(themes.indexOf(current()) + 1) % themes.length]);
    apply(current());
  });
  apply(current());
}

themeButton();
document.getElementById("keys").addEventListener("click", showKeys);
document.querySelector(".skip").addEventListener("click", (event) => {
  // The hash is the place in the page.
  event.preventDefault();
  document.querySelector("main").focus();
});
addEventListener("hashchange", show);
addEventListener("resize", () => refresh());
setInterval(updateConnection, 500);
show();
// The first figures need not wait for the stream.
request("GET", "/api/v1/status").then((status) => store.status || receive("status", status), () => {});
