/** Each paragraph runs in its own direction: a text may quote Arabic in English, or the other way round. */
import { RangeSetBuilder, type Extension } from "@codemirror/state";
import { Decoration, EditorView, ViewPlugin, type DecorationSet, type ViewUpdate } from "@codemirror/view";

const LEFTWARD = /[\u0590-\u08ff\u200f\u202b\u202e\u2067\ufb1d-\ufdff\ufe70-\ufefc]/;

const own = Decoration.line({ attributes: { dir: "auto" } });

/** The drawn lines that have a say in it; none in most texts. */
export function directed(view: Pick<EditorView, "state" | "visibleRanges">): DecorationSet {
  const lines = new RangeSetBuilder<Decoration>();
  for (const { from, to } of view.visibleRanges) {
    if (!LEFTWARD.test(view.state.sliceDoc(from, to))) continue;
    for (let at = from; at <= to; ) {
      const line = view.state.doc.lineAt(at);
      lines.add(line.from, line.from, own);
      at = line.to + 1;
    }
  }
  return lines.finish();
}

export const extension: Extension = [
  EditorView.perLineTextDirection.of(true),
  ViewPlugin.define(
    (view) => ({
      lines: directed(view),
      update(update: ViewUpdate) {
        if (update.docChanged || update.viewportChanged) this.lines = directed(update.view);
      },
    }),
    { decorations: (plugin) => plugin.lines },
  ),
];
