/** CodeMirror's content takes the place of the textarea: its name, its language, its spell check; and keeps it in step. */
import type { Extension } from "@codemirror/state";
import { EditorView, placeholder } from "@codemirror/view";
import { one } from "../dom";
import type { Desk } from "./desk";

const LONG = 60_000; // characters; a longer text is copied into the textarea once the typing pauses
const PAUSE = 150;

const KEYS = "Tab leaves the text. F9 says who wrote the paragraph.";
const ALL_KEYS = " Control and slash shows all keys.";

/** What the text is called and how it is read; `id` is the one that links to the textarea go to. */
export function attributes(field: HTMLTextAreaElement): Extension {
  const described = [field.getAttribute("aria-describedby"), `${field.id}-keys`].filter(Boolean).join(" ");
  const invalid = field.getAttribute("aria-invalid");
  return [
    placeholder("Write here"),
    typedOver,
    EditorView.contentAttributes.of({
      id: field.id,
      "aria-labelledby": `${field.id}-label`,
      "aria-describedby": described,
      ...(invalid ? { "aria-invalid": invalid } : {}),
      class: "text",
      dir: "auto",
      lang: document.documentElement.lang,
      spellcheck: "true",
      autocorrect: "on",
      autocapitalize: "sentences",
      "data-enable-grammarly": "true",
    }),
  ];
}

/** Typing over a selection is done here: the browser would put its own styles on the words, which the policy forbids. */
export const typedOver = EditorView.domEventHandlers({
  beforeinput(event, view) {
    const { data, inputType } = event;
    const selected = inputType === "insertText" && data && !view.composing ? selection(view) : null;
    if (!selected || !data) return false;
    const insert = view.state.toText(data.replace(/\r\n?/g, "\n"));
    event.preventDefault();
    view.dispatch({
      changes: { ...selected, insert },
      selection: { anchor: selected.from + insert.length },
      userEvent: "input.type",
      scrollIntoView: true,
    });
    return true;
  },
});

/** What is selected: in the editor, or on the page where the editor has not heard of it yet; null for nothing. */
function selection(view: EditorView): { from: number; to: number } | null {
  const { from, to, empty } = view.state.selection.main;
  if (!empty) return { from, to };
  const page = document.getSelection();
  if (!page?.anchorNode || !page.focusNode || page.isCollapsed || !view.contentDOM.contains(page.anchorNode)) return null;
  const ends = [view.posAtDOM(page.anchorNode, page.anchorOffset), view.posAtDOM(page.focusNode, page.focusOffset)];
  return { from: Math.min(...ends), to: Math.max(...ends) };
}

/**
 * The textarea that stays in the form: a copy, so that whoever holds the visible one notices that it is gone. Returns
 * it, and what was selected in the old one by somebody who was quicker than the script.
 */
export function standIn(old: HTMLTextAreaElement): { field: HTMLTextAreaElement; selected: [number, number] | null } {
  const field = old.cloneNode(true) as HTMLTextAreaElement;
  const selected: [number, number] | null =
    document.activeElement === old ? [old.selectionStart, old.selectionEnd] : null;
  field.value = old.value;
  field.hidden = true;
  old.replaceWith(field);
  return { field, selected };
}

/** The content stands where the textarea stood. */
export function takeItsPlace(desk: Desk): void {
  const { field, view } = desk;
  const label = one<HTMLLabelElement>(`label[for="${field.id}"]`);
  if (label) {
    label.removeAttribute("for");
    label.id = `${field.id}-label`;
  }
  const keys = document.createElement("p");
  keys.id = `${field.id}-keys`;
  keys.hidden = true; // a description is read all the same, once, on the way into the text
  keys.textContent = KEYS + (one("dialog[data-shortcuts]") ? ALL_KEYS : "");
  field.id = `${field.id}-plain`;
  field.before(view.dom, keys);
}

/** `field.value` is the text, for whoever reads it there; "input" is told once the typing pauses. */
export function keepInStep(desk: Desk): Extension {
  let timer = 0;
  const copy = (): void => {
    window.clearTimeout(timer);
    timer = 0;
    const text = desk.text();
    if (desk.field.value !== text) desk.field.value = text;
  };
  const tell = (): void => {
    copy();
    desk.field.dispatchEvent(new Event("input", { bubbles: true }));
  };
  desk.form.addEventListener("submit", copy, { capture: true });
  window.addEventListener("pagehide", copy);
  return EditorView.updateListener.of((update) => {
    if (!update.docChanged) return;
    if (update.state.doc.length <= LONG) copy();
    window.clearTimeout(timer);
    timer = window.setTimeout(tell, PAUSE);
  });
}
