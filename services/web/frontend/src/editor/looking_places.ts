/** Places to look at first, and what becomes of them while the text is edited; without a page. */
import { RangeSet, StateEffect, StateField, type ChangeDesc, type Range, type Transaction } from "@codemirror/state";
import { Decoration, EditorView, type DecorationSet } from "@codemirror/view";

export type Kind = "name" | "number" | "date" | "quote";

export interface Doubt {
  start: number;
  end: number;
  level: number; // 1 a little unsure, 3 very
}

export interface Claim {
  start: number;
  end: number;
  kind: Kind;
  words: string;
}

/** One place as it stands now. */
export interface Place {
  start: number;
  end: number;
  level: number; // 0: a claim
  kind: Kind | null;
}

export interface Found {
  doubt: Doubt[];
  claims: Claim[];
}

export const SAYS: Readonly<Record<Kind, string>> = {
  name: "a name",
  number: "a number",
  date: "a date or time",
  quote: "a quote",
};
const UNSURE = ["", "a little unsure", "unsure", "very unsure"];

/** What there is to say about a place, without its words. */
export const described = ({ level, kind }: Pick<Place, "level" | "kind">): string =>
  kind ? `${SAYS[kind]} that is not in the brief` : `the machine was ${UNSURE[level] ?? "unsure"} of this`;

const claimMark = (kind: Kind): Decoration =>
  Decoration.mark({ class: "claim", kind, level: 0, attributes: { title: `Not in the brief: ${SAYS[kind]}` } });
const CLAIMS = { name: claimMark("name"), number: claimMark("number"), date: claimMark("date"), quote: claimMark("quote") };
const DOUBTS = [1, 2, 3].map((level) =>
  Decoration.mark({ class: `doubt-${level}`, kind: null, level, attributes: { title: `The machine was ${UNSURE[level]}` } }),
);

/** All marks anew; null takes them away. */
export const setFound = StateEffect.define<Found | null>();

export function marks({ doubt, claims }: Found, length: number): DecorationSet {
  const ranges: Range<Decoration>[] = [];
  for (const { start, end, kind } of claims) if (start < end && end <= length) ranges.push(CLAIMS[kind].range(start, end));
  for (const { start, end, level } of doubt) {
    const mark = DOUBTS[level - 1];
    if (mark && start < end && end <= length) ranges.push(mark.range(start, end));
  }
  return RangeSet.of(ranges, true);
}

const LETTER = /[\p{L}\p{N}]/u;

/** The marks moved along; one whose words were changed is gone: somebody has looked. */
export function carried(found: DecorationSet, changes: ChangeDesc, inserted: (from: number, to: number) => string): DecorationSet {
  const touched: { from: number; to: number; before: boolean; after: boolean }[] = [];
  changes.iterChangedRanges((from, to, fromNew, toNew) => {
    const words = inserted(fromNew, toNew);
    touched.push({ from, to, before: LETTER.test(words.slice(0, 1)), after: LETTER.test(words.slice(-1)) });
  });
  const stays = (start: number, end: number): boolean =>
    touched.every(({ from, to, before, after }) => {
      if (to < start || from > end) return true;
      if (to === start && from <= start) return !after; // letters right before the first word make it another
      if (from === end && to >= end) return !before;
      return false;
    });
  return found.update({ filter: stays }).map(changes);
}

export const places = StateField.define<DecorationSet>({
  create: () => RangeSet.empty,
  update(found, transaction: Transaction) {
    if (transaction.docChanged && found.size > 0) {
      found = carried(found, transaction.changes, (from, to) => transaction.newDoc.sliceString(from, to));
    }
    for (const effect of transaction.effects) {
      if (effect.is(setFound)) found = effect.value ? marks(effect.value, transaction.newDoc.length) : RangeSet.empty;
    }
    return found;
  },
  provide: (field) => EditorView.decorations.from(field),
});

const place = (start: number, end: number, mark: Decoration): Place => {
  const { level, kind } = mark.spec as { level: number; kind: Kind | null };
  return { start, end, level, kind };
};

/** The places in order. */
export function listed(found: DecorationSet): Place[] {
  const all: Place[] = [];
  for (const cursor = found.iter(); cursor.value; cursor.next()) all.push(place(cursor.from, cursor.to, cursor.value));
  return all;
}

/** Those that touch this part of the text, in order. */
export function around(found: DecorationSet, from: number, to: number): Place[] {
  const all: Place[] = [];
  found.between(from, to, (start, end, mark) => void all.push(place(start, end, mark)));
  return all.sort((one, other) => one.start - other.start || one.end - other.end);
}

/** Where a person is led: every claim, and what the machine doubted most; a claim that it doubted too is one place. */
export function stops(all: readonly Place[]): Place[] {
  const claims = all.filter(({ kind }) => kind !== null);
  const apart = ({ start, end }: Place): boolean => claims.every((claim) => claim.end <= start || claim.start >= end);
  const doubts = all.filter((place) => place.level === 3 && apart(place));
  return [...claims, ...doubts].sort((one, other) => one.start - other.start);
}

/** The stop after (or before) the selection, around the end. */
export function nextStop(all: readonly Place[], from: number, to: number, step: 1 | -1): Place | null {
  if (all.length === 0) return null;
  if (step > 0) return all.find(({ start, end }) => start > from || (start === from && end > to)) ?? all[0] ?? null;
  return all.findLast(({ start }) => start < from) ?? all.at(-1) ?? null;
}

/** Claims of the same words are listed once. */
export function grouped(all: readonly Place[], words: (place: Place) => string): { place: Place; words: string; times: number }[] {
  const found = new Map<string, { place: Place; words: string; times: number }>();
  for (const place of all) {
    if (!place.kind) continue;
    const key = `${place.kind} ${words(place).toLocaleLowerCase()}`;
    const known = found.get(key);
    if (known) known.times++;
    else found.set(key, { place, words: words(place), times: 1 });
  }
  return [...found.values()];
}
