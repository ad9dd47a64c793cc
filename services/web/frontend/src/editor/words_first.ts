/**
 * A question to the sponsor, giving the text back and the like are forms of their own: they must not overtake words that
 * were typed a moment ago. The desk takes what it has kept into the text, so it is sent those words first.
 */
const PATIENCE = 3_000; // without a network the form goes all the same: the words are kept in this browser

const aboutTheText = (form: HTMLFormElement, text: HTMLFormElement, document: string): boolean =>
  form !== text && form.method === "post" && form.action.includes(document);

/** Holds back the page's other forms while `waiting()`, until `send` has sent the words. */
export function wordsFirst(text: HTMLFormElement, document: string, waiting: () => boolean, send: () => Promise<void>): void {
  const held = new WeakSet<HTMLFormElement>();
  let passing = false;
  window.addEventListener(
    "submit",
    (event) => {
      const form = event.target as HTMLFormElement;
      if (passing || !aboutTheText(form, text, document)) return;
      const again = held.has(form); // a second click meanwhile
      if (!again && !waiting()) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      if (again) return;
      held.add(form);
      const submitter = event.submitter as HTMLElement | null;
      submitter?.setAttribute("aria-busy", "true");
      const patience = new Promise<void>((done) => window.setTimeout(done, PATIENCE));
      void Promise.race([send(), patience]).finally(() => {
        held.delete(form);
        submitter?.removeAttribute("aria-busy");
        passing = true;
        form.requestSubmit(submitter);
        passing = false;
      });
    },
    { capture: true },
  );
}
