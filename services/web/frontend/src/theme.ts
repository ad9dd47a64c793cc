/** Light or dark at once, kept in the cookie that the server reads: the next page arrives in it, however soon. */
import { one } from "./dom";

const YEAR = 365 * 86400;

export function switchTheme(): void {
  const form = one<HTMLFormElement>("[data-theme-form]");
  form?.addEventListener("submit", (event) => {
    const button = event.submitter as HTMLButtonElement | null;
    if (!button) return;
    event.preventDefault();
    document.documentElement.dataset["theme"] = button.value;
    one(`button:not([value="${button.value}"])`, form)?.focus();
    document.cookie = themeCookie(button.value, location.protocol === "https:");
  });
}

/** The same cookie that the server sets for whoever has no script. */
export function themeCookie(theme: string, secure: boolean): string {
  return `theme=${theme}; path=/; max-age=${YEAR}; samesite=lax${secure ? "; secure" : ""}`;
}
