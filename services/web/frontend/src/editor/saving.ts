/** Saving without leaving the page; what the server refuses is shown by its own page, with every word in it. */
import { acceptances } from "./accepting";
import { inUnits } from "./places";
import { SAVED } from "../unsaved";
import type { Saved } from "./data";
import type { Desk } from "./desk";

const LOST = "The desk did not answer. Your words are still here; please save again in a moment.";
const OUT = "You are not logged in any more. Your words are still here: log in in another window, then save again.";

/** A save that is on its way; a second one waits for it. */
let running: Promise<boolean> | null = null;

export function saves(desk: Desk): void {
  let plainly = false;
  document.addEventListener(
    "submit",
    (event) => {
      const button = event.submitter as HTMLButtonElement | null;
      if (event.target !== desk.form || plainly || (button !== null && !("save" in button.dataset))) return;
      event.preventDefault(); // before the others hear of it: the page stays
      button?.setAttribute("aria-busy", "true");
      void save(desk, () => {
        plainly = true;
        desk.form.requestSubmit(button);
      }).finally(() => button?.removeAttribute("aria-busy"));
    },
    { capture: true },
  );
}

/** Stores the text as a version. `refused`: what to do when the server has something to ask. */
export function save(desk: Desk, refused: () => void = () => undefined): Promise<boolean> {
  running = (running ?? Promise.resolve(true)).then(() => send(desk, refused));
  return running;
}

async function send(desk: Desk, refused: () => void): Promise<boolean> {
  await acceptances(desk).settled(); // whose words these are is told before they come
  desk.sending();
  try {
    const answer = await fetch(desk.form.action, {
      method: "POST",
      body: new FormData(desk.form),
      headers: { Accept: "application/json" },
    });
    if (answer.ok && answer.headers.get("Content-Type")?.startsWith("application/json")) {
      stored(desk, (await answer.json()) as Saved);
      return true;
    }
    desk.unsent();
    if (answer.status === 401 || answer.redirected) desk.say(OUT);
    else if (answer.status >= 500) desk.say(LOST);
    else refused();
  } catch {
    desk.unsent();
    desk.say(LOST);
  }
  return false;
}

function stored(desk: Desk, saved: Saved): void {
  desk.stored(inUnits(saved.desk));
  desk.say("");
  desk.mention(`Saved. This is version ${saved.revision}.`);
  desk.form.dispatchEvent(new CustomEvent<Saved>(SAVED, { detail: saved }));
}
