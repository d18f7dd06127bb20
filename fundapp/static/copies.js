// Keeps what is not saved yet in this browser as well, sealed, and only where the person asked for it.
// The key comes with the page, from the server, for this person and application: without signing in, a copy is noise.
// saving.js loads this module once the box is ticked, or a copy is there.

const place = document.querySelector("[data-module='copies']");
const { name, key } = place.dataset;
const box = place.querySelector("input");
const NONCE_BYTES = 12;

const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
const base64 = (data) => btoa(Array.from(data, (byte) => String.fromCharCode(byte)).join(""));

const secret = crypto.subtle.importKey("raw", bytes(key), "AES-GCM", false, ["encrypt", "decrypt"]);

async function seal(texts) {
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  const clear = new TextEncoder().encode(JSON.stringify(texts));
  const sealed = new Uint8Array(await crypto.subtle.encrypt({ name: "AES-GCM", iv: nonce }, await secret, clear));
  return `${base64(nonce)}.${base64(sealed)}`;
}

async function open(kept) {
  const [nonce, sealed] = kept.split(".").map(bytes);
  const clear = await crypto.subtle.decrypt({ name: "AES-GCM", iv: nonce }, await secret, sealed);
  return JSON.parse(new TextDecoder().decode(clear));
}

async function restore() {
  const kept = localStorage.getItem(name);
  if (kept === null) return;
  box.checked = true;
  const texts = await open(kept).catch(() => ({})); // of an older key, or broken: then it says nothing to anybody
  if (Object.keys(texts).length === 0) return;
  dispatchEvent(new CustomEvent("restored", { detail: texts }));
  place.querySelector("[data-part='restored']").hidden = false;
}

// One after another, so that an older copy never takes the place of a newer one.
let turn = restore();
let unsaved = {};

function keep() {
  turn = turn.then(async () => {
    if (box.checked) localStorage.setItem(name, await seal(unsaved));
    else localStorage.removeItem(name);
  }).catch(() => {
    box.checked = false; // no room, or not allowed: then nothing is kept, and the box says so
  });
}

addEventListener("unsaved", ({ detail }) => {
  unsaved = detail;
  keep();
});
box.addEventListener("change", keep);
