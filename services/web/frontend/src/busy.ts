const PATIENCE = 4000; // after that the person may have stayed on the page on purpose

/** A form that is on its way is not sent a second time by an impatient second click. */
import { reload } from "./reload";

export function holdBack(): void {
  const sent = new WeakSet<HTMLFormElement>();
  document.addEventListener("submit", (event) => {
    const form = event.target as HTMLFormElement;
    if (event.defaultPrevented || form.method === "get") return;
    if (sent.has(form)) {
      event.preventDefault();
      return;
    }
    sent.add(form);
    event.submitter?.setAttribute("aria-busy", "true");
    window.setTimeout(() => {
      sent.delete(form);
      event.submitter?.removeAttribute("aria-busy");
    }, PATIENCE);
  });
  // Back from the browser's cache the page is as it was left: let it be sent again.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) reload();
  });
}
