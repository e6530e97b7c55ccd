// What would be sent for an entry. Nothing is.

function tryTab(name, entry) {
  const result = h("div", { role: "status" });
  const id = h("input", { type: "text", id: "try-entry", autocomplete: "off", spellcheck: "false",
    placeholder: "1700000000000-0" });
  const editor = fieldsEditor({ "": "" });
  const attempt = (body) => async () => {
    result.replaceChildren();
    replace(result, tryResult(await request("POST", ofRoute(name, "/try"), body())));
  };
  const tryEntry = workButton("Try the entry", attempt(() => ({ entry: id.value.trim() })), "main");
  const form = h("form", { onsubmit: (event) => { event.preventDefault(); tryEntry.click(); } },
    h("label", { for: "try-entry" }, "Entry of the stream, by its id"), h("div.filters", {}, id, tryEntry));
  if (entry) {
    id.value = entry;
    tryEntry.click();
  }
  return {
    element: h("div", {},
      h("h2", {}, "What would be sent?"), h("p.hint", {},
        "Filter, body, URL, headers and signature are computed as for a delivery; nothing is sent."),
      h("div.columns", {}, form, h("section", {}, h("h3", {}, "Or fields of your own"), editor.element,
          h("div.buttons", {}, workButton("Try the fields", attempt(() => ({ fields: editor.value() })), "main")))),
      result),
    search: id,
  };
}

function tryResult(answer) {
  if (answer.passes === false) return h("p.outcome", {}, badge("paused"),
    " The filter does not pass this entry: it would be settled unsent.");
  const headers = pairs(answer.headers ?? []);
  return h("article.card", {},
    h("h3", {}, told(answer.command ?? `${answer.method ?? ""} ${answer.url ?? ""}`.trim(), 2000)),
    headers.length > 0 && pairList(headers.map(([name, value]) => [name, fieldText(value)]), "pairs.headers"),
    answer.body !== undefined && [h("p.label", {}, "Body"), block(fieldText(answer.body))]);
}
