// One dead letter: all of it, and replay, edit and replay, drop.

function letterTab(name, id) {
  const element = h("div", {}, empty("Loading…"));
  const back = routePath(name, "letters");

  async function replay(fields) {
    await request("POST", ofLetter(name, id, "/replay"), fields && { fields });
    say(`The entry goes to ${name} again.`);
    location.hash = back;
  }

  async function drop() {
    if (!(await confirm("Drop this dead letter?", `The letter ${id} of ${name} will be deleted. This cannot be undone.`,
      "Drop"))) return;
    await request("DELETE", ofLetter(name, id));
    say("The letter is dropped.");
    location.hash = back;
  }

  function view(letter) {
    const rows = [
      ["Reason", letter.reason], ["Status", letter.status], ["Attempts", letter.attempts], ["Stream", letter.stream],
        ["Entry", letter.entry], ["Added", timeOfID(letter.entry)],
      ["First attempt", letter.first_at && moment(letter.first_at)],
        ["Last attempt", letter.last_at && moment(letter.last_at)], ["Kept in", letter.dead_letter_stream],
        ["Letter", letter.letter],
    ];
    const fields = pairs(letter.fields);
    replace(element,
      h("div.head", {}, h("h2", {}, told(letter.reason ?? "Dead letter")),
        h("div.buttons", {}, fields.length > 0 && [workButton("Replay", () => replay(), "main"),
          button("Edit and replay", () => edit(letter))], workButton("Drop", drop, "danger"))),
      pairList(rows),
      letter.response && [h("h2", {}, "Head of the last answer"), block(String(letter.response))],
      h("h2", {}, "Fields"), fields.length ? fields.map(fieldView)
        : empty("None: the entry had left its stream before it could be sent."));
  }

  function edit(letter) {
    const editor = fieldsEditor(letter.fields), result = h("div", { role: "status" });
    replace(element,
      h("h2", { tabindex: "-1" }, "Edit and replay"),
      h("p.hint", {}, "The entry goes to its own route again, with these fields instead of its own."),
      editor.element,
      h("div.buttons", {},
        workButton("Replay", () => replay(editor.value()), "main"),
        workButton("Try", async () => replace(result,
          tryResult(await request("POST", ofRoute(name, "/try"), { fields: editor.value() })))),
        button("Cancel", () => view(letter))), result);
    const first = element.querySelector("textarea");
    first?.setSelectionRange(0, 0);
    first?.focus();
  }

  (async () => {
    try {
      view(await request("GET", ofLetter(name, id)));
    } catch (error) {
      replace(element, empty(error.status === 404 ? "This letter is no longer there: it was replayed, dropped or trimmed." : error.message));
    }
  })();
  return { element };
}
