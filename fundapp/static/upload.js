// Sends a file in parts as soon as it is chosen, and goes on where a broken line stopped it: also after a reload, when
// the same file is chosen again. Without this module a file goes with its form.

const PART = 256 * 1024;
const FIRST_WAIT = 2000; // milliseconds
const LONGEST_WAIT = 60000;
const PATIENCE = 120000; // how long a part may take on a slow line
const MOST_AT_ONE_PLACE = 5;

const words = document.querySelector("[data-part='uploads']").dataset;
const running = new Map(); // input -> what ends with its upload
const waiting = new WeakSet(); // forms that are sent once their files have arrived

const pause = (wait) => new Promise((resolve) => {
  setTimeout(resolve, wait);
  addEventListener("online", resolve, { once: true });
});

function shownBeside(input) {
  const line = input.parentElement.querySelector("[data-part='upload']");
  if (line) return line;
  const made = Object.assign(document.createElement("p"), { className: "saved" });
  made.dataset.part = "upload";
  made.setAttribute("role", "status");
  input.after(made);
  return made;
}

function say(input, message, name = "") {
  const line = shownBeside(input);
  line.replaceChildren(message);
  if (name) line.append(" ", Object.assign(document.createElement("bdi"), { textContent: name }));
  line.classList.toggle("stop", message !== words.sending && message !== words.kept);
  return line;
}

function show(input, have, size) {
  const line = say(input, words.sending);
  const bar = Object.assign(document.createElement("progress"), { max: size, value: have });
  bar.setAttribute("aria-label", words.sending);
  line.append(" ", bar);
  return bar;
}

// Returns what the server says, or null when it takes nothing in this way; waits for the line as long as it takes.
async function post(input, address, values) {
  for (let wait = FIRST_WAIT; ; wait = Math.min(wait * 2, LONGEST_WAIT)) {
    const body = new FormData();
    body.set("csrf_token", input.form.elements.csrf_token.value);
    for (const [name, value] of Object.entries(values)) body.set(name, value);
    try {
      const answer = await fetch(address, { method: "POST", body, redirect: "error", signal: AbortSignal.timeout(PATIENCE) });
      const isOurs = answer.headers.get("Content-Type")?.startsWith("application/json");
      if (isOurs) return await answer.json();
      if (answer.status !== 429 && answer.status < 500) return null;
    } catch {
      // No line: the part is sent again, and the server takes it once.
    }
    say(input, words.noLine);
    await pause(wait);
  }
}

async function upload(input, file) {
  const { upload: address, key } = input.dataset;
  const begun = await post(input, address, { key, filename: file.name, size: file.size, modified: file.lastModified });
  let answer = begun;
  let tries = 0;
  while (answer && input.files[0] === file) {
    if (answer.problem) return say(input, answer.problem);
    if (answer.done) return say(input, words.kept, answer.filename);
    const { have } = answer;
    show(input, have, file.size);
    const part = new Blob([await file.slice(have, have + PART).arrayBuffer()]);
    answer = await post(input, `${address}/${begun.upload}`, { start: have, part });
    tries = answer?.have === have ? tries + 1 : 0;
    if (tries > MOST_AT_ONE_PLACE) answer = null;
  }
  if (input.files[0] === file) throw new Error("refused");
  return null;
}

async function begin(input) {
  const file = input.files[0];
  const work = upload(input, file).then(
    (said) => { if (said && input.files[0] === file) input.value = ""; },
    () => { say(input, words.failed); },
  );
  running.set(input, work);
  await work;
  if (running.get(input) === work) running.delete(input);
}

document.addEventListener("change", ({ target }) => {
  if (target.matches("input[type=file][data-upload]") && target.files.length) begin(target);
});

// A form waits for its files; who sends it once more does not want to wait, and the file goes with the form.
document.addEventListener("submit", async (event) => {
  const { target: form, submitter } = event;
  const mine = [...running].filter(([input]) => input.form === form).map(([, work]) => work);
  if (!mine.length || waiting.has(form)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  waiting.add(form);
  await Promise.all(mine);
  if (waiting.delete(form)) form.requestSubmit(submitter);
}, { capture: true });
