// Each endpoint of a route: how it stands and why, what it answered last, when it is asked again.

function endpointsTab() {
  const note = h("p.hint"), list = h("div.cards"), none = empty("No endpoint is known yet: entries name them.");
  return {
    element: h("div", {}, h("h2.hidden", {}, "Endpoints"), note, list, none),
    update(route) {
      const { endpoints = [], endpoints_known: known = 0 } = route;
      setText(note, known > endpoints.length ? `${count(known)} endpoints are known; those in the worst state are listed.` : "");
      keyed(list, endpoints, ({ endpoint }) => endpoint, endpointCard);
      none.hidden = endpoints.length > 0;
    },
  };
}

// What changes each second changes alone: the rest can be selected and copied meanwhile.
function endpointCard() {
  const title = h("h3"), list = h("dl.pairs"), answer = h("div"), element = h("article", {}, title, list, answer);
  return {
    element,
    update(endpoint) {
      element.className = `card ${meaning(endpoint.standing).severity}`;
      replaceIfChanged(title, [endpoint.standing, endpoint.endpoint],
        () => [badge(endpoint.standing), told(endpoint.endpoint, 1000)]);
      const probe = endpoint.next_probe_in_s;
      const rows = [
        ["Reason", endpoint.reason], ["Likely cause", endpoint.cause], ["Since", endpoint.since, true],
          ["Last status", endpoint.last_status], ["Last error", endpoint.last_error],
        ["Last failure", endpoint.last_failure_at, true], ["Last accepted", endpoint.last_accepted_at, true],
          ["Next probe", probe === undefined ? undefined : `in ${age(probe)}`],
        ["In flight", endpoint.in_flight], ["Waiting", endpoint.waiting],
      ].filter(([, value]) => value !== undefined && value !== null);
      keyed(list, rows, ([name]) => name, endpointRow);
      replaceIfChanged(answer, endpoint.last_answer,
        () => endpoint.last_answer && [h("p.label", {}, "Head of the last answer"), block(endpoint.last_answer)]);
    },
  };
}

function endpointRow([name]) {
  const value = h("dd");
  return {
    element: h("div", {}, h("dt", {}, name), value),
    update([, text, isMoment]) {
      const ago = isMoment && age((serverNow() - Date.parse(text)) / 1000);
      replaceIfChanged(value, [text, ago], () => (isMoment ? [moment(text), h("span.muted", {}, ` ${ago} ago`)]
        : told(typeof text === "number" ? count(text) : text, 1000)));
    },
  };
}
