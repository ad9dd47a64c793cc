/**
 * Open suggestions in the text: the words that would go are struck, those that would come stand behind them underlined,
 * in the colour of whoever suggests. They move with the text while somebody writes.
 */
import { RangeSet, StateEffect, StateField, Text, type ChangeDesc, type Extension, type Range } from "@codemirror/state";
import { Decoration, EditorView, WidgetType, type DecorationSet } from "@codemirror/view";
import { changeSet } from "./changes";
import type { DeskData } from "./data";

export interface Suggestion {
  number: number;
  author: string;
  author_id: number;
  mine: boolean;
  gone: boolean;
  start: number;
  end: number;
  words: string;
  replacement: string;
  note: string | null;
  accept: string | null;
  refuse: string | null;
  take_back: string | null;
}

declare module "./data" {
  interface DeskData {
    suggestions?: Suggestion[];
    suggestions_version?: string;
  }
}

/** Where a suggestion stands in the text as it is in the editor now. */
export interface Standing {
  start: number;
  end: number;
  suggestion: Suggestion;
}

const COLOURS = 4;

/** One's own suggestions have the pencil's colour, other people's one of a few others. */
export const hand = ({ mine, author_id }: Pick<Suggestion, "mine" | "author_id">): string =>
  mine ? "hand-0" : `hand-${1 + (author_id % (COLOURS - 1))}`;

/** Words that are not in the text (yet, or any more), shown at their place. */
export class Words extends WidgetType {
  constructor(
    readonly words: string,
    readonly kind: "ins" | "del",
    readonly name: string,
    readonly number = 0,
  ) {
    super();
  }

  override eq(other: Words): boolean {
    return this.words === other.words && this.kind === other.kind && this.name === other.name && this.number === other.number;
  }

  override toDOM(): HTMLElement {
    const element = document.createElement(this.kind);
    element.className = `proposed ${this.name}`;
    element.textContent = this.words.replaceAll("\n", "¶\n");
    if (this.number) element.dataset["at"] = String(this.number);
    return element;
  }

  override ignoreEvent(): boolean {
    return false;
  }
}

/** Those whose words are as they were; one between two words stays between them. */
const moved = (standing: readonly Standing[], changes: ChangeDesc): Standing[] =>
  standing.flatMap(({ start, end, suggestion }) => {
    const place = { start: changes.mapPos(start, 1), end: changes.mapPos(end, start === end ? 1 : -1) };
    const inside = end - start > 1 && changes.touchesRange(start + 1, end - 1) !== false;
    return inside || place.end - place.start !== end - start ? [] : [{ ...place, suggestion }];
  });

/** All of them anew, as the server knows them. */
export const setSuggestions = StateEffect.define<readonly Standing[]>({ map: moved });

/** The one that the keyboard is at; 0: none. */
export const setCurrent = StateEffect.define<number>();

interface Shown {
  standing: readonly Standing[];
  current: number;
  marks: DecorationSet;
}

function draw(standing: readonly Standing[], current: number): DecorationSet {
  const ranges: Range<Decoration>[] = [];
  for (const { start, end, suggestion } of standing) {
    const name = `${hand(suggestion)}${suggestion.number === current ? " current" : ""}`;
    const attributes = { "data-at": String(suggestion.number) };
    if (start < end) ranges.push(Decoration.mark({ tagName: "del", class: `proposed ${name}`, attributes }).range(start, end));
    if (suggestion.replacement) {
      const widget = new Words(suggestion.replacement, "ins", name, suggestion.number);
      ranges.push(Decoration.widget({ widget, side: 1 }).range(end));
    }
  }
  return RangeSet.of(ranges, true);
}

export const suggestions = StateField.define<Shown>({
  create: () => ({ standing: [], current: 0, marks: RangeSet.empty }),
  update(shown, transaction) {
    let { standing, current } = shown;
    if (transaction.docChanged) standing = moved(standing, transaction.changes);
    for (const effect of transaction.effects) {
      if (effect.is(setSuggestions)) standing = effect.value;
      if (effect.is(setCurrent)) current = effect.value;
    }
    if (standing === shown.standing && current === shown.current) return shown;
    return { standing, current, marks: draw(standing, current) };
  },
  provide: (field) => EditorView.decorations.from(field, (shown) => shown.marks),
});

export const extension: Extension = suggestions;

/** Those with a place, carried from the server's text to the text as it is here. */
export function standing(data: DeskData, text: string): Standing[] {
  const all = (data.suggestions ?? []).filter((one) => !one.gone);
  const placed = all.map((suggestion) => ({ start: suggestion.start, end: suggestion.end, suggestion }));
  return text === data.text ? placed : moved(placed, changeSet(Text.of(data.text.split("\n")), text));
}
