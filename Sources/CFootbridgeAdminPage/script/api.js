// Requests to the admin API (docs/api.md), and the token that they carry.

class APIError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

const token = {
  get: () => sessionStorage.getItem("token"),
  set: (value) => sessionStorage.setItem("token", value),
  asked: null,
};

function send(method, path, { body, signal, bearer = token.get() } = {}) {
  const headers = {};
  // What a header cannot hold cannot be the token either; fetch would throw.
  if (bearer) headers.Authorization = `Bearer ${encodeHeader(bearer)}`;
  if (method !== "GET") headers["Content-Type"] = "application/json";
  return fetch(path, {
    method, headers, signal, body: body && JSON.stringify(body), cache: "no-store", credentials: "omit",
      redirect: "error",
  });
}

function encodeHeader(text) {
  return String.fromCharCode(...new TextEncoder().encode(text)).replace(/[\0\r\n]/g, "");
}

// The answer as it is, with the token asked for as often as it takes.
async function respond(method, path, options = {}) {
  for (;;) {
    const bearer = token.get();
    const response = await send(method, path, { ...options, bearer }).catch((error) => {
      if (error.name === "AbortError") throw error;
      throw new APIError(0, "The bridge does not answer.");
    });
    if (response.status !== 401) return response;
    response.body?.cancel();
    await authorize(bearer);
  }
}

// After a 401. Several requests may fail at once; the reader is asked once.
async function authorize(refused) {
  if (token.get() !== refused) return;
  const isRight = async (value) => (await send("GET", "/api/v1/status", { bearer: value })).status !== 401;
  token.asked ??= askForToken(refused !== null, isRight).then((value) => {
    token.set(value);
    token.asked = null;
  });
  await token.asked;
}

async function request(method, path, body) {
  const response = await respond(method, path, { body });
  const text = await response.text();
  let answer = {};
  try {
    if (text) answer = JSON.parse(text);
  } catch {
    throw new APIError(response.status, `The bridge answered ${response.status} without JSON.`);
  }
  if (!response.ok) throw new APIError(response.status, answer.error ?? `The bridge answered ${response.status}.`);
  return answer;
}

const ofRoute = (route, rest = "") => `/api/v1/routes/${encodeURIComponent(route)}${rest}`;
const ofLetter = (route, letter, rest = "") => ofRoute(route, `/letters/${encodeURIComponent(letter)}${rest}`);

// A query of what is set.
function query(values) {
  const set = Object.entries(values).filter(([, value]) => value !== "" && value !== undefined && value !== null
    && value !== false);
  return set.length ? "?" + new URLSearchParams(set) : "";
}
