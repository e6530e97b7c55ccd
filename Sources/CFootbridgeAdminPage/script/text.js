// How figures, times and strings of others are written.

const grouped = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const clock = new Intl.DateTimeFormat("en", { hour: "2-digit", minute: "2-digit", second: "2-digit",
  hourCycle: "h23" });
const day = new Intl.DateTimeFormat("en", { day: "numeric", month: "short" });

const unknown = "–";

function count(number) {
  if (number === undefined || number === null) return unknown;
  return number < 1e6 ? grouped.format(number) : short.format(number);
}

// Something per second: one decimal while that says something.
function rate(number) {
  if (number === undefined || number === null) return unknown;
  if (number > 0 && number < 0.05) return "<0.1";
  return number < 9.95 && number % 1 ? number.toFixed(1) : count(Math.round(number));
}

function milliseconds(number) {
  if (number === undefined || number === null) return unknown;
  if (number >= 1000) return age(number / 1000);
  return (number < 9.95 ? number.toFixed(1) : grouped.format(number)) + " ms";
}

// A span in seconds with its two largest units: "0.4s", "12s", "2m 05s", "3h 04m", "2d 4h".
function age(seconds) {
  if (seconds === undefined || seconds === null) return unknown;
  const two = (number) => String(number).padStart(2, "0");
  const s = Math.max(0, seconds);
  if (s < 9.95) return s < 0.05 ? "0s" : `${s.toFixed(1)}s`;
  const whole = Math.round(s), m = Math.floor(whole / 60), hours = Math.floor(m / 60);
  if (whole < 60) return `${whole}s`;
  if (m < 60) return `${m}m ${two(whole % 60)}s`;
  return hours < 24 ? `${hours}h ${two(m % 60)}m` : `${Math.floor(hours / 24)}d ${hours % 24}h`;
}

// A moment by the reader's clock, with its day unless that is today.
function time(moment) {
  const date = new Date(moment);
  if (isNaN(date)) return unknown;
  const isToday = date.toDateString() === new Date().toDateString();
  return isToday ? clock.format(date) : `${day.format(date)} ${clock.format(date)}`;
}

// The moment that the id of an entry tells, if it is one.
function timeOfID(id) {
  const ms = Number(String(id).split("-")[0]);
  return ms > 1e12 && ms < 4e12 ? time(ms) : unknown;
}

function plural(number, one, many = one + "s") {
  return `${count(number)} ${number === 1 ? one : many}`;
}

// Strings of entries and receivers, as they may be shown: characters that hide, or reorder what stands beside them, are named.
function visible(text) {
  return String(text).replace(
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g,
    (character) => `‹U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}›`);
}

function cut(text, length) {
  return text.length > length ? text.slice(0, length) + "…" : text;
}

// JSON with line breaks and indents, otherwise as it was: numbers keep digits that JavaScript's own would lose.
function indentJSON(text) {
  const parts = text.match(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s"{}[\],:]+/g) ?? [];
  let depth = 0, result = "";
  const line = () => "\n" + "  ".repeat(depth);
  parts.forEach((part, index) => {
    if (part === "{" || part === "[") {
      const isEmpty = parts[index + 1] === "}" || parts[index + 1] === "]";
      depth += 1;
      result += part + (isEmpty ? "" : line());
    } else if (part === "}" || part === "]") {
      depth -= 1;
      result += (parts[index - 1] === "{" || parts[index - 1] === "[" ? "" : line()) + part;
    } else if (part === ",") {
      result += part + line();
    } else {
      result += part === ":" ? ": " : part;
    }
  });
  return result;
}

// Whether a text is a JSON object or list: worth laying out.
function isStructure(text) {
  if (!/^\s*[{[]/.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
