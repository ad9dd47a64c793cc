/** Words that somebody said something about: a faint mark, which moves with the text while somebody writes. */
import { RangeSet, StateEffect, StateField, Text, type Extension } from "@codemirror/state";
import { Decoration, EditorView, type DecorationSet } from "@codemirror/view";
import { changeSet } from "./changes";

/** Where the words of a thread stand, in the browser's units. */
export interface Place {
  thread: string;
  start: number;
  end: number;
}

/** All of them anew. */
export const setMarks = StateEffect.define<readonly Place[]>();

const mark = ({ thread }: Place): Decoration =>
  Decoration.mark({ tagName: "mark", class: "commented", attributes: { "data-thread": thread } });

export const marks = StateField.define<DecorationSet>({
  create: () => RangeSet.empty,
  update(before, transaction) {
    let now = before.map(transaction.changes);
    for (const effect of transaction.effects) {
      if (!effect.is(setMarks)) continue;
      const length = transaction.newDoc.length;
      const inside = effect.value.filter(({ start, end }) => start < end && end <= length);
      now = RangeSet.of(inside.map((place) => mark(place).range(place.start, place.end)), true);
    }
    return now;
  },
  provide: (field) => EditorView.decorations.from(field),
});

export const extension: Extension = marks;

/** The places in the text as it is here, where the server knows them in its own. */
export function carried(places: readonly Place[], saved: string, text: string): Place[] {
  if (saved === text) return [...places];
  const changes = changeSet(Text.of(saved.split("\n")), text);
  return places.map(({ thread, start, end }) => ({ thread, start: changes.mapPos(start, 1), end: changes.mapPos(end, -1) }));
}

/** Where the words of one thread stand now. */
export function find(set: DecorationSet, thread: string, length: number): { from: number; to: number } | null {
  let found: { from: number; to: number } | null = null;
  set.between(0, length, (from, to, { spec }) => {
    const { attributes } = spec as { attributes: Record<string, string> };
    if (attributes["data-thread"] !== thread) return undefined;
    found = { from, to };
    return false;
  });
  return found;
}
