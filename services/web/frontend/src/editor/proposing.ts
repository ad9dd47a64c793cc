/**
 * The page on which a reader suggests changes: the same editor, in which everything typed shows as proposed. It has no
 * versions of its own to save, so nothing of the desk runs here but writing itself; the form goes as it always did.
 */
import { history } from "@codemirror/commands";
import { EditorView } from "@codemirror/view";
import { one } from "../dom";
import { showCount, wordCount } from "./counting";
import { read } from "./data";
import { Desk } from "./desk";
import * as direction from "./direction";
import { attributes, keepInStep, standIn, takeItsPlace } from "./field";
import * as keys from "./keys";
import * as prose from "./prose";
import * as search from "./search";
import { shows } from "./suggesting";
import * as tint from "./tint";
import { toolbar } from "./toolbar";
import { tellsWhose } from "./whose";

export function propose(form: HTMLFormElement): void {
  const [visible, island] = [one<HTMLTextAreaElement>("textarea[name=body]", form), one("#desk-data")];
  if (!visible || !island) return;
  const typed = visible.value;
  const { field, selected } = standIn(visible);
  const desk = new Desk(form, field, read(island.textContent), [
    history(),
    keys.extension,
    search.extension(form),
    EditorView.lineWrapping,
    EditorView.scrollMargins.of(() => ({ top: 70, bottom: 60 })),
    attributes(field),
    prose.extension,
    direction.extension,
    tint.extension,
    wordCount,
  ]);
  takeItsPlace(desk);
  toolbar(desk);
  search.findButton(desk);
  showCount(desk);
  tellsWhose(desk);
  desk.extend([keepInStep(desk), shows(desk.data.text)]);
  desk.restore(typed.replace(/\r\n?/g, "\n")); // what came back with something to say about it
  if (!selected) return;
  desk.view.focus();
  desk.view.dispatch({ selection: { anchor: selected[0], head: selected[1] } });
}
