/**
 * Who wrote what, while somebody writes: marks that move with the text. What is typed is a person's and carries none;
 * words that come back by undo carry what they had. A picture only: the server's truth replaces it at every save.
 */
import { invertedEffects } from "@codemirror/commands";
import { ChangeSet, RangeSet, StateEffect, StateField, type ChangeDesc, type Extension, type Range } from "@codemirror/state";
import { Decoration, EditorView, type DecorationSet } from "@codemirror/view";
import type { Origin, Span } from "./data";

export type Place = Pick<Span, "start" | "end" | "origin">;

const MARKS: Partial<Record<Origin, Decoration>> = {
  machine: Decoration.mark({ class: "m", origin: "machine" }),
  brief: Decoration.mark({ class: "b", origin: "brief" }),
  tool: Decoration.mark({ class: "t", origin: "tool" }),
};

function moved(places: readonly Place[], changes: ChangeDesc): Place[] {
  return places
    .map(({ start, end, origin }) => ({ start: changes.mapPos(start, 1), end: changes.mapPos(end, -1), origin }))
    .filter(({ start, end }) => start < end);
}

/** All marks anew, as the server knows them. */
export const setSpans = StateEffect.define<readonly Place[]>({ map: moved });

/** These words carry these marks again. */
export const markAgain = StateEffect.define<readonly Place[]>({ map: moved });

const ranges = (places: readonly Place[], length: number): Range<Decoration>[] =>
  places.flatMap(({ start, end, origin }) => {
    const mark = MARKS[origin];
    return mark && start < end && end <= length ? [mark.range(start, end)] : [];
  });

/** The marks with a hole where something was typed. */
export function without(marks: DecorationSet, from: number, to: number): DecorationSet {
  const rest: Range<Decoration>[] = [];
  marks.between(from, to, (start, end, mark) => {
    if (end <= from || start >= to) return;
    if (start < from) rest.push(mark.range(start, from));
    if (end > to) rest.push(mark.range(to, end));
  });
  const outside = (start: number, end: number): boolean => end <= from || start >= to;
  return marks.update({ filterFrom: from, filterTo: to, filter: outside, add: rest, sort: true });
}

/** What of the text between two places is marked, and how. */
export function marked(marks: DecorationSet, from: number, to: number): Place[] {
  const places: Place[] = [];
  marks.between(from, to, (start, end, mark) => {
    const place = { start: Math.max(start, from), end: Math.min(end, to), origin: mark.spec.origin as Origin };
    if (place.start < place.end) places.push(place);
  });
  return places;
}

export const tint = StateField.define<DecorationSet>({
  create: () => RangeSet.empty,
  update(marks, transaction) {
    if (transaction.docChanged) {
      marks = marks.map(transaction.changes);
      transaction.changes.iterChangedRanges((_a, _b, from, to) => {
        if (to > from) marks = without(marks, from, to);
      });
    }
    for (const effect of transaction.effects) {
      if (effect.is(setSpans)) marks = RangeSet.of(ranges(effect.value, transaction.newDoc.length), true);
      if (effect.is(markAgain)) marks = marks.update({ add: ranges(effect.value, transaction.newDoc.length), sort: true });
    }
    return marks;
  },
  provide: (field) => EditorView.decorations.from(field),
});

/** What a change takes away is remembered with it, so that undo gives the words back with their marks. */
const remembered = invertedEffects.of((transaction) => {
  const marks = transaction.startState.field(tint, false);
  if (!marks || !transaction.docChanged) return [];
  const gone: Place[] = [];
  transaction.changes.iterChangedRanges((from, to) => {
    if (to > from) gone.push(...marked(marks, from, to));
  });
  return gone.length > 0 ? [markAgain.of(gone)] : [];
});

export const extension: Extension = [tint, remembered];

/** What a text gained since is marked as it is here: the server knows nothing of it yet. `onward`: to where it stands next. */
export function unsavedMarks(marks: DecorationSet, since: ChangeSet, onward: ChangeDesc): Place[] {
  const found: Place[] = [];
  since.iterChangedRanges((_a, _b, from, to) => {
    if (to > from) found.push(...marked(marks, from, to));
  });
  return moved(found, onward);
}

/** The server's spans, carried over to a text that was changed since. */
export const carried = (spans: readonly Span[], since: ChangeSet): Place[] => {
  if (since.empty) return spans.filter((span) => span.origin !== "human");
  let marks: DecorationSet = RangeSet.of(ranges(spans, since.length), true).map(since);
  since.iterChangedRanges((_a, _b, from, to) => {
    if (to > from) marks = without(marks, from, to);
  });
  return marked(marks, 0, since.newLength);
};
