/** The smallest sensible change from one text to another: whole lines are matched first, then heads and tails. */
import { ChangeSet, Text, type ChangeSpec } from "@codemirror/state";

const MOST_LINES = 4000; // beyond that the middle is replaced as one piece

interface Piece {
  from: number;
  to: number;
  insert: string;
}

export function changesTo(before: string, after: string): Piece[] {
  if (before === after) return [];
  const [was, is] = [before.split("\n"), after.split("\n")];
  const pieces: Piece[] = [];
  let [at, i, j] = [0, 0, 0];
  for (const [a, b, length] of [...matched(was, is), [was.length, is.length, 0] as const]) {
    const [gone, come] = [was.slice(i, a), is.slice(j, b)];
    if (gone.length > 0 || come.length > 0) {
      pieces.push(...between(at, gone, come, before.length));
    }
    at += size(was, i, a + length);
    [i, j] = [a + length, b + length];
  }
  return pieces;
}

export const changeSet = (before: Text, after: string): ChangeSet =>
  ChangeSet.of(changesTo(before.toString(), after).map(spec), before.length);

const spec = ({ from, to, insert }: Piece): ChangeSpec => ({ from, to, insert: Text.of(insert.split("\n")) });

/** Characters of lines `from` to `to`, each with the line break after it. */
function size(lines: readonly string[], from: number, to: number): number {
  let sum = 0;
  for (let i = from; i < to; i++) sum += (lines[i]?.length ?? 0) + 1;
  return sum;
}

/** Replaced lines, without the characters that they have in common at head and tail. */
function between(at: number, gone: string[], come: string[], end: number): Piece[] {
  // A line break belongs to the line before it, except at the very end of the text, where there is none.
  let [was, is] = [gone.map((line) => line + "\n").join(""), come.map((line) => line + "\n").join("")];
  if (at + was.length > end) {
    if (at > 0 && (was === "" || is === "")) [at, was, is] = [at - 1, "\n" + was, "\n" + is];
    [was, is] = [was.replace(/\n$/, ""), is.replace(/\n$/, "")];
  }
  let head = 0;
  const shortest = Math.min(was.length, is.length);
  while (head < shortest && was[head] === is[head]) head++;
  let tail = 0;
  while (tail < shortest - head && was[was.length - 1 - tail] === is[is.length - 1 - tail]) tail++;
  if (head > 0 && isHigh(was, head - 1)) head--;
  if (tail > 0 && isHigh(was, was.length - tail - 1)) tail--;
  if (head === was.length && head === is.length) return [];
  return [{ from: at + head, to: at + was.length - tail, insert: is.slice(head, is.length - tail) }];
}

/** Between the two units of one character nothing may be cut. */
const isHigh = (text: string, at: number): boolean => /[\ud800-\udbff]/.test(text[at] ?? "");

/** Runs of equal lines in order: [place in `was`, place in `is`, how many]. */
function matched(was: readonly string[], is: readonly string[]): (readonly [number, number, number])[] {
  const shortest = Math.min(was.length, is.length);
  let head = 0;
  while (head < shortest && was[head] === is[head]) head++;
  let tail = 0;
  while (tail < shortest - head && was[was.length - 1 - tail] === is[is.length - 1 - tail]) tail++;
  const middle = anchors(was, is, head, was.length - tail, is.length - tail);
  const runs: [number, number, number][] = head ? [[0, 0, head]] : [];
  for (const [a, b] of middle) runs.push([a, b, 1]);
  if (tail) runs.push([was.length - tail, is.length - tail, tail]);
  return runs;
}

/** Lines that stand once in both middles, as many as keep their order. */
function anchors(was: readonly string[], is: readonly string[], from: number, a: number, b: number): [number, number][] {
  if (a - from > MOST_LINES || b - from > MOST_LINES) return [];
  const [there, here] = [once(was, from, a), once(is, from, b)];
  const both = Array.from(there).flatMap(([line, i]): [number, number][] => {
    const j = here.get(line);
    return i >= 0 && j !== undefined && j >= 0 ? [[i, j]] : [];
  });
  return increasing(both);
}

/** Where each line stands, or -1 when it stands more than once. */
function once(lines: readonly string[], from: number, to: number): Map<string, number> {
  const places = new Map<string, number>();
  for (let i = from; i < to; i++) {
    const line = lines[i] ?? "";
    if (line !== "") places.set(line, places.has(line) ? -1 : i);
  }
  return places;
}

/** The longest part of `pairs` (in order of the first) whose seconds increase. */
function increasing(pairs: readonly [number, number][]): [number, number][] {
  const ends: number[] = []; // for each length, the pair that ends the best run of it
  const before: number[] = [];
  pairs.forEach(([, j], at) => {
    let [low, high] = [0, ends.length];
    while (low < high) {
      const half = (low + high) >> 1;
      if ((pairs[ends[half] as number]?.[1] ?? 0) < j) low = half + 1;
      else high = half;
    }
    before[at] = low > 0 ? (ends[low - 1] as number) : -1;
    ends[low] = at;
  });
  const run: [number, number][] = [];
  for (let at = ends.at(-1) ?? -1; at >= 0; at = before[at] as number) run.push(pairs[at] as [number, number]);
  return run.reverse();
}
