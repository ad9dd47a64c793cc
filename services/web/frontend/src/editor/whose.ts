/**
 * Whose words these are, in words: F9 says it of the paragraph at the cursor, for whoever does not see the tint. Asked
 * for, not read out by itself, so that reading stays reading.
 */
import type { Text } from "@codemirror/state";
import { keymap, type DecorationSet } from "@codemirror/view";
import type { Origin } from "./data";
import type { Desk } from "./desk";
import { paragraphAt } from "./paragraph";
import { marked, tint } from "./tint";

const WORD = /[\p{L}\p{N}_]+(?:[’'-][\p{L}\p{N}_]+)*/gu;
const HANDS: Record<Origin, string> = { machine: "the machine", human: "people", brief: "the brief", tool: "a tool" };
const ORDER: readonly Origin[] = ["machine", "human", "brief", "tool"];

/** How many words of the line each hand wrote; a word is whose its first letter is. */
export function counted(line: string, from: number, marks: DecorationSet): Partial<Record<Origin, number>> {
  const places = marked(marks, from, from + line.length);
  const counts: Partial<Record<Origin, number>> = {};
  for (const word of line.matchAll(WORD)) {
    const at = from + word.index;
    const whose = places.find(({ start, end }) => start <= at && at < end)?.origin ?? "human";
    counts[whose] = (counts[whose] ?? 0) + 1;
  }
  return counts;
}

/** “Paragraph 2 of 4: 31 words of the machine, 9 of people.” */
export function inWords(number: number, of: number, counts: Partial<Record<Origin, number>>): string {
  const hands = ORDER.filter((one) => counts[one]);
  const [first, ...rest] = hands.map((one) => [counts[one] ?? 0, HANDS[one]] as const);
  const where = `Paragraph ${number} of ${of}`;
  if (!first) return `${where}: no words yet.`;
  const [count, hand] = first;
  if (rest.length === 0) return `${where}: ${count === 1 ? "its one word is" : `all ${count} words are`} ${hand}’s.`;
  const others = rest.map(([many, other]) => `, ${many} of ${other}`);
  return `${where}: ${count} ${count === 1 ? "word" : "words"} of ${hand}${others.join("")}.`;
}

function paragraphs(doc: Text): number {
  let count = 0;
  for (const line of doc.iterLines()) if (line.trim() !== "") count += 1;
  return count;
}

export function tellsWhose(desk: Desk): void {
  const tell = (): boolean => {
    const { state } = desk.view;
    const { from, text } = state.doc.lineAt(state.selection.main.head);
    const marks = state.field(tint);
    const number = paragraphAt(desk) ?? 0;
    const words = text.trim() === "" ? "An empty line." : inWords(number, paragraphs(state.doc), counted(text, from, marks));
    desk.mention(""); // the same words said twice are read out twice
    window.requestAnimationFrame(() => desk.mention(words));
    return true;
  };
  desk.extend(keymap.of([{ key: "F9", run: tell, preventDefault: true }]));
}
