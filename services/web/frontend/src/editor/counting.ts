/** Words, counted line by line as they change: a long text costs no more at a key than a short one. */
import { StateField, type ChangeSet, type Text } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { words } from "../counter";
import { all } from "../dom";
import type { Desk } from "./desk";

const number = new Intl.NumberFormat("en");

function wordsOfLines(doc: Text, from: number, to: number): number {
  let sum = 0;
  for (const line of doc.iterRange(from, to)) if (line !== "\n") sum += words(line);
  return sum;
}

interface Touched {
  was: { from: number; to: number };
  is: { from: number; to: number };
}

/** Whole lines before and after a change; ranges that meet on a line are one. */
function touched(was: Text, is: Text, changes: ChangeSet): Touched[] {
  const ranges: Touched[] = [];
  changes.iterChangedRanges((fromA, toA, fromB, toB) => {
    const range = { was: lines(was, fromA, toA), is: lines(is, fromB, toB) };
    const last = ranges.at(-1);
    if (last && (range.was.from <= last.was.to || range.is.from <= last.is.to)) {
      last.was.to = range.was.to;
      last.is.to = range.is.to;
    } else ranges.push(range);
  });
  return ranges;
}

const lines = (doc: Text, from: number, to: number): { from: number; to: number } => ({
  from: doc.lineAt(from).from,
  to: doc.lineAt(to).to,
});

/** The words after a change, from those before and the lines that it touched. */
export const recount = (before: number, was: Text, is: Text, changes: ChangeSet): number =>
  touched(was, is, changes).reduce(
    (sum, range) => sum - wordsOfLines(was, range.was.from, range.was.to) + wordsOfLines(is, range.is.from, range.is.to),
    before,
  );

export const wordCount = StateField.define<number>({
  create: (state) => wordsOfLines(state.doc, 0, state.doc.length),
  update: (count, { docChanged, startState, newDoc, changes }) =>
    docChanged ? recount(count, startState.doc, newDoc, changes) : count,
});

/** “412 of 500 words”, and a calm word when it is too long. */
export function inWords(count: number, most: number | null): string {
  if (most === null) return `${number.format(count)} ${count === 1 ? "word" : "words"}`;
  const over = count - most;
  const said = `${number.format(count)} of ${number.format(most)} words`;
  return over > 0 ? `${said}, ${number.format(over)} too many` : said;
}

export function showCount(desk: Desk): void {
  const counters = all("[data-count]", desk.form); // over the text, or on a phone below it
  const show = (): void => {
    const [count, most] = [desk.view.state.field(wordCount), desk.data.limits.words];
    const said = inWords(count, most);
    for (const counter of counters) {
      if (counter.textContent !== said) counter.textContent = said;
      counter.dataset["over"] = String(most !== null && count > most);
    }
  };
  desk.extend(EditorView.updateListener.of((update) => {
    if (update.docChanged) show();
  }));
  desk.onRefresh(show);
  show();
}
