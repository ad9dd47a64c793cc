/** Only the sheet: everything around the text steps aside until Escape. */
import { EditorView } from "@codemirror/view";
import type { Desk } from "./desk";

const CLASS = "calm";
const HELLO = "Only the sheet now. Escape brings the rest back.";

export function calmDown(desk: Desk): void {
  const icon = "M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5";
  const button = desk.page.add({ name: "calm", label: "Only the sheet", icon, keys: "Ctrl Shift F", press: () => set(!isCalm()) });
  button.setAttribute("aria-pressed", "false");
  const set = (on: boolean): void => {
    document.documentElement.classList.toggle(CLASS, on);
    button.setAttribute("aria-pressed", String(on));
    desk.mention(on ? HELLO : "");
    desk.view.requestMeasure();
    desk.view.focus();
    desk.view.dispatch({ effects: EditorView.scrollIntoView(desk.view.state.selection.main.head, { y: "center" }) });
  };
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || document.querySelector("dialog[open]")) return;
    if (switches(event)) {
      event.preventDefault();
      set(!isCalm());
    } else if (event.key === "Escape" && isCalm()) {
      event.preventDefault();
      set(false);
    }
  });
}

const isCalm = (): boolean => document.documentElement.classList.contains(CLASS);

export const switches = (event: KeyboardEvent): boolean =>
  (event.ctrlKey || event.metaKey) && event.shiftKey && !event.altKey && event.key.toLowerCase() === "f";
