/** Counts characters against a limit, and words, while somebody types. */
import { all } from "./dom";

type Field = HTMLInputElement | HTMLTextAreaElement;

const number = new Intl.NumberFormat("en");

/** Words as the server counts them: “re-read” and “she’s” are one each. */
export const words = (text: string): number => text.match(/[\p{L}\p{N}_]+(?:[’'-][\p{L}\p{N}_]+)*/gu)?.length ?? 0;

/** Characters as Python counts them: an emoji is one, and a line break is one. */
export const characters = (text: string): number => Array.from(text).length;

/** What the counter says: only how much there is room for, until it gets tight. */
export function room(used: number, limit: number): string {
  if (used > limit) return `${number.format(used - limit)} too many`;
  if (used >= limit * 0.8) return `${number.format(limit - used)} left`;
  return used === 0 ? `Up to ${number.format(limit)} characters` : `${number.format(used)} of ${number.format(limit)}`;
}

export function count(): void {
  for (const counter of all("[data-counter-for]")) {
    const field = document.getElementById(counter.dataset["counterFor"] ?? "") as Field | null;
    const limit = Number(field?.dataset["counter"]);
    if (!field || !limit) continue;
    watch(field, () => {
      const used = characters(field.value);
      counter.textContent = room(used, limit);
      counter.dataset["over"] = String(used > limit);
    });
  }
  for (const counter of all("[data-words-for]")) {
    const field = document.getElementById(counter.dataset["wordsFor"] ?? "") as Field | null;
    if (!field) continue;
    watch(field, () => {
      const n = words(field.value);
      counter.textContent = `${number.format(n)} ${n === 1 ? "word" : "words"}`;
    });
  }
}

function watch(field: Field, show: () => void): void {
  field.addEventListener("input", show);
  show();
}
