/** What the keys do in the text. Each name stands in web/shortcuts.py, which writes the sheet and the help page. */
import { defaultKeymap, redo, undo } from "@codemirror/commands";
import { Prec, type Extension, type StateCommand } from "@codemirror/state";
import { EditorView, keymap, type Command } from "@codemirror/view";
import { continued, emphasis, link, prefix } from "./formatting";

interface Key {
  name: string;
  key: string; // in CodeMirror's words: Mod is Ctrl, or ⌘ on a Mac
  run: StateCommand;
}

export const KEYS: readonly Key[] = [
  { name: "bold", key: "Mod-b", run: emphasis("**") },
  { name: "italic", key: "Mod-i", run: emphasis("*") },
  { name: "link", key: "Mod-k", run: link },
  { name: "heading", key: "Mod-Alt-2", run: prefix("## ") },
  { name: "subheading", key: "Mod-Alt-3", run: prefix("### ") },
  { name: "quote", key: "Mod-Shift-9", run: prefix("> ") },
  { name: "list", key: "Mod-Shift-8", run: prefix("- ") },
  { name: "undo", key: "Mod-z", run: undo },
  { name: "redo", key: "Mod-Shift-z", run: redo },
];

const command = (name: string): StateCommand => (KEYS.find((one) => one.name === name) as Key).run;

export const run = (name: string): Command => (view) => command(name)(view);

/** Keys of the program editor that writers don't expect, or that the desk uses itself. */
const NOT_OURS = new Set(["Mod-/", "Alt-A", "Mod-Enter", "Mod-i", "Mod-[", "Mod-]", "Mod-Alt-\\", "Shift-Mod-k", "Ctrl-m", "Shift-Alt-m"]);

/** With caps lock on, Shift makes a small z of it: that is still no plain Ctrl+Z. */
const redoWithCapsLock = EditorView.domEventHandlers({
  keydown: (event, view) =>
    (event.ctrlKey || event.metaKey) && event.shiftKey && !event.altKey && event.key.toLowerCase() === "z" && redoes(event, view),
});

function redoes(event: KeyboardEvent, view: EditorView): boolean {
  event.preventDefault();
  redo(view);
  return true;
}

/** Scrolls to what was typed last, while it still has the focus: later, it would pull the page back from where Tab went. */
const settledBeforeTab = EditorView.domEventHandlers({
  keydown: (event, view) => {
    if (event.key === "Tab") view.coordsAtPos(view.state.selection.main.head); // asking for a place does what waits
    return false;
  },
});

const bindings = keymap.of([
  ...KEYS.map(({ key, run }) => ({ key, run: run as Command, preventDefault: true })),
  { key: "Mod-y", run: redo, preventDefault: true },
  { key: "Enter", run: continued as Command },
  ...defaultKeymap.filter(({ key }) => key === undefined || !NOT_OURS.has(key)),
]);

export const extension: Extension = [Prec.high([redoWithCapsLock, settledBeforeTab]), bindings];
