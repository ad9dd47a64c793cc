/** Ghost text in the editor: shown at the cursor, no part of the text; kept only while the person goes along with it. */
import { StateEffect, StateField, type EditorState, type Extension, type Transaction } from "@codemirror/state";
import { Decoration, EditorView, WidgetType, type DecorationSet } from "@codemirror/view";

export interface Ghost {
  at: number; // where in the text
  words: string; // what the machine wrote, as far as it is known
  used: number; // so many units of it stand in the text by now: taken, or typed by the person
  taken: number; // so many of it were, in the end, taken by a key
  coming: boolean; // more words may come
}

/** Ghost text, or none. */
export const setGhost = StateEffect.define<Ghost | null>();

export const rest = (ghost: Ghost): string => ghost.words.slice(ghost.used);

/** The next word with the white space before it. */
export const nextWord = (words: string): string => /^\s*\S+\s*$|^\s*\S+/u.exec(words)?.[0] ?? words;

/** More of the same words; null: they are others, so what was shown can't stand. */
export function grown(ghost: Ghost, words: string, coming: boolean): Ghost | null {
  if (!words.startsWith(ghost.words)) return null;
  return !coming && words.length <= ghost.used ? null : { ...ghost, words, coming };
}

/** The ghost after a transaction: it stays while its very letters are typed, and while others change other places. */
export function followed(ghost: Ghost, transaction: Transaction): Ghost | null {
  const { changes, newSelection, docChanged } = transaction;
  if (docChanged && transaction.isUserEvent("desk")) {
    return { ...ghost, at: changes.mapPos(ghost.at, -1) }; // news from the server
  }
  if (docChanged) {
    const typed = insertedAt(transaction, ghost.at);
    if (typed === null || !rest(ghost).startsWith(typed)) return null;
    const next = { ...ghost, at: ghost.at + typed.length, used: ghost.used + typed.length };
    return rest(next) === "" && !next.coming ? null : next;
  }
  const { main } = newSelection;
  return main.empty && main.head === ghost.at ? ghost : null;
}

/** What was put in at this place, if that is all that was changed. */
function insertedAt(transaction: Transaction, at: number): string | null {
  const pieces: (string | null)[] = [];
  transaction.changes.iterChanges((from, to, _from, _to, inserted) => {
    pieces.push(from === at && to === at ? inserted.toString() : null);
  });
  return pieces.length === 1 ? (pieces[0] ?? null) : null;
}

/** How to take it, said beside it; where there are no keys a finger takes it. */
const hint = (): string => (window.matchMedia?.("(pointer: coarse)").matches ? "Take" : "Tab");

class GhostWidget extends WidgetType {
  constructor(
    readonly words: string,
    readonly coming: boolean,
  ) {
    super();
  }

  override eq(other: GhostWidget): boolean {
    return other.words === this.words && other.coming === this.coming;
  }

  override toDOM(): HTMLElement {
    const ghost = document.createElement("span");
    ghost.className = "ghost";
    ghost.setAttribute("aria-hidden", "true"); // said in the status line instead
    ghost.dataset["ghost"] = "";
    ghost.append(this.words);
    const chip = document.createElement("kbd");
    chip.dataset["ghostTake"] = "";
    chip.textContent = this.words === "" ? "…" : hint();
    chip.className = this.words === "" ? "ghost-wait" : "ghost-key";
    ghost.append(chip);
    return ghost;
  }

  override ignoreEvent(event: Event): boolean {
    return event.type !== "mousedown"; // a click beside the chip puts the cursor there
  }
}

export const ghostField = StateField.define<Ghost | null>({
  create: () => null,
  update(ghost, transaction) {
    for (const effect of transaction.effects) if (effect.is(setGhost)) return effect.value;
    return ghost && followed(ghost, transaction);
  },
  provide: (field) => EditorView.decorations.from(field, drawn),
});

function drawn(ghost: Ghost | null): DecorationSet {
  if (!ghost) return Decoration.none;
  const widget = new GhostWidget(rest(ghost), ghost.coming);
  return Decoration.set(Decoration.widget({ widget, side: 1 }).range(ghost.at));
}

export const ghostOf = (state: EditorState): Ghost | null => state.field(ghostField, false) ?? null;

export const extension: Extension = ghostField;
