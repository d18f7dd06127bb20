// Runs ODK's own engine over answers to a form.
//
// Reads {"form": XForm, "records": [record XML, …]} from standard input, and writes what the engine makes of each record:
// an object from the reference of each place to what is asked there, allowed, offered and computed.

import { JSDOM } from "jsdom";
import { readFileSync } from "node:fs";

// The engine is made for browsers: it needs their way of reading XML, and looks for the folder of its script.
const { window } = new JSDOM("<!doctype html>");
for (const name of ["document", "DOMParser", "Element", "Node", "XMLSerializer"]) globalThis[name] = window[name];
globalThis.window = window;
globalThis.__dirname = import.meta.dirname;
const { loadForm } = await import("@getodk/xforms-engine");

const decoder = new window.DOMParser();

function answer(node) {
  const { instanceXML } = node.instanceState;
  return instanceXML ? decoder.parseFromString(instanceXML, "text/xml").documentElement.textContent : "";
}

function look(node, found) {
  const state = node.currentState;
  found[state.reference] = {
    kind: node.nodeType,
    relevant: state.relevant,
    readonly: state.readonly,
    required: state.required,
    fits: node.validationState?.constraint?.valid ?? null,
    label: state.label?.asString ?? null,
    offered: state.valueOptions?.map?.((option) => option.value) ?? null,
    value: state.children === null ? answer(node) : null,
  };
  for (const child of state.children ?? []) look(child, found);
  return found;
}

const { form, records } = JSON.parse(readFileSync(0, "utf8"));
const loaded = await loadForm(form);
if (loaded.status === "failure") throw loaded.error;
const states = [];
for (const record of records) {
  const data = new FormData();
  data.set("xml_submission_file", new File([record], "xml_submission_file", { type: "text/xml" }));
  try {
    states.push(look((await loaded.restoreInstance({ data: [data] })).root, {}));
  } catch (error) {
    states.push({ error: `${error.message} ${error.cause?.message ?? ""}` });
  }
}
process.stdout.write(JSON.stringify({ today: new Date().toISOString().slice(0, 10), states }));
