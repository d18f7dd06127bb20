// Keeps what is not saved yet in this browser as well, sealed, and only where the person asked for it.
// The key comes with the page, from the server, for this person and application: without signing in, a copy is noise.

const place = document.querySelector("[data-module='copies']");
const { name, key } = place.dataset;
const box = place.querySelector("input");
const NONCE_BYTES = 12;

const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
const base64 = (data) => btoa(Array.from(data, (byte) => String.fromCharCode(byte)).join(""));

async function seal(secret, texts) {
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  const clear = new TextEncoder().encode(JSON.stringify(texts));
  const sealed = new Uint8Array(await crypto.subtle.encrypt({ name: "AES-GCM", iv: nonce }, secret, clear));
  return `${base64(nonce)}.${base64(sealed)}`;
}

async function open(secret, kept) {
  const [nonce, sealed] = kept.split(".").map(bytes);
  return JSON.parse(new TextDecoder().decode(await crypto.subtle.decrypt({ name: "AES-GCM", iv: nonce }, secret, sealed)));
}

async function start() {
  const secret = await crypto.subtle.importKey("raw", bytes(key), "AES-GCM", false, ["encrypt", "decrypt"]);
  let unsaved = {};
  let turn = Promise.resolve();

  // One after another, so that an older copy never takes the place of a newer one.
  const keep = () => {
    turn = turn.then(async () => {
      if (box.checked) localStorage.setItem(name, await seal(secret, unsaved));
      if (!box.checked) localStorage.removeItem(name);
    }).catch(() => {
      box.checked = false; // no room, or not allowed: then nothing is kept, and the box says so
    });
  };

  const kept = localStorage.getItem(name);
  if (kept !== null) {
    box.checked = true;
    const texts = await open(secret, kept).catch(() => ({}));
    if (Object.keys(texts).length) {
      dispatchEvent(new CustomEvent("restored", { detail: texts }));
      place.querySelector("[data-part='restored']").hidden = false;
    }
  }
  addEventListener("unsaved", ({ detail }) => {
    unsaved = detail;
    keep();
  });
  box.addEventListener("change", keep);
  place.hidden = false;
}

// Where no copies may be kept, the page has no key; one from before goes.
if (!key) localStorage.removeItem(name);
else if (globalThis.crypto?.subtle) start();
