/** Ctrl+S, or ⌘S on a Mac, saves the text instead of the page. */
import { one } from "./dom";

export const saves = (event: KeyboardEvent): boolean =>
  (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "s";

export function listen(): void {
  const button = one<HTMLButtonElement>("[data-save]");
  if (!button) return;
  document.addEventListener("keydown", (event) => {
    if (!saves(event)) return;
    event.preventDefault();
    if (!event.repeat && !one("dialog[open]")) button.form?.requestSubmit(button);
  });
}
