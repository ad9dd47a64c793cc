/** Whether a reader wants to see where the model was unsure is remembered for this visit; the style sheet does the rest. */
import { all } from "./dom";

const KEY = "copydesk-doubt";

export function rememberDoubt(): void {
  for (const toggle of all<HTMLInputElement>("[data-doubt-toggle]")) {
    toggle.checked = sessionStorage.getItem(KEY) === "yes";
    toggle.addEventListener("change", () => sessionStorage.setItem(KEY, toggle.checked ? "yes" : "no"));
  }
}
