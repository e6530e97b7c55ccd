// What the bridge sends by itself: server-sent events, read with fetch because EventSource cannot send a token.

const live = {
  /// Milliseconds of the last status, by performance.now().
  lastUpdate: null,
  isConnected: false,
  controller: null,
  route: undefined,
};

// Silence for so long means that the connection is lost: there is a status each second.
const patience = 5000;

// Follows the bridge; with `route` also the attempts of that route. Ends what was followed before.
function follow(route, receive) {
  if (live.controller && live.route === route) return;
  live.controller?.abort();
  live.route = route;
  const controller = (live.controller = new AbortController());
  keepFollowing(route, receive, controller.signal);
}

async function keepFollowing(route, receive, signal) {
  for (let failures = 0; !signal.aborted; ) {
    const before = live.lastUpdate;
    try {
      await readEvents(route, receive, signal);
    } catch (error) {
      if (!(error instanceof APIError) && error.name !== "AbortError"
        && error.name !== "TypeError") console.error(error);
    }
    if (signal.aborted) return;
    live.isConnected = false;
    failures = live.lastUpdate === before ? failures + 1 : 0;
    await new Promise((resolve) => setTimeout(resolve,
      Math.min(1000 * 2 ** failures, 10000) * (0.75 + Math.random() / 2)));
  }
}

// Until the stream ends, breaks off or falls silent.
async function readEvents(route, receive, outer) {
  const controller = new AbortController();
  const abort = () => controller.abort();
  outer.addEventListener("abort", abort);
  let watchdog;
  const feed = () => {
    clearTimeout(watchdog);
    watchdog = setTimeout(abort, patience);
  };
  try {
    const response = await respond("GET", "/api/v1/events" + query({ route }), { signal: controller.signal });
    if (!response.ok) throw new APIError(response.status, `The bridge answered ${response.status}.`);
    feed();
    const parser = new EventParser((name, data) => {
      feed();
      if (outer.aborted) return;
      if (name === "status") {
        live.isConnected = true;
        live.lastUpdate = performance.now();
      }
      receive(name, JSON.parse(data));
    });
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      parser.push(value);
    }
  } finally {
    clearTimeout(watchdog);
    outer.removeEventListener("abort", abort);
    controller.abort();
  }
}

// Lines of an event stream, however they are cut: https://html.spec.whatwg.org/multipage/server-sent-events.html
class EventParser {
  constructor(emit) {
    this.emit = emit;
    this.rest = "";
    this.name = "";
    this.data = [];
  }

  push(text) {
    const lines = (this.rest + text).split("\n");
    this.rest = lines.pop();
    for (const line of lines) this.line(line.endsWith("\r") ? line.slice(0, -1) : line);
  }

  line(line) {
    if (line === "") {
      if (this.data.length) this.emit(this.name || "message", this.data.join("\n"));
      this.name = "";
      this.data = [];
    } else if (!line.startsWith(":")) {
      const [, field, value] = line.match(/^([^:]*):? ?(.*)$/s);
      if (field === "event") this.name = value;
      if (field === "data") this.data.push(value);
    }
  }
}
