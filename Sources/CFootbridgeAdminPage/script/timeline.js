// The last hour of a route, large: deliveries up and failures down, what is owed, and the latency.

const lanes = [
  { top: 18, base: 98, bottom: 128 },
  { top: 152, base: 196, bottom: 196 },
  { top: 220, base: 264, bottom: 264 },
];
const timelineHeight = 284;

function timeline(name) {
  const chart = svg("svg", { "aria-hidden": "true" });
  const readout = h("p.readout", { "aria-hidden": "true" });
  // A slider, because that is how one goes through it with keys and with a screen reader.
  const element = h("div.timeline", {
    tabindex: "0", role: "slider", "aria-label": `The last hour of ${name}`, "aria-valuemin": "0", "aria-valuemax": "0",
      "aria-valuenow": "0",
  }, readout, chart);
  let slots = [], chosen = null, width = 0, version, drawn = 0;

  function choose(index) {
    chosen = index === null ? null : Math.max(0, Math.min(slots.length - 1, index));
    const at = chosen ?? Math.max(0, slots.findLastIndex(Boolean));
    const text = describeSlot(slots[at]);
    setAttribute(element, "aria-valuemax", String(slots.length - 1));
    setAttribute(element, "aria-valuenow", String(at));
    setAttribute(element, "aria-valuetext", text);
    setText(readout, chosen === null ? "" : text);
    const cursor = chart.querySelector(".cursor");
    const x = ((at + 0.5) * width) / slots.length;
    if (cursor) setAttribute(cursor, "d", chosen === null ? "M0 0"
      : `M${x.toFixed(1)} ${lanes[0].top}V${lanes[2].bottom}`);
  }

  function draw(trend, now) {
    version = trend.version;
    drawn = now;
    // As many slots as have room for a bar that can be seen: they divide the hour into whole steps.
    slots = trend.slots([360, 180, 120, 90, 60].find((number) => width / number >= 3) ?? 60, now);
    chart.replaceChildren(...timelineParts(slots, width, now));
    choose(chosen);
  }

  element.addEventListener("pointermove", (event) =>
    choose(Math.floor(((event.clientX - chart.getBoundingClientRect().left) / width) * slots.length)));
  element.addEventListener("pointerleave", () => choose(null));
  element.addEventListener("blur", () => choose(null));
  element.addEventListener("keydown", (event) => {
    const at = chosen ?? slots.length - 1;
    const steps = { ArrowLeft: at - 1, ArrowRight: at + 1, PageUp: at - 30, PageDown: at + 30, Home: 0,
      End: slots.length - 1 };
    if (!(event.key in steps)) return;
    event.preventDefault();
    choose(steps[event.key]);
  });

  return {
    element,
    update(trend, now) {
      const current = element.clientWidth;
      if (!current || (current === width && trend.version === version && now - drawn < stepSeconds * 1000)) return;
      width = current;
      chart.setAttribute("viewBox", `0 0 ${width} ${timelineHeight}`);
      chart.setAttribute("width", width);
      chart.setAttribute("height", timelineHeight);
      draw(trend, now);
    },
  };
}

function describeSlot(slot) {
  if (!slot) return "nothing known";
  const parts = [`${time(slot.at)}: ${rate(slot.delivered / slot.seconds)}/s delivered`];
  if (slot.failed) parts.push(plural(slot.failed, "attempt") + " failed");
  if (slot.dead) parts.push(plural(slot.dead, "dead letter"));
  if (slot.owed !== undefined) parts.push(`${count(slot.owed)} owed`);
  if (slot.p99_ms !== undefined) parts.push(`p99 ${milliseconds(slot.p99_ms)}`);
  return parts.join(" · ");
}

function timelineParts(slots, width, now) {
  const most = (value) => Math.max(0, ...slots.map((slot) => (slot && value(slot)) || 0));
  const step = width / slots.length;
  const label = (lane, text, ...classes) => svg("text",
    { x: 0, y: lane.top - 7, class: ["label", ...classes].join(" ") }, text);
  const top = most((slot) => slot.delivered / slot.seconds);
  const worst = most((slot) => slot.failed / slot.seconds);
  const [traffic, backlog, latency] = lanes;
  const parts = lanes.map(({ base }) => svg("path", { class: "axis", d: `M0 ${base + 0.5}H${width}` }));
  // The time of day below, as often as there is room.
  const every = width > 700 ? 10 : width > 420 ? 15 : 30;
  const begin = now - stepsKept * stepSeconds * 1000;
  for (let at = Math.ceil(begin / (every * 60000)) * every * 60000; at < now; at += every * 60000) {
    const x = ((at - begin) / (now - begin)) * width;
    parts.push(svg("path", { class: "grid", d: `M${x.toFixed(1)} ${traffic.top}V${latency.bottom}` }));
    if (x > 18 && x < width - 18) parts.push(svg("text", { x: x.toFixed(1), y: timelineHeight - 4, class: "tick" },
      time(at).slice(-8, -3)));
  }
  parts.push(
    label(traffic, `Delivered, at most ${rate(top)}/s`),
    svg("path", { class: "delivered", d: bars(slots, width,
      (slot) => [traffic.base, (-slot.delivered / slot.seconds / (top || 1)) * (traffic.base - traffic.top)]) }),
    svg("path", { class: "failed", d: bars(slots, width,
      (slot) => [traffic.base + 1, (slot.failed / slot.seconds / (worst
      || 1)) * (traffic.bottom - traffic.base - 1)]) }),
    svg("path", { class: "dead", d: slots.map((slot, index) =>
      (slot?.dead ? `M${((index + 0.5) * step).toFixed(1)} ${traffic.base - 5}l4 5l-4 5l-4 -5z` : "")).join("")
      || "M0 0" }));
  if (worst) parts.push(svg("text", { x: width, y: traffic.top - 7, class: "label end failures" },
    `Failed, at most ${rate(worst)}/s ↓`));
  const line = (lane, value, text) => {
    const top = most(value);
    parts.push(label(lane, `${text(top)}`), svg("path", { class: "line", d: steps(slots, width, (slot) => {
      const known = slot && value(slot);
      return known === undefined || known === null ? null : lane.base - (known / (top || 1)) * (lane.base - lane.top);
    }) }));
  };
  line(backlog, (slot) => slot.owed, (top) => `Owed, at most ${count(top)}`);
  line(latency, (slot) => slot.p99_ms, (top) => `Latency p99, at most ${milliseconds(top)}`);
  parts.push(svg("path", { class: "cursor", d: "M0 0" }));
  return parts;
}

// A line through the slots that breaks where nothing is known.
function steps(slots, width, height) {
  const step = width / slots.length;
  let isOpen = false, d = "";
  slots.forEach((slot, index) => {
    const y = height(slot);
    if (y === null) return void (isOpen = false);
    d += `${isOpen ? "L" : "M"}${((index + 0.5) * step).toFixed(1)} ${y.toFixed(1)}${isOpen ? "" : "h0.1"}`;
    isOpen = true;
  });
  return d || "M0 0";
}
