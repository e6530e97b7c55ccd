// What is said to the reader and asked of them.

// A message at the lower edge; screen readers say it. `kind`: "good" or "bad"; a bad one stays longer.
function say(text, kind = "good") {
  const message = h(`p.message.${kind}`, {}, h("span", {}, told(text, 600)),
    button("Dismiss", () => message.remove(), "plain"));
  document.getElementById("messages").append(message);
  setTimeout(() => message.remove(), kind === "bad" ? 20000 : 6000);
}

// For screen readers only: what those who see the page see change.
function announce(text) {
  document.getElementById("announcements").textContent = text;
}

function openDialog(title, content) {
  const heading = h("h2", { id: "dialog-title" }, title);
  const dialog = h("dialog", { "aria-labelledby": "dialog-title" }, heading, content);
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

// Whether the reader goes on. The cautious answer has the focus.
function confirm(title, text, action) {
  return new Promise((resolve) => {
    const answer = (value) => () => { resolve(value); dialog.close(); };
    const dialog = openDialog(title, [
      h("p", {}, text),
      h("div.buttons", {}, h("button", { type: "button", autofocus: true, onclick: answer(false) }, "Cancel"),
        button(action, answer(true), "danger")),
    ]);
    dialog.addEventListener("close", () => resolve(false));
  });
}

// Asks for the token until `isRight` says so.
function askForToken(wasWrong, isRight) {
  return new Promise((resolve) => {
    const wrong = "This token is wrong. It is admin.token of the configuration.";
    const input = h("input", { type: "password", id: "token", autocomplete: "off", spellcheck: "false", required: true,
      "aria-describedby": "token-error" });
    const error = h("p.error", { id: "token-error", role: "alert" }, wasWrong ? wrong : "");
    const form = h("form", {},
      h("label", { for: "token" }, "Token"), input, error,
      h("p.hint", {}, "It is kept until this tab is closed."),
      h("div.buttons", {}, h("button.main", { type: "submit" }, "Continue")));
    const dialog = openDialog("This bridge asks for its token", form);
    // There is nothing to see without it, so Escape does not close this.
    dialog.addEventListener("cancel", (event) => event.preventDefault());
    dialog.addEventListener("keydown", (event) => { if (event.key === "Escape") event.preventDefault(); });
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      error.textContent = "";
      try {
        if (await isRight(input.value)) {
          dialog.close();
          return resolve(input.value);
        }
        error.textContent = wrong;
      } catch {
        error.textContent = "The bridge does not answer.";
      }
      input.select();
    });
  });
}

function showKeys() {
  const keys = [
    ["j", "k", "next and previous row"], ["Enter", "", "open the row"], ["1", "6", "tabs of a route"],
      ["/", "", "search"],
    ["Esc", "", "back"], ["?", "", "these keys"],
  ];
  const rows = keys.map(([a, b, text]) => [
    h("dt", {}, h("kbd", {}, a), b && [a === "1" ? " to " : " ", h("kbd", {}, b)]), h("dd", {}, text),
  ]);
  const dialog = openDialog("Keys", [
    h("dl.keys", {}, rows),
    h("div.buttons", {}, h("button", { type: "button", autofocus: true, onclick: () => dialog.close() }, "Close")),
  ]);
}
