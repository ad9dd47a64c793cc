/** “@” and a name calls somebody: the names that fit are offered below the field, one button each. */
import { one } from "./dom";

const CALL = /(?:^|[^\p{L}\p{N}_.])@((?:\p{L}[\p{L}\p{N}’'-]*(?: [\p{L}\p{N}’'-]*)?)?)$/u;
const MOST = 6;

/** What is typed of a name so far, at the end of these words; null where nobody is called. */
export const called = (before: string): string | null => CALL.exec(before)?.[1] ?? null;

/** The names that begin so, or one of whose words does; none once the whole name stands there. */
export function fitting(names: readonly string[], typed: string): string[] {
  const start = typed.toLowerCase();
  const fits = (name: string): boolean => [name, ...name.split(" ")].some((word) => word.toLowerCase().startsWith(start));
  return names.some((name) => name.toLowerCase() === start) ? [] : names.filter(fits).slice(0, MOST);
}

/** Within `panel`, whose `data-names` are the people of this document. */
export function offerNames(panel: HTMLElement): void {
  panel.addEventListener("input", (event) => {
    const field = event.target;
    if (field instanceof HTMLTextAreaElement && "calls" in field.dataset) offer(panel, field);
  });
  panel.addEventListener("keydown", (event) => key(panel, event));
}

function offer(panel: HTMLElement, field: HTMLTextAreaElement): void {
  const names = JSON.parse(panel.dataset["names"] ?? "[]") as string[];
  const typed = called(field.value.slice(0, field.selectionStart));
  const found = typed === null ? [] : fitting(names, typed);
  one("[data-offered]", panel)?.remove();
  if (found.length === 0) return;
  const list = document.createElement("div");
  list.className = "offered";
  list.dataset["offered"] = "";
  list.setAttribute("role", "group");
  list.setAttribute("aria-label", "Names");
  list.append(...found.map((name) => button(panel, field, name)));
  field.after(list);
}

function button(panel: HTMLElement, field: HTMLTextAreaElement, name: string): HTMLButtonElement {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "btn btn-small";
  made.textContent = name;
  made.addEventListener("click", () => {
    const at = field.selectionStart;
    const typed = called(field.value.slice(0, at)) ?? "";
    field.setRangeText(`${name} `, at - typed.length, at, "end");
    leave(panel, field);
  });
  return made;
}

/** Down goes to the names, up and down from one to the next, Escape back to the words. */
function key(panel: HTMLElement, event: KeyboardEvent): void {
  const list = one("[data-offered]", panel);
  const field = list?.previousElementSibling;
  if (!list || !(field instanceof HTMLTextAreaElement)) return;
  const buttons = Array.from(list.querySelectorAll("button"));
  const at = buttons.indexOf(document.activeElement as HTMLButtonElement);
  if (event.key === "Escape") leave(panel, field);
  else if (event.key === "ArrowDown" && (at >= 0 || document.activeElement === field)) buttons[Math.min(at + 1, buttons.length - 1)]?.focus();
  else if (event.key === "ArrowUp" && at >= 0) (buttons[at - 1] ?? field).focus();
  else return;
  event.preventDefault();
}

function leave(panel: HTMLElement, field: HTMLTextAreaElement): void {
  one("[data-offered]", panel)?.remove();
  field.focus();
}
