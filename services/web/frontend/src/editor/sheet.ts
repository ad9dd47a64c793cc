/** The sheet of all shortcuts: “?” outside the text, Ctrl and / anywhere. The server writes it, from one table. */
import { all, one } from "../dom";
import { keysHere } from "./bar";
import type { Desk } from "./desk";

export const asks = (event: KeyboardEvent, typing: boolean): boolean => {
  if (event.altKey) return false;
  if (event.ctrlKey || event.metaKey) return event.key === "/";
  return event.key === "?" && !typing;
};

const types = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && target.closest("input, textarea, select, [contenteditable=true]") !== null;

export function shortcutSheet(desk: Desk): void {
  const dialog = one<HTMLDialogElement>("dialog[data-shortcuts]");
  if (!dialog) return;
  nameKeys(dialog);
  const open = (): void => {
    if (!dialog.open) dialog.showModal();
  };
  const icon = "M3.5 6.5h17v11h-17ZM7 10h.01M12 10h.01M17 10h.01M8 14h8";
  desk.page.add({ name: "shortcuts", label: "All shortcuts", icon, keys: "Ctrl /", press: open });
  one("[data-close]", dialog)?.addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close(); // beside the sheet
  });
  document.addEventListener("keydown", (event) => {
    if (!asks(event, types(event.target)) || one("dialog[open]")) return;
    event.preventDefault();
    open();
  });
}

/** On a Mac the keys have other names. */
export function nameKeys(root: ParentNode, platform?: string): void {
  for (const key of all("kbd", root)) key.textContent = keysHere(key.textContent, platform);
}
