/**
 * Nobody's typing is lost: the browser asks before it throws words away. What is typed in the editor is also kept, see
 * `editor/autosave.ts`.
 */
import { all } from "./dom";

type Field = HTMLInputElement | HTMLTextAreaElement;

/** The form's words were stored without the page being left. */
export const SAVED = "copydesk:saved";

const PREFIX = "copydesk:";

export function guard(): void {
  let leaving = false;
  const forms = all<HTMLFormElement>("form[data-guard]");
  for (const form of forms) {
    form.addEventListener("submit", (event) => {
      leaving = !event.defaultPrevented;
    });
  }
  window.addEventListener("beforeunload", (event) => {
    if (!leaving && forms.some((form) => changed(form) && !("safe" in form.dataset))) event.preventDefault();
  });
  for (const form of all<HTMLFormElement>("form[data-forget]")) form.addEventListener("submit", forget);
}

const fields = (form: HTMLFormElement): Field[] =>
  Array.from(form.elements).filter(
    (one): one is Field => one instanceof HTMLTextAreaElement || (one instanceof HTMLInputElement && one.type === "text"),
  );

const changed = (form: HTMLFormElement): boolean => fields(form).some((field) => field.value !== field.defaultValue);

/** Whoever logs out leaves no words behind in this browser. */
function forget(): void {
  for (const key of Object.keys(localStorage)) {
    if (key.startsWith(PREFIX)) localStorage.removeItem(key);
  }
}
