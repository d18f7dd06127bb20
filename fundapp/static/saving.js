// Saves an application while it is written. Without this module the buttons of the page save it.
//
// The server is the one place that reads, checks and computes. This module sends what changed, shows what came of it,
// and keeps trying while the line is gone; the text stays in its fields until the server says that it is stored.

const form = document.querySelector("form[data-module='saving']");
const fields = form.querySelector("[data-part='fields']");
const said = form.querySelector("[data-part='said']");
const words = said.dataset;

const PAUSE = 1500; // milliseconds without a key before a save
const FIRST_WAIT = 2000;
const LONGEST_WAIT = 60000;
const PATIENCE = 90000; // how long an answer may take on a slow line
const MOST_AT_LEAVING = 60000; // characters that browsers send from a page that is gone

const stored = new Map(); // key -> what its field held when the server last stored it
const marks = new Map(); // key -> the server's mark of the answer that this page has seen
const held = new Set(); // keys whose text waits for a decision, because somebody else changed the answer
let sent = null; // the text of the save that has no answer yet, sent again as it is until there is one
let running = null;
let timer = 0;
let wait = FIRST_WAIT;
let stopped = ""; // "sent" when there is nothing more to save, "refused" when the server takes nothing more

const answers = () => [...fields.children].filter(({ dataset }) => dataset.key && !dataset.byHand);
const fieldOf = (key) => [...fields.children].find(({ dataset }) => dataset.key === key);
const controls = (field) => [...field.querySelectorAll("input:not([type=file]), textarea, select")];

function typed(field) {
  const on = (control) => (control.type !== "checkbox" && control.type !== "radio") || control.checked;
  return controls(field).filter((control) => control.name && on(control)).map(({ name, value }) => [name, value]);
}

const text = (field) => JSON.stringify(typed(field));
const isChanged = (field) => field.dataset.key && !field.dataset.byHand && text(field) !== stored.get(field.dataset.key);
const changed = () => answers().filter(isChanged);
const ready = () => changed().filter((field) => !held.has(field.dataset.key));

function notice() {
  const unsaved = changed().map((each) => [each.dataset.key, { typed: typed(each), mark: marks.get(each.dataset.key) ?? "" }]);
  dispatchEvent(new CustomEvent("unsaved", { detail: Object.fromEntries(unsaved) }));
}

function say(message, link) {
  said.replaceChildren(message);
  if (link) {
    const anchor = Object.assign(document.createElement("a"), { href: words.signIn, target: "_blank", rel: "noopener", textContent: link });
    said.append(" ", anchor);
  }
  said.classList.add("live"); // short from now on, and so kept in view
  said.classList.toggle("stop", message !== words.saving && changed().length > 0);
}

function payload() {
  const entries = ready().map((field) => [field.dataset.key, typed(field)]);
  return entries.length ? Object.fromEntries(entries) : null;
}

function body(texts, before) {
  const data = new URLSearchParams({ csrf_token: form.elements.csrf_token.value, page: form.dataset.page, shape: shape() });
  data.set("seen", Object.keys(texts).map((key) => `${key}=${marks.get(key) ?? ""}`).join(" "));
  for (const pairs of Object.values(texts)) for (const [name, value] of pairs) data.append(name, value);
  for (const pairs of Object.values(before ?? {})) for (const [name, value] of pairs) data.append(`was_${name}`, value);
  return data;
}

const shape = () => [...fields.children].map((each) => each.dataset.shape).join("");

// One save at a time; resolves to whether everything on the page is stored.
function save() {
  clearTimeout(timer);
  running ??= send().finally(() => {
    running = null;
  });
  return running;
}

async function send() {
  while (!stopped) {
    sent ??= payload();
    if (!sent) return changed().length === 0;
    say(words.saving);
    const answer = await post(sent);
    if (!answer) {
      later(wait);
      wait = Math.min(2 * wait, LONGEST_WAIT);
      return false;
    }
    wait = FIRST_WAIT;
    take(answer);
  }
  return false;
}

async function post(texts, again = true) {
  let response;
  try {
    const data = body(texts);
    const keepalive = data.toString().length < MOST_AT_LEAVING;
    response = await fetch(form.dataset.saveTo, { method: "POST", body: data, redirect: "manual", keepalive, signal: AbortSignal.timeout?.(PATIENCE) });
    if (response.ok) return await response.json();
  } catch {
    say(words.noLine);
    return null;
  }
  if ([400, 401].includes(response.status)) {
    // The session ended, or it is another one than that of the page: whoever is signed in gets a token of their own.
    const token = await freshToken();
    if (token && again) {
      form.elements.csrf_token.value = token;
      return post(texts, false);
    }
    say(words.signedOut, words.signInText);
    return null;
  }
  if (response.status === 409) {
    stopped = "sent";
    say((await response.json()).message);
  } else if ([403, 404, 413].includes(response.status)) {
    stopped = "refused";
    say(words.refused);
  } else {
    wait = Math.max(wait, 1000 * Number(response.headers.get("Retry-After") ?? 0));
    say(words.failed);
  }
  return null;
}

async function freshToken() {
  try {
    const response = await fetch(form.dataset.saveTo, { redirect: "manual" });
    return response.ok ? (await response.json()).token : null;
  } catch {
    return null;
  }
}

function take(answer) {
  for (const [key, pairs] of Object.entries(sent)) {
    if (key in answer.marks) stored.set(key, JSON.stringify(pairs));
    else held.add(key);
  }
  sent = null;
  for (const [key, mark] of Object.entries(answer.marks)) {
    marks.set(key, mark);
    fieldOf(key)?.querySelector("[data-part='conflict']")?.remove();
  }
  for (const [key, conflict] of Object.entries(answer.conflicts)) {
    held.add(key);
    marks.set(key, conflict.mark);
    const field = fieldOf(key);
    field?.querySelector("[data-part='conflict']")?.remove();
    field?.prepend(nodes(conflict.shown));
  }
  if (answer.fields) redraw(nodes(answer.fields));
  form.elements.seen.value = [...marks].map(([key, mark]) => `${key}=${mark}`).join(" ");
  const late = form.querySelector("[data-part='late']");
  if (late.textContent !== answer.late) late.textContent = answer.late;
  late.hidden = !answer.late;
  say(held.size ? words.held : answer.saved);
  notice();
}

function nodes(html) {
  const template = document.createElement("template");
  template.innerHTML = html; // drawn by our own templates, which escape whatever people wrote
  return template.content;
}

// Bring the fields into the order and shape that the server drew, and leave alone those that are as they were.
function redraw(drawn) {
  const focus = document.activeElement?.id;
  const old = new Map([...fields.children].map((each) => [each.dataset.place, each]));
  const wanted = [...drawn.children];
  const places = new Set(wanted.map((each) => each.dataset.place));
  for (const [place, element] of old) if (!places.has(place)) element.remove();
  let before = null;
  for (const fresh of wanted) {
    const present = old.get(fresh.dataset.place);
    let element = present;
    if (present?.dataset.shape !== fresh.dataset.shape) {
      element = fresh;
      if (present && isChanged(present)) refill(fresh, present);
      else learn(fresh);
      present?.remove();
    }
    const next = before ? before.nextElementSibling : fields.firstElementChild;
    if (next !== element) fields.insertBefore(element, next);
    before = element;
  }
  if (focus && document.activeElement?.id !== focus) document.getElementById(focus)?.focus();
}

function refill(fresh, present) {
  const values = controls(present);
  for (const control of controls(fresh)) {
    const match = values.find(({ name, value, id, type }) => name === control.name && (type === control.type) && (["checkbox", "radio"].includes(type) ? value === control.value : id === control.id));
    if (!match) continue;
    if (["checkbox", "radio"].includes(control.type)) control.checked = match.checked;
    else control.value = match.value;
  }
}

function learn(field) {
  const { key, mark } = field.dataset;
  if (!key) return;
  stored.set(key, text(field));
  marks.set(key, mark);
}

function later(milliseconds) {
  clearTimeout(timer);
  if (!stopped) timer = setTimeout(save, milliseconds);
}

const isWaiting = () => wait > FIRST_WAIT;

fields.addEventListener("input", ({ target }) => {
  if (target.type === "file") return;
  held.delete(target.closest("[data-place]")?.dataset.key);
  notice();
  if (!isWaiting()) later(PAUSE);
});
fields.addEventListener("change", () => isWaiting() || save());
// A field that a key leads to is seen whole: browsers are content with its caret, and what is said of saving would lie
// over the rest.
fields.addEventListener("keyup", ({ key, target }) => key === "Tab" && target.scrollIntoView({ block: "nearest" }));
addEventListener("online", save);
document.addEventListener("visibilitychange", () => changed().length && save());

addEventListener("beforeunload", (event) => {
  if (changed().length || byHandChanged()) event.preventDefault();
});

// What is typed by hand alone (where money goes) is sent by the buttons, never by itself.
let leaving = false;
const byHandChanged = () => !leaving && [...fields.querySelectorAll("[data-by-hand] input")].some((control) => control.files?.length || (control.type === "text" && control.value !== control.defaultValue));

addEventListener("pagehide", () => {
  const texts = payload();
  if (!texts || stopped) return;
  const data = body(texts, sent ?? {});
  if (data.toString().length < MOST_AT_LEAVING) fetch(form.dataset.saveTo, { method: "POST", body: data, keepalive: true, redirect: "manual" }).catch(() => {});
});

// A button first saves what is typed, and goes on only then: where the line is gone, the page and its text stay.
form.addEventListener("submit", async (event) => {
  if (stopped === "sent") return; // the answer gives back what was typed
  if (leaving) {
    event.preventDefault(); // a double click
    return;
  }
  held.clear();
  if (!stopped && !running && !changed().length && navigator.onLine !== false) {
    leaving = true;
    return;
  }
  event.preventDefault();
  if (navigator.onLine === false) say(words.noLine);
  else if (stopped) say(words.refused);
  if (running) await running;
  if (await save()) (event.submitter ?? form.querySelector("button")).click();
});

addEventListener("pageshow", ({ persisted }) => {
  if (persisted) leaving = false;
});

for (const pair of form.elements.seen.value.split(" ").filter(Boolean)) {
  const at = pair.lastIndexOf("=");
  marks.set(pair.slice(0, at), pair.slice(at + 1));
}
// A page that gives back texts that are not stored names them; on any other page everything is stored.
const unsaved = new Set((form.dataset.unsaved ?? "").split(" "));
for (const field of answers()) {
  const { key } = field.dataset;
  stored.set(key, unsaved.has(key) ? "" : text(field));
  if (field.querySelector("[data-part='conflict']")) held.add(key);
}
if (ready().length) save();

// What was kept in this browser is put back into its fields, and sent with the marks of that time.
addEventListener("restored", ({ detail }) => {
  for (const [key, { typed: pairs, mark }] of Object.entries(detail)) {
    const field = fieldOf(key);
    if (!field) continue;
    marks.set(key, mark);
    for (const control of controls(field)) {
      const values = pairs.filter(([name]) => name === control.name).map(([, value]) => value);
      if (["checkbox", "radio"].includes(control.type)) control.checked = values.includes(control.value);
      else control.value = values[0] ?? "";
    }
  }
  save();
});

// Copies in this browser are for who asks for them; where none may be kept, the page has no key, and old ones go.
const copies = document.querySelector("[data-module='copies']");
try {
  const { name, key, script } = copies.dataset;
  const box = copies.querySelector("input");
  const load = () => import(script).then(notice, () => {
    box.checked = false;
  });
  if (!key) localStorage.removeItem(name);
  else if (globalThis.crypto?.subtle) {
    copies.hidden = false;
    if (localStorage.getItem(name) === null) box.addEventListener("change", load, { once: true });
    else load();
  }
} catch {
  copies.hidden = true; // this browser keeps nothing for anybody
}
