/** The buttons of the two bars that belong to writing itself. */
import { historyField, redo, redoDepth, undo, undoDepth } from "@codemirror/commands";
import { EditorView } from "@codemirror/view";
import type { Desk } from "./desk";
import { run } from "./keys";

const UNDO = "M4 9h10.5a5.5 5.5 0 0 1 0 11H9M8 4.5 3.5 9 8 13.5";
const REDO = "M20 9H9.5a5.5 5.5 0 0 0 0 11H15M16 4.5 20.5 9 16 13.5";

/** What stands on the bar: [name, label, what is shown, keys]. */
const FORMATS = [
  ["bold", "Bold", "B", "Ctrl B"],
  ["italic", "Italic", "I", "Ctrl I"],
  ["heading", "Heading", "H", "Ctrl Alt 2"],
  ["link", "Link", "", "Ctrl K"],
  ["quote", "Quote", "", "Ctrl Shift 9"],
  ["list", "List", "", "Ctrl Shift 8"],
] as const;

export function toolbar(desk: Desk): void {
  for (const [name, label, shows, keys] of FORMATS) {
    const press = (): void => act(desk, name);
    desk.bar.add({ name, label, keys, press, ...(shows ? { shows } : {}) });
  }
  desk.bar.divide();
  const who = (on: boolean): void => void (desk.form.dataset["who"] = on ? "shown" : "hidden");
  desk.bar.addMode({ name: "who", label: "Who wrote what", on: true, set: who });
  undoButtons(desk);
}

function act(desk: Desk, name: string): void {
  run(name)(desk.view);
  desk.view.focus();
}

function undoButtons(desk: Desk): void {
  const back = desk.tools.add({ name: "undo", label: "Undo", icon: UNDO, keys: "Ctrl Z", press: () => void undo(desk.view) });
  const again = desk.tools.add({ name: "redo", label: "Redo", icon: REDO, keys: "Ctrl Shift Z", press: () => void redo(desk.view) });
  const show = (): void => {
    const { state } = desk.view;
    const kept = state.field(historyField, false) !== undefined; // not while another history is put in its place
    back.setAttribute("aria-disabled", String(!kept || undoDepth(state) === 0));
    again.setAttribute("aria-disabled", String(!kept || redoDepth(state) === 0));
  };
  desk.extend(
    EditorView.updateListener.of((update) => {
      if (update.transactions.length > 0) show();
    }),
  );
  show();
}
