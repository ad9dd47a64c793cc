/**
 * Tidying up over the text: what the house's rules would change, as the page for it says it, in a dialog. What was typed
 * is saved first; nothing else changes before “Apply”, and undo takes it back. Without script the page itself opens.
 */
import { all, one } from "../dom";
import type { Saved } from "./data";
import type { Desk } from "./desk";
import { inUnits } from "./places";
import { LOST, reason } from "./posting";
import { save } from "./saving";

const NOT_YET = "You are suggesting. Propose your changes, or switch “Suggesting” off, before you tidy up.";
const NO_PAGE = "What would change could not be shown. Nothing was changed; please try again.";

const plain = (): HTMLButtonElement | null => one<HTMLButtonElement>("[data-tidy]");

export function tidies(desk: Desk): void {
  const url = desk.data.urls["tidy"];
  if (!plain() || !url) return;
  let opening = false;
  const open = async (): Promise<void> => {
    if (opening || one("dialog[open]")) return;
    opening = true;
    try {
      await begin(desk, url);
    } finally {
      opening = false;
    }
  };
  desk.tools.add({ name: "tidy", label: "Tidy up", press: () => void open() });
}

async function begin(desk: Desk, url: string): Promise<void> {
  if (desk.dirty && desk.form.dataset["suggesting"] === "true") return desk.say(NOT_YET);
  // What the desk has to ask about the words, it asks on its own page.
  if (desk.dirty && !(await save(desk, () => plain()?.click()))) return;
  try {
    const form = tidyForm(await page(url));
    if (form) new Tidying(desk, url, form);
    else desk.say(NO_PAGE);
  } catch {
    desk.say(LOST);
  }
}

const page = async (url: string, body?: FormData): Promise<string> => {
  const answer = await fetch(url, { ...(body ? { method: "POST", body } : {}), headers: { Accept: "text/html" }, cache: "no-store" });
  if (answer.redirected) throw new Error("logged out");
  return answer.text(); // what is refused is said on the page as well
};

/** The form of the page, without what the dialog does by itself. */
function tidyForm(html: string): HTMLFormElement | null {
  const form = new DOMParser().parseFromString(html, "text/html").querySelector<HTMLFormElement>("form.tidy");
  if (!form) return null;
  for (const hidden of all("input[type=hidden]", form)) hidden.removeAttribute("id"); // the page's own forms have them
  one("button[value=look]", form)?.remove(); // a ticked rule is looked at at once
  const back = one("a.btn", form);
  const close = document.createElement("button");
  close.type = "button";
  close.className = "btn btn-quiet";
  close.dataset["close"] = "";
  close.textContent = "Back to the text";
  back?.replaceWith(close);
  return form;
}

class Tidying {
  private readonly dialog = document.createElement("dialog");
  private readonly said = document.createElement("p");
  private asked = 0;
  private applying = false;

  constructor(
    private readonly desk: Desk,
    private readonly url: string,
    private form: HTMLFormElement,
  ) {
    const title = document.createElement("h2");
    title.id = "tidy-title";
    title.textContent = "Tidy up";
    this.said.setAttribute("role", "status");
    this.said.textContent = "Small rules of the house, no model. Nothing changes before you apply them.";
    this.dialog.className = "dialog dialog-wide dialog-tidy";
    this.dialog.setAttribute("aria-labelledby", title.id);
    this.dialog.append(title, this.said, form);
    this.dialog.addEventListener("close", () => this.dialog.remove()); // the focus goes back to where it was
    this.dialog.addEventListener("change", () => void this.look());
    this.dialog.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.apply();
    });
    this.dialog.addEventListener("click", (event) => {
      if ((event.target as Element).closest("[data-close]")) this.dialog.close();
    });
    document.body.append(this.dialog);
    this.dialog.showModal();
    (one("button[value=apply]", form) ?? one("[data-close]", form))?.focus();
  }

  private filled(act: "look" | "apply"): FormData {
    const data = new FormData(this.form);
    data.set("act", act);
    return data;
  }

  /** The difference with the rules that are ticked now; an answer about others is left aside. */
  private async look(): Promise<void> {
    const asked = ++this.asked;
    try {
      const fresh = tidyForm(await page(this.url, this.filled("look")));
      if (asked !== this.asked || !this.dialog.open || this.applying) return;
      if (!fresh) return this.say(NO_PAGE);
      const at = this.form.contains(document.activeElement) ? document.activeElement?.id : "";
      this.form.replaceWith(fresh);
      this.form = fresh;
      if (at) one(`#${CSS.escape(at)}`, fresh)?.focus();
      this.say(one("button[value=apply]", fresh) ? "This is what would change now." : "Nothing would change now.");
    } catch {
      this.say(LOST);
    }
  }

  private async apply(): Promise<void> {
    if (this.applying) return;
    this.applying = true;
    try {
      const answer = await fetch(this.url, { method: "POST", body: this.filled("apply"), headers: { Accept: "application/json" } });
      if (!answer.ok) {
        this.applying = false;
        const why = await reason(answer);
        await this.look(); // the text may have moved on: this is what would change now
        return this.say(why);
      }
      this.take((await answer.json()) as Saved);
    } catch {
      this.say(LOST);
    } finally {
      this.applying = false;
    }
  }

  private take(saved: Saved): void {
    const { desk } = this;
    const before = desk.data.head;
    this.dialog.close();
    desk.refresh(inUnits(saved.desk));
    desk.say("");
    desk.mention(saved.revision === before ? "There was nothing to tidy up." : `Tidied up. This is version ${saved.revision}; the one before is kept.`);
    desk.view.focus();
  }

  private say(words: string): void {
    this.said.textContent = words;
  }
}
