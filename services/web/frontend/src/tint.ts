/**
 * Who wrote what, while the editor writes: a mirror behind the textarea carries the tint and gives it its height.
 * This is a picture only. What counts is computed on the server from the stored revisions.
 */
import { all, one } from "./dom";

export interface Run {
  length: number;
  mark: string; // "m" the machine, "b" the brief, "" a person
}

/** Beyond this many characters redrawing at every key would be felt; the server's picture stays. */
const LARGEST = 60_000;

/** The runs after `before` became `after`: whatever was typed belongs to a person. */
export function retint(runs: Run[], before: string, after: string): Run[] {
  let start = 0;
  const shortest = Math.min(before.length, after.length);
  while (start < shortest && before[start] === after[start]) start++;
  let tail = 0;
  while (tail < shortest - start && before[before.length - 1 - tail] === after[after.length - 1 - tail]) tail++;
  return merge([
    ...cut(runs, 0, start),
    { length: after.length - start - tail, mark: "" },
    ...cut(runs, before.length - tail, before.length),
  ]);
}

function cut(runs: Run[], from: number, to: number): Run[] {
  const kept: Run[] = [];
  let at = 0;
  for (const run of runs) {
    const length = Math.min(at + run.length, to) - Math.max(at, from);
    if (length > 0) kept.push({ length, mark: run.mark });
    at += run.length;
  }
  return kept;
}

function merge(runs: Run[]): Run[] {
  const merged: Run[] = [];
  for (const run of runs) {
    const last = merged.at(-1);
    if (run.length === 0) continue;
    if (last?.mark === run.mark) last.length += run.length;
    else merged.push({ ...run });
  }
  return merged;
}

export function tint(): void {
  for (const writer of all("[data-writer]")) {
    const mirror = one("[data-mirror]", writer);
    const field = one<HTMLTextAreaElement>("textarea", writer);
    if (mirror && field && field.value.length <= LARGEST) reflect(writer, mirror, field);
  }
}

function reflect(writer: HTMLElement, mirror: HTMLElement, field: HTMLTextAreaElement): void {
  let text = mirror.textContent;
  let runs: Run[] = Array.from(mirror.childNodes, (node) => ({
    length: node.textContent?.length ?? 0,
    mark: node instanceof HTMLElement ? node.className : "",
  }));
  const draw = (): void => {
    if (text !== field.value) runs = retint(runs, text, field.value);
    text = field.value;
    let at = 0;
    const pieces = runs.map((run) => {
      const piece = text.slice(at, (at += run.length));
      if (!run.mark) return piece;
      const span = document.createElement("span");
      span.className = run.mark;
      span.textContent = piece;
      return span;
    });
    mirror.replaceChildren(...pieces, "\u200b"); // so that an empty last line has a height
  };
  mirror.hidden = false;
  writer.classList.add("mirrored");
  field.addEventListener("input", draw);
  draw();
}
