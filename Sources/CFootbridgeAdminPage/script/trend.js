// The last hour of a route in steps of ten seconds: what the bridge remembers, and then what its statuses add.

const stepSeconds = 10;
const stepsKept = 360;

class Trend {
  constructor() {
    /// Oldest first: { at (ms), read, delivered, failed, dead, owed, p99_ms }
    this.samples = [];
    this.version = 0;
    this.last = null;
  }

  // The bridge's own memory, without the step that is not over.
  seed(samples) {
    this.samples = samples.map((sample) => ({ ...sample, at: Date.parse(sample.at) })).filter((sample) => sample.at)
      .slice(-stepsKept);
    this.version += 1;
  }

  // A status: its counters have grown since the one before. Those of a bridge that was started anew have not.
  add(route, at) {
    const { totals } = route, last = this.last;
    this.last = { totals, at };
    if (!totals || !last || at <= last.at) return;
    if (at - last.at > 2 * stepSeconds * 1000) {
      // What happened meanwhile is no single step: the bridge knows when it was.
      this.isSeeded = false;
      return;
    }
    const grown = (name) => Math.max(0, (totals[name] ?? 0) - (last.totals[name] ?? 0));
    const start = Math.floor(at / (stepSeconds * 1000)) * stepSeconds * 1000;
    let sample = this.samples.at(-1);
    if (!sample || sample.at + stepSeconds * 1000 <= at) {
      sample = { at: start, read: 0, delivered: 0, failed: 0, dead: 0 };
      this.samples.push(sample);
      if (this.samples.length > stepsKept) this.samples.shift();
    }
    for (const name of ["read", "delivered", "failed", "dead"]) sample[name] += grown(name);
    sample.owed = route.owed;
    sample.p99_ms = route.latency_ms?.p99;
    this.version += 1;
  }

  // The hour up to now as `number` slots: sums of counters per second, the highest of the rest; null where nothing is known.
  slots(number, now) {
    const width = (stepsKept * stepSeconds * 1000) / number;
    const end = Math.floor(now / (stepSeconds * 1000)) * stepSeconds * 1000 + stepSeconds * 1000;
    const begin = end - stepsKept * stepSeconds * 1000;
    const slots = Array(number).fill(null);
    for (const sample of this.samples) {
      const index = Math.floor((sample.at - begin) / width);
      if (index < 0 || index >= number) continue;
      const slot = (slots[index] ??= { at: begin + index * width, seconds: 0, read: 0, delivered: 0, failed: 0,
        dead: 0 });
      slot.seconds += stepSeconds;
      for (const name of ["read", "delivered", "failed", "dead"]) slot[name] += sample[name] ?? 0;
      for (const name of ["owed", "p99_ms"]) {
        if (sample[name] !== undefined) slot[name] = Math.max(slot[name] ?? 0, sample[name]);
      }
    }
    return slots;
  }
}

const trends = new Map();

function trendOf(route) {
  if (!trends.has(route)) trends.set(route, new Trend());
  return trends.get(route);
}

// Asks for the past of those routes that have none, one after the other: a page that is opened is no burst of requests.
async function seedTrends(routes) {
  for (const route of routes) {
    const trend = trendOf(route);
    if (trend.isSeeded) continue;
    trend.isSeeded = true;
    try {
      trend.seed((await request("GET", ofRoute(route, "/history"))).samples);
    } catch {
      trend.isSeeded = false;
      return;
    }
  }
}
