// How much of a limit a text uses, said while it is typed. The rules are those of core/text.py, which decides:
// both count the same words in any script, and characters as readers see them.

const BLANK = "[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]";
const BLANKS = new RegExp(`${BLANK}+`, "u");
const ENDS = new RegExp(`^${BLANK}+|${BLANK}+$`, "gu");
const LINE_ENDS = /\r\n|[\n\r\v\f\x85\u2028\u2029]/gu;
const INVISIBLE = /[\u202a-\u202c\u2066-\u2069\ufeff]/gu;
const ONE_CHARACTER_WORD = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/gu;
const LETTER_OR_DIGIT = /[\p{L}\p{N}]/u;
const characters = globalThis.Intl?.Segmenter && new Intl.Segmenter(undefined, { granularity: "grapheme" });

// A text as it will be kept: without what is invisible, and without blanks at its ends.
export function kept(text) {
  return text.replace(INVISIBLE, "").replace(/\t/g, " ").replace(LINE_ENDS, "\n").replace(ENDS, "").normalize("NFC");
}

export function countWords(text) {
  const single = text.match(ONE_CHARACTER_WORD)?.length ?? 0;
  const rest = text.replace(ONE_CHARACTER_WORD, " ").split(BLANKS);
  return single + rest.filter((word) => LETTER_OR_DIGIT.test(word)).length;
}

export function countCharacters(text) {
  let count = 0;
  for (const _ of characters.segment(text)) count += 1;
  return count;
}

// `data-counts` holds what is counted, the limit, and a sentence for each plural form of the page's language.
function say(field) {
  const { what, most } = field.dataset;
  const sentences = JSON.parse(field.form.dataset[what]);
  const count = (what === "words" ? countWords : countCharacters)(kept(field.value));
  const place = document.getElementById(`${field.id}-used`);
  const form = new Intl.PluralRules(document.documentElement.lang).select(count);
  place.textContent = (sentences[form] ?? sentences.other).replace("{}", String(count));
  place.parentElement.classList.toggle("over", count > Number(most));
}

const isCounted = (field) => field.dataset?.what === "words" || (field.dataset?.what === "characters" && characters);

document.addEventListener("input", ({ target }) => {
  if (isCounted(target)) say(target);
});
