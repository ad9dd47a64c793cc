/** Light or dark at once, kept in the cookie that the server reads: the next page arrives in it, however soon. */
import { keepCookie } from "./cookies";
import { one } from "./dom";

export function switchTheme(): void {
  const form = one<HTMLFormElement>("[data-theme-form]");
  form?.addEventListener("submit", (event) => {
    const button = event.submitter as HTMLButtonElement | null;
    if (!button) return;
    event.preventDefault();
    document.documentElement.dataset["theme"] = button.value;
    one(`button:not([value="${button.value}"])`, form)?.focus();
    keepCookie("theme", button.value); // the same that the server sets for whoever has no script
  });
}
