/** Light or dark at once; the server keeps the choice, so that the next page arrives in it. */
import { one } from "./dom";

export function switchTheme(): void {
  const form = one<HTMLFormElement>("[data-theme-form]");
  form?.addEventListener("submit", (event) => {
    const button = event.submitter as HTMLButtonElement | null;
    if (!button) return;
    event.preventDefault();
    document.documentElement.dataset["theme"] = button.value;
    one(`button:not([value="${button.value}"])`, form)?.focus();
    void fetch(form.action, {
      method: "POST",
      body: new URLSearchParams({ csrf_token: tokenOf(form), theme: button.value }),
      redirect: "manual",
    }).catch(() => undefined); // the page is in the chosen theme all the same
  });
}

const tokenOf = (form: HTMLFormElement): string => one<HTMLInputElement>("[name=csrf_token]", form)?.value ?? "";
