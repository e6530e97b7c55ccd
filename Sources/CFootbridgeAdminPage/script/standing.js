// How well a route or an endpoint is, as a word, a shape and a colour; none of them alone.

// Worst first. A route's state is one of docs/operations.md; `well` and the like are standings of endpoints.
const severities = ["down", "doubtful", "off", "well", "idle"];

const meanings = {
  held: { severity: "down", word: "Held", shape: "cross" },
  waiting: { severity: "down", word: "Not reading", shape: "cross" },
  refused: { severity: "down", word: "Refused", shape: "cross" },
  failing: { severity: "doubtful", word: "Failing", shape: "triangle" },
  paused: { severity: "off", word: "Paused", shape: "bars" },
  draining: { severity: "off", word: "Draining", shape: "arrow" },
  drained: { severity: "off", word: "Drained", shape: "bars" },
  standby: { severity: "idle", word: "Standby", shape: "ring" },
  reading: { severity: "well", word: "Reading", shape: "disc" },
  down: { severity: "down", word: "Down", shape: "cross" },
  doubtful: { severity: "doubtful", word: "Doubtful", shape: "triangle" },
  well: { severity: "well", word: "Well", shape: "disc" },
};

const shapes = {
  disc: "M8 3a5 5 0 1 0 0 10a5 5 0 1 0 0-10z",
  ring: "M8 3a5 5 0 1 0 0 10a5 5 0 1 0 0-10zM8 5a3 3 0 1 1 0 6a3 3 0 1 1 0-6z",
  triangle: "M8 2l6.6 12H1.4zM7.2 6v4h1.6V6zM7.2 11v1.6h1.6V11z",
  cross: "M2 2h12v12H2zM5.2 4.1L4.1 5.2L6.9 8L4.1 10.8l1.1 1.1L8 9.1l2.8 2.8l1.1-1.1L9.1 8l2.8-2.8l-1.1-1.1L8 6.9z",
  bars: "M3.5 3h3v10h-3zM9.5 3h3v10h-3z",
  arrow: "M7 2h2v6h3.5L8 13.5L3.5 8H7z",
};

function meaning(state) {
  return meanings[state] ?? { severity: "off", word: String(state), shape: "ring" };
}

// What a route needs to be told of: a route that reads can still have endpoints that are down.
function severityOf(route) {
  const own = meaning(route.state).severity;
  return own === "well" && route.endpoints_down > 0 ? "doubtful" : own;
}

function needsAttention(route) {
  return ["down", "doubtful"].includes(severityOf(route));
}

function reasonOf(route) {
  if (route.reason) return route.reason;
  return route.endpoints_down && severityOf(route) === "doubtful" ? `${plural(route.endpoints_down, "endpoint")} down`
    : "";
}

function mark(shape) {
  return svg("svg", { class: "mark", viewBox: "0 0 16 16", "aria-hidden": "true" },
    svg("path", { d: shapes[shape], "fill-rule": "evenodd" }));
}

// Shape and word in one; `severity` when it is not what the state alone says.
function badge(state, severity) {
  const { word, shape, severity: own } = meaning(state);
  const isWorse = severity && severity !== own;
  return h(`span.badge.${severity ?? own}`, {}, mark(isWorse ? meaning(severity).shape : shape), visible(word));
}
