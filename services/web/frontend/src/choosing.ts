/** Several drafts wait for a choice: a number brings one before the eyes and puts the keyboard on its button. */
import { all, calm, one } from "./dom";

/** Which draft does this key mean, from 1? None while somebody types, or with a modifier. */
export function meant(event: KeyboardEvent, count: number): number | null {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || typing(event.target)) return null;
  const number = Number(event.key);
  return Number.isInteger(number) && number >= 1 && number <= count ? number : null;
}

const typing = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && target.closest("input, textarea, select, [contenteditable]") !== null;

export function chooseDraft(): void {
  const root = one("[data-choosing]");
  if (!root) return;
  const sheets = all("[data-look]", root);
  const look = (sheet: HTMLElement): void => {
    for (const one of sheets) one.dataset["lookedAt"] = String(one === sheet);
  };
  for (const sheet of sheets) sheet.addEventListener("focusin", () => look(sheet));
  document.addEventListener("keydown", (event) => {
    const number = meant(event, sheets.length);
    const sheet = number === null || one("dialog[open]") ? undefined : sheets[number - 1];
    if (!sheet) return;
    event.preventDefault();
    one("[data-choose]", sheet)?.focus({ preventScroll: true });
    look(sheet);
    sheet.scrollIntoView({ block: "nearest", inline: "center", behavior: calm() ? "auto" : "smooth" });
  });
}
