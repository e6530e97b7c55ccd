// The last hour of a route in a table's cell: what was delivered above the line, what failed below it.

const sparkWidth = 96, sparkHeight = 24, sparkBase = 17, sparkSlots = 48;

function sparkline() {
  const delivered = svg("path", { class: "delivered" }), failed = svg("path", { class: "failed" });
  const axis = svg("path", { class: "axis", d: `M0 ${sparkBase + 0.5}H${sparkWidth}` });
  const element = svg("svg", { class: "spark", role: "img", width: sparkWidth, height: sparkHeight,
    viewBox: `0 0 ${sparkWidth} ${sparkHeight}` }, axis, delivered, failed);
  let version;
  return {
    element,
    update(trend, now) {
      if (trend.version === version) return;
      version = trend.version;
      const slots = trend.slots(sparkSlots, now);
      const top = Math.max(...slots.map((slot) => (slot ? slot.delivered / slot.seconds : 0)));
      const worst = Math.max(...slots.map((slot) => (slot ? slot.failed / slot.seconds : 0)));
      const scale = Math.max(top, worst) || 1;
      setAttribute(delivered, "d", bars(slots, sparkWidth,
        (slot) => [sparkBase, (-slot.delivered / slot.seconds / (top || 1)) * (sparkBase - 1)]));
      setAttribute(failed, "d", bars(slots, sparkWidth,
        (slot) => [sparkBase + 1, (slot.failed / slot.seconds / scale) * (sparkHeight - sparkBase - 1)]));
      const failures = worst ? ", some attempts failed" : "";
      setAttribute(element, "aria-label", `last hour: at most ${rate(top)} per second delivered${failures}`);
    },
  };
}

// One path for all bars: `extent(slot)` gives where a bar begins and how far it goes, down being positive.
function bars(slots, width, extent) {
  const step = width / slots.length, gap = step > 3 ? 1 : step > 1.5 ? 0.5 : 0;
  return slots.map((slot, index) => {
    if (!slot) return "";
    const [from, by] = extent(slot);
    if (!by) return "";
    const length = Math.sign(by) * Math.max(1, Math.abs(by));
    return `M${(index * step).toFixed(1)} ${from}v${length.toFixed(1)}h${(step - gap).toFixed(1)}v${(-length).toFixed(1)}z`;
  }).join("") || "M0 0";
}
