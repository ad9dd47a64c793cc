/**
 * The house's words while somebody writes: a spelling that the house replaces is marked, and one key or click replaces
 * it; a word that the house knows is no mistake to the spell check. Only what is on the screen is looked at.
 */
import { syntaxTree } from "@codemirror/language";
import { RangeSet, StateEffect, StateField, type EditorState, type Extension, type Range } from "@codemirror/state";
import { Decoration, EditorView, keymap, showTooltip, ViewPlugin, type DecorationSet, type Tooltip, type ViewUpdate } from "@codemirror/view";
import type { Desk } from "./desk";

declare module "./data" {
  interface DeskData {
    house?: { words: string | null };
  }
}

type Entry = readonly [word: string, insteadOf: string | null];

export interface Found {
  from: number;
  to: number;
  right: string | null; // null: it is right as it stands
}

const WORD = /[\p{L}\p{N}_]+/gu;
const NO_PROSE = /Code|URL|Autolink|Comment|HTML|Escape|Entity/;

/** Looked up by the first word, so that ten thousand entries cost no more than ten. */
export class Words {
  private readonly byFirst = new Map<string, Entry[]>();

  constructor(entries: readonly Entry[]) {
    for (const entry of entries) {
      const first = (entry[1] ?? entry[0]).match(WORD)?.[0].toLowerCase();
      if (!first) continue;
      const known = this.byFirst.get(first);
      if (known) known.push(entry);
      else this.byFirst.set(first, [entry]);
    }
    for (const several of this.byFirst.values()) several.sort((a, b) => (b[1] ?? b[0]).length - (a[1] ?? a[0]).length);
  }

  find(text: string, offset = 0): Found[] {
    const found: Found[] = [];
    let last = 0;
    for (const token of text.matchAll(WORD)) {
      if (token.index < last) continue;
      const hit = this.at(text, token.index, token[0]);
      if (!hit) continue;
      last = hit.to;
      found.push({ from: hit.from + offset, to: hit.to + offset, right: hit.right });
    }
    return found;
  }

  private at(text: string, from: number, first: string): Found | null {
    for (const [word, insteadOf] of this.byFirst.get(first.toLowerCase()) ?? []) {
      const wrong = insteadOf ?? word;
      const to = from + wrong.length;
      const written = text.slice(from, to);
      if (!same(written, wrong) || /[\p{L}\p{N}_]/u.test(text.charAt(to))) continue;
      return { from, to, right: insteadOf === null ? null : inCaseOf(written, wrong, word) };
    }
    return null;
  }
}

/** A spelling in small letters is meant in any case; one with capitals exactly so. */
const same = (written: string, wrong: string): boolean =>
  wrong === wrong.toLowerCase() ? written.toLowerCase() === wrong : written === wrong;

export function inCaseOf(written: string, wrong: string, right: string): string {
  if (wrong !== wrong.toLowerCase() || written === written.toLowerCase() || right !== right.toLowerCase()) return right;
  if (written === written.toUpperCase() && written.length > 1) return right.toUpperCase();
  const first = written.charAt(0);
  return first === first.toUpperCase() ? right.charAt(0).toUpperCase() + right.slice(1) : right;
}

const isProse = (state: EditorState, at: number): boolean => {
  for (let node: ReturnType<ReturnType<typeof syntaxTree>["resolve"]> | null = syntaxTree(state).resolve(at, 1); node; node = node.parent) {
    if (NO_PROSE.test(node.name)) return false;
  }
  return true;
};

const mark = (right: string | null): Decoration =>
  right === null
    ? Decoration.mark({ attributes: { spellcheck: "false" } })
    : Decoration.mark({ class: "house-word", attributes: { title: `The house writes “${right}”` }, right });

/** Marks what is on the screen. */
const marking = (words: Words): Extension =>
  ViewPlugin.fromClass(
    class {
      marks: DecorationSet;

      constructor(view: EditorView) {
        this.marks = this.draw(view);
      }

      update(update: ViewUpdate): void {
        if (update.docChanged || update.viewportChanged) this.marks = this.draw(update.view);
      }

      private draw({ state, visibleRanges }: EditorView): DecorationSet {
        const ranges: Range<Decoration>[] = [];
        for (const { from, to } of visibleRanges) {
          for (const found of words.find(state.sliceDoc(from, to), from)) {
            if (isProse(state, found.from)) ranges.push(mark(found.right).range(found.from, found.to));
          }
        }
        return RangeSet.of(ranges, true);
      }
    },
    { decorations: (plugin) => plugin.marks },
  );

/** What the house would write where the cursor is. */
export function here(words: Words, state: EditorState): Found | null {
  const { head, empty } = state.selection.main;
  if (!empty) return null;
  const line = state.doc.lineAt(head);
  const found = words.find(line.text, line.from).find(({ from, to }) => from <= head && head <= to);
  return found?.right != null && isProse(state, found.from) ? found : null;
}

function replace(words: Words, view: EditorView): boolean {
  const found = here(words, view.state);
  if (found?.right == null) return false;
  const { from, to, right } = found;
  view.dispatch({ changes: { from, to, insert: right }, selection: { anchor: from + right.length }, userEvent: "input.house" });
  return true;
}

/** The house's word as a button below the cursor. */
const offering = (words: Words): Extension => {
  const offer = (state: EditorState): Tooltip | null => {
    const found = here(words, state);
    if (found?.right == null) return null;
    const right = found.right;
    return {
      pos: found.from,
      above: false,
      create: (view) => {
        const dom = document.createElement("div");
        dom.className = "house-offer";
        const button = document.createElement("button");
        button.type = "button";
        button.className = "btn btn-small";
        button.tabIndex = -1; // the keyboard has its key
        button.textContent = right;
        const key = document.createElement("kbd");
        key.textContent = "Ctrl .";
        button.append(" ", key);
        button.addEventListener("mousedown", (event) => event.preventDefault());
        button.addEventListener("click", () => void replace(words, view));
        dom.append(button);
        return { dom };
      },
    };
  };
  return StateField.define<Tooltip | null>({
    create: offer,
    update: (shown, transaction) => {
      if (!transaction.docChanged && !transaction.selection) return shown;
      const next = offer(transaction.state);
      return next && shown && next.pos === shown.pos && !transaction.docChanged ? shown : next;
    },
    provide: (field) => showTooltip.from(field),
  });
};

export function knowsTheHouse(desk: Desk): void {
  const url = desk.data.house?.words;
  if (!url) return;
  void fetch(url, { headers: { Accept: "application/json" } })
    .then(async (answer) => {
      if (!answer.ok) return;
      const words = new Words(((await answer.json()) as { words: Entry[] }).words);
      const keys = keymap.of([{ key: "Mod-.", run: (view) => replace(words, view), preventDefault: true }]);
      desk.view.dispatch({ effects: StateEffect.appendConfig.of([marking(words), offering(words), keys]) });
    })
    .catch(() => undefined); // the text can be written without
}
