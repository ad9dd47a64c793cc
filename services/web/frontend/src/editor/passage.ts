/** A passage of the text for which candidates are asked: marked, and overlaid by the one that is looked at. */
import { StateEffect, StateField, type Extension } from "@codemirror/state";
import { Decoration, EditorView, WidgetType, type DecorationSet } from "@codemirror/view";

export interface Place {
  from: number;
  to: number;
}

interface Passage extends Place {
  shown: string | null; // the candidate in its place; null: the words that stand there
}

/** The selection without the white space at its edges; null when nothing a reader could see is selected. */
export function passage(text: string, from: number, to: number): Place | null {
  const inside = text.slice(from, to);
  if (inside.trim() === "") return null;
  return { from: from + inside.length - inside.trimStart().length, to: to - inside.length + inside.trimEnd().length };
}

/** Which passage, or none. */
export const setPassage = StateEffect.define<Place | null>({
  map: (place, changes) => place && { from: changes.mapPos(place.from, 1), to: changes.mapPos(place.to, -1) },
});

/** What is seen in its place. */
export const showCandidate = StateEffect.define<string | null>();

class CandidateWidget extends WidgetType {
  constructor(readonly words: string) {
    super();
  }

  override eq(other: CandidateWidget): boolean {
    return other.words === this.words;
  }

  override toDOM(): HTMLElement {
    const mark = document.createElement("mark");
    mark.className = "candidate-in-place";
    mark.dataset["previewed"] = "";
    mark.textContent = this.words;
    return mark;
  }
}

export const passageField = StateField.define<Passage | null>({
  create: () => null,
  update(chosen, transaction) {
    if (chosen && transaction.docChanged) {
      const [from, to] = [transaction.changes.mapPos(chosen.from, 1), transaction.changes.mapPos(chosen.to, -1)];
      chosen = from < to ? { ...chosen, from, to } : null;
    }
    for (const effect of transaction.effects) {
      if (effect.is(setPassage)) chosen = effect.value && { ...effect.value, shown: null };
      if (effect.is(showCandidate) && chosen) chosen = { ...chosen, shown: effect.value };
    }
    return chosen;
  },
  provide: (field) => EditorView.decorations.from(field, drawn),
});

const asked = Decoration.mark({ tagName: "mark", class: "passage-asked" });

function drawn(chosen: Passage | null): DecorationSet {
  if (!chosen) return Decoration.none;
  const decoration =
    chosen.shown === null ? asked : Decoration.replace({ widget: new CandidateWidget(chosen.shown), inclusive: false });
  return Decoration.set(decoration.range(chosen.from, chosen.to));
}

export const extension: Extension = passageField;
