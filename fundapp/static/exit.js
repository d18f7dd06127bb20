// "Exit this page": ends the session, empties the window at once, and takes this page out of its history.
// Without this module the control is a plain link to the same empty page.

const control = document.querySelector("[data-module='exit']");
const PRESSES = 3;
const WITHIN_MILLISECONDS = 5000;
let presses = [];

function leave() {
  document.title = "";
  document.body.replaceChildren();
  try {
    localStorage.clear();
  } catch {
    // This browser keeps nothing for anybody.
  }
  const { signOut, token } = control.dataset;
  if (signOut) {
    // `keepalive` lets the request arrive although the page is gone.
    fetch(signOut, { method: "POST", body: new URLSearchParams({ csrf_token: token }), keepalive: true, redirect: "manual" })
      .catch(() => {});
  }
  location.replace(control.href);
}

control.addEventListener("click", (event) => {
  event.preventDefault();
  leave();
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") {
    presses = [];
    return;
  }
  presses = [...presses, event.timeStamp].filter((at) => event.timeStamp - at < WITHIN_MILLISECONDS);
  if (presses.length >= PRESSES) leave();
});

// A page that comes back from the browser's memory after somebody left must not be seen again.
addEventListener("pageshow", (event) => {
  if (event.persisted && !document.body.hasChildNodes()) location.replace(control.href);
});
