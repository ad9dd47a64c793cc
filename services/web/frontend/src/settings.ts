/** The person's own zone, as the browser's clock has it, at the press of a button. */
import { all } from "./dom";

export function offerZone(): void {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (!zone) return;
  for (const button of all<HTMLButtonElement>("button[data-zone-into]")) {
    const field = document.getElementById(button.dataset["zoneInto"] ?? "");
    if (!(field instanceof HTMLInputElement)) continue;
    button.hidden = false;
    button.addEventListener("click", () => {
      field.value = zone;
      field.dispatchEvent(new Event("input", { bubbles: true }));
      field.focus();
    });
  }
}
