// The fields of an entry: read from the API, shown, and edited.

// A list of [name, value], from a list of pairs or an object. A value is text, or { base64 } if it is not UTF-8.
function pairs(fields) {
  return Array.isArray(fields) ? fields : Object.entries(fields ?? {});
}

const isBinary = (value) => typeof value === "object" && value !== null;

function fieldText(value) {
  return isBinary(value) ? `${value.base64 ?? ""}` : String(value);
}

// On one line, for a table.
function fieldsPreview(fields) {
  return pairs(fields).map(([name, value]) => `${name}: ${isBinary(value) ? "(binary)" : value}`).join("  ");
}

// A name and what it stands for, laid out if it is JSON, with a way to see it as it was sent.
function fieldView([name, value]) {
  const text = fieldText(value);
  const body = block(text);
  return h("div.field", {}, h("h3", {}, told(name),
    isBinary(value) && h("span.muted", {}, " (binary, shown in base64)")), body);
}

function block(text) {
  if (!isStructure(text)) return h("pre", { tabindex: "0" }, visible(text));
  const pre = h("pre", { tabindex: "0" }, visible(indentJSON(text)));
  const box = h("input", { type: "checkbox", onchange: () =>
    setText(pre, visible(box.checked ? text : indentJSON(text))) });
  return h("div.block", {}, pre, h("label.check", {}, box, "as sent"));
}

// A form for fields. `value()` gives them in the form in which the API takes them, or throws what is wrong.
function fieldsEditor(fields) {
  const list = h("div.fields");
  let number = 0;
  const addRow = (name = "", value = "") => {
    const id = `field-${(number += 1)}`;
    const binary = isBinary(value);
    const nameInput = h("input", { type: "text", id: `${id}-name`, autocomplete: "off", spellcheck: "false" });
    const valueInput = h("textarea", { id, rows: Math.min(12,
      fieldText(value).split("\n").length + Math.floor(fieldText(value).length / 100) + 1), spellcheck: "false" });
    const hint = h("p.hint", { role: "status" });
    nameInput.value = String(name);
    valueInput.value = fieldText(value);
    const wasJSON = !binary && isStructure(fieldText(value));
    // An input shows text as it is: what hides in it is told beside it.
    const tell = () => setText(hint, [
      wasJSON && !isStructure(valueInput.value) && "This is no longer JSON.",
      ...[nameInput, valueInput].map(({ value }) => visible(value) !== value
        && `Characters that do not show: ${visible(value).match(/‹U.[0-9A-F]+›/g).slice(0, 9).join(" ")}`),
    ].filter(Boolean).join(" "));
    nameInput.addEventListener("input", tell);
    valueInput.addEventListener("input", tell);
    tell();
    const element = h("div.edit", {},
      h("div", {}, h("label", { for: `${id}-name` }, "Field"), nameInput,
        button("Remove", () => element.remove(), "plain")),
      h("div", {}, h("label", { for: id }, binary ? "Value, in base64" : "Value"), valueInput, hint));
    element.read = () => [nameInput.value, binary ? { base64: valueInput.value.trim() } : valueInput.value];
    list.append(element);
    return nameInput;
  };
  for (const [name, value] of pairs(fields)) addRow(name, value);
  const element = h("div", {}, list, button("Add a field", () => addRow().focus(), "plain"));
  return {
    element,
    value() {
      const edited = [...list.children].map((row) => row.read());
      if (!edited.length) throw new Error("An entry has at least one field.");
      if (Array.isArray(fields)) return edited;
      const names = new Set();
      for (const [name] of edited) {
        if (names.has(name)) throw new Error(`There are two fields “${name}”.`);
        names.add(name);
      }
      return Object.fromEntries(edited);
    },
  };
}
