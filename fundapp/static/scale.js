// Number keys on the scale of a criterion: while one of its buttons has the focus, a key chooses the step of that number.
//
// Two figures in a row are one number where there is such a step: 1 and then 0 choose 10. The arrow keys are the
// browser's own. The keys are told by their place, so that they are the same on every keyboard.

const fields = document.querySelector("[data-part='fields']");
const hint = document.querySelector("[data-part='number-keys']");
let typed = "";

function stepOf(scale, number) {
  return [...scale.querySelectorAll("input[type=radio]")].find(({ value }) => value === number);
}

fields.addEventListener("keydown", (event) => {
  const scale = event.target.type === "radio" && event.target.closest("fieldset");
  const figure = /^(?:Digit|Numpad)([0-9])$/.exec(event.code)?.[1];
  if (!scale || !figure || event.key.length > 1 || event.ctrlKey || event.altKey || event.metaKey) {
    typed = "";
    return;
  }
  typed = [typed + figure, figure].find((number) => stepOf(scale, number)) ?? "";
  const step = stepOf(scale, typed);
  if (!step) return;
  event.preventDefault();
  step.focus();
  step.click();
});
fields.addEventListener("focusout", ({ target, relatedTarget }) => {
  if (target.closest("fieldset") !== relatedTarget?.closest?.("fieldset")) typed = "";
});
if (hint) hint.hidden = !fields.querySelector("fieldset input[type=radio]");
