/**
 * Words that move within the text keep their author while somebody writes: cut and pasted, dragged, moved line by line,
 * or back from before a reload. The rule is the server's (docs/authorship.md: "It moved", "It came back"), as far as it
 * can be told from one change; the server decides at the save.
 */
import { EditorState, StateEffect, StateField, type Extension, type Text, type Transaction } from "@codemirror/state";
import type { DecorationSet } from "@codemirror/view";
import { markAgain, marked, setSpans, tint, type Place } from "./tint";

/** Words that were taken out, with the marks that they had; places count from their own start. */
export interface Piece {
  text: string;
  places: readonly Place[];
  saved: boolean; // the server has a version without them
}

const MOVED = 4; // words; fewer only when nothing else came or went with them
const RETURNED = 5; // words, once the text was saved without them
const MANY = 20; // words that nobody types alike
const TELLING = 6; // letters
const MOST_PIECES = 40;
const MOST = 100_000; // characters of all of them

// Scripts without spaces between words: there a character is a word.
const UNSPACED = "\\u0e00-\\u0eff\\u1780-\\u17ff\\u3040-\\u30ff\\u3400-\\u9fff\\uf900-\\ufaff";
const WORD = new RegExp(`[${UNSPACED}]|(?:(?![${UNSPACED}])[\\p{L}\\p{N}_])+`, "gu");

const wordsIn = (text: string): number => text.match(WORD)?.length ?? 0;
const isTelling = (text: string): boolean => (text.match(/[\p{L}\p{N}]/gu)?.length ?? 0) >= TELLING;

export const setGone = StateEffect.define<readonly Piece[]>();

/** The newest first. */
export const gone = StateField.define<readonly Piece[]>({
  create: () => [],
  update: (pieces, transaction) =>
    transaction.effects.reduce((before, effect) => {
      if (effect.is(setGone)) return effect.value;
      return effect.is(setSpans) ? before.map((piece) => ({ ...piece, saved: true })) : before;
    }, pieces),
});

/** As many of the newest as find room. */
export function bounded(pieces: readonly Piece[], room = MOST): Piece[] {
  const kept: Piece[] = [];
  for (const piece of pieces.slice(0, MOST_PIECES)) {
    room -= piece.text.length;
    if (room < 0) break;
    kept.push(piece);
  }
  return kept;
}

interface Match {
  from: number; // in the words where they were found
  at: number; // in the words that came
  size: number;
}

const match = (known: string, came: string, words: string): Match => ({
  from: known.indexOf(words),
  at: came.indexOf(words),
  size: words.length,
});

/** What of the words that came is the piece that went. */
export function moved({ text, saved }: Pick<Piece, "text" | "saved">, came: string): Match | null {
  if (text === came && !saved) return { from: 0, at: 0, size: text.length };
  const [known, words] = [text.trim(), came.trim()];
  if (known === words && !saved) return match(text, came, words);
  const fewest = saved ? RETURNED : MOVED;
  if (wordsIn(words) >= fewest && text.includes(words)) return match(text, came, words);
  if (wordsIn(known) >= fewest && came.includes(known)) return match(text, came, known);
  return null;
}

/** Words that still stand where they stood are a copy of them only when they are a whole sentence, or many. */
export function copied(text: string, came: string): Match | null {
  const words = came.trim();
  const count = wordsIn(words);
  const from = count >= RETURNED ? text.indexOf(words) : -1;
  if (from < 0 || (count < MANY && !isSentence(text, from, from + words.length))) return null;
  return { from, at: came.indexOf(words), size: words.length };
}

const isSentence = (text: string, start: number, end: number): boolean =>
  /(?:^|[.!?…:\n])[ "'“‘(]*$/u.test(text.slice(Math.max(0, start - 8), start)) &&
  (/[.!?…:"'”’)]$/u.test(text.slice(start, end)) || /^ *(?:$|[.!?…\n])/u.test(text.slice(end, end + 8)));

/** Marks of words that stand elsewhere now. */
const carriedOver = (places: readonly Place[], { from, at, size }: Match, start: number): Place[] =>
  places
    .map((place) => ({
      origin: place.origin,
      start: Math.max(place.start, from) - from + at + start,
      end: Math.min(place.end, from + size) - from + at + start,
    }))
    .filter((place) => place.start < place.end);

interface Came {
  start: number;
  text: string;
}

/** What a change took out that is marked, and what it brought; a key's letter is neither. */
function changed({ changes, startState }: Transaction, marks: DecorationSet): { left: Piece[]; came: Came[] } {
  const [left, came]: [Piece[], Came[]] = [[], []];
  changes.iterChanges((fromA, toA, fromB, toB, inserted) => {
    if (toB - fromB >= TELLING) came.push({ start: fromB, text: inserted.toString() });
    if (toA - fromA < TELLING) return;
    const text = startState.sliceDoc(fromA, toA);
    const places = marked(marks, fromA, toA).map((one) => ({ ...one, start: one.start - fromA, end: one.end - fromA }));
    if (places.length > 0 && isTelling(text)) left.push({ text, places, saved: false });
  });
  return { left, came: came.filter(({ text }) => isTelling(text)) };
}

function copiedPlaces(doc: Text, marks: DecorationSet, { start, text }: Came): Place[] {
  const found = wordsIn(text) >= RETURNED ? copied(doc.toString(), text) : null;
  return found ? carriedOver(marked(marks, found.from, found.from + found.size), found, start) : [];
}

const follows = EditorState.transactionExtender.of((transaction) => {
  const { docChanged, startState, effects } = transaction;
  const [marks, known] = [startState.field(tint, false), startState.field(gone, false)];
  if (!docChanged || !marks || !known || transaction.isUserEvent("desk")) return null; // the desk tells its own marks
  const { left, came } = changed(transaction, marks);
  if (left.length === 0 && came.length === 0) return null;
  const told = effects.some((effect) => effect.is(markAgain)); // by undo, or with the machine's words
  let pieces: readonly Piece[] = [...left, ...known];
  const places: Place[] = [];
  for (const one of came) {
    const piece = pieces.find((each) => moved(each, one.text));
    const found = piece && moved(piece, one.text);
    if (piece) pieces = pieces.filter((each) => each !== piece); // it came once
    if (told) continue;
    places.push(...(piece && found ? carriedOver(piece.places, found, one.start) : copiedPlaces(startState.doc, marks, one)));
  }
  return { effects: [setGone.of(bounded(pieces)), ...(places.length > 0 ? [markAgain.of(places)] : [])] };
});

export const extension: Extension = [gone, follows];
