/**
 * One passage written anew: select it, ask, see each candidate in its place, use one or none. The text rests meanwhile,
 * and nothing is applied until the person picks; words that were not saved are saved first.
 */
import { all, calm, one } from "./dom";
import { ask, patience, pause, seen } from "./polling";
import { SAVED } from "./unsaved";

export interface Candidate {
  number: number;
  text: string;
  state: "queued" | "writing" | "done" | "failed" | "cancelled";
  fit: string; // "fits best"; empty while it is written
  take: string; // where to post to use it
}

export interface Standing {
  done: boolean;
  message: string;
  next_ms: number;
  candidates: Candidate[];
}

export interface Passage {
  start: number; // in JavaScript's units
  end: number;
}

/** The selection without the white space at its edges; null when nothing a reader could see is selected. */
export function passage(text: string, start: number, end: number): Passage | null {
  const inside = text.slice(start, end);
  if (inside.trim() === "") return null;
  return { start: start + inside.length - inside.trimStart().length, end: end - inside.length + inside.trimEnd().length };
}

/** A place in the text as Python counts: an emoji is one. */
export const place = (text: string, at: number): number => Array.from(text.slice(0, at)).length;

export const asks = (event: KeyboardEvent): boolean =>
  (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "j";

const NOTHING = "Select the words to be written anew first.";
const LOST = "The desk did not answer. Your text is as you left it; please try again.";
const STALE = "A newer version was saved meanwhile. Your words are still here: “Save revision” shows both.";

export function redraftPassages(): void {
  const form = one<HTMLFormElement>("form[data-passages]");
  const panel = one("[data-candidates]");
  if (form && panel) new Redraft(form, panel);
}

class Redraft {
  private readonly field: HTMLTextAreaElement;
  private readonly button: HTMLButtonElement;
  private readonly preview: HTMLElement;
  private chosen: Passage | null = null;
  private candidates: Candidate[] = [];
  private shown = -1;
  private aside: HTMLElement[] = []; // what the preview stands in for
  private round = 0; // an answer to an earlier question is left aside

  constructor(
    private readonly form: HTMLFormElement,
    private readonly panel: HTMLElement,
  ) {
    this.field = need("textarea", form);
    this.button = need("[data-redraft]", form);
    this.preview = need("[data-preview]", form);
    for (const mark of all("[data-redraft-scripted]", form)) mark.hidden = false;
    for (const mark of all("[data-redraft-plain]", form)) mark.hidden = true;
    for (const event of ["select", "keyup", "mouseup", "input"]) {
      this.field.addEventListener(event, () => this.look());
    }
    document.addEventListener("selectionchange", () => this.look());
    this.button.addEventListener("click", () => void this.start());
    need("[data-candidates-close]", panel).addEventListener("click", () => this.close());
    document.addEventListener("keydown", (event) => this.key(event));
    this.look();
  }

  private get open(): boolean {
    return !this.panel.hidden;
  }

  private get dirty(): boolean {
    const title = this.form.elements.namedItem("title") as HTMLInputElement | null;
    return this.field.value !== this.field.defaultValue || (title !== null && title.value !== title.defaultValue);
  }

  private look(): void {
    if (this.open) return;
    this.button.disabled = passage(this.field.value, this.field.selectionStart, this.field.selectionEnd) === null;
    if (!this.button.disabled) need("[data-redraft-many]", this.form).hidden = false;
    const label = this.dirty ? "Save and redraft this passage" : "Redraft this passage";
    if (this.button.textContent !== label) this.button.textContent = label;
  }

  private key(event: KeyboardEvent): void {
    if (one("dialog[open]")) return;
    if (asks(event)) {
      event.preventDefault();
      if (!this.open && !event.repeat) void this.start();
      return;
    }
    if (!this.open) return;
    if (event.key === "Escape") {
      event.preventDefault();
      return this.close();
    }
    if (event.ctrlKey || event.metaKey || event.altKey || writesElsewhere(event.target)) return;
    const number = Number(event.key);
    const candidate = number >= 1 ? this.candidates[number - 1] : undefined;
    if (candidate?.state === "done") {
      event.preventDefault();
      void this.take(candidate);
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      this.step(event.key === "ArrowDown" ? 1 : -1);
    }
  }

  private async start(): Promise<void> {
    const chosen = passage(this.field.value, this.field.selectionStart, this.field.selectionEnd);
    if (!chosen) return this.say(NOTHING);
    if (this.field.readOnly) return;
    this.field.readOnly = true;
    this.button.setAttribute("aria-busy", "true");
    try {
      if (this.dirty && !(await this.save())) return this.rest();
      await this.ask(chosen);
    } catch {
      this.say(LOST);
      this.rest();
    } finally {
      this.button.removeAttribute("aria-busy");
    }
  }

  /** What was typed becomes a version, so that the passage stands where the server looks for it. */
  private async save(): Promise<boolean> {
    const typed = this.field.value;
    const answer = await send(this.form.action, new FormData(this.form));
    if (!answer.ok) {
      this.say(answer.status === 409 ? STALE : await reason(answer));
      return false;
    }
    const stored = (await answer.json()) as { revision: number; title: string; body: string };
    const base = this.form.elements.namedItem("base_revision") as HTMLInputElement;
    const title = this.form.elements.namedItem("title") as HTMLInputElement | null;
    base.value = base.defaultValue = String(stored.revision);
    if (title) title.value = title.defaultValue = stored.title;
    this.field.defaultValue = stored.body;
    this.form.dispatchEvent(new CustomEvent(SAVED));
    if (stored.body !== typed) {
      // The desk took out characters that it can't keep: the places have moved.
      this.field.value = stored.body;
      this.field.dispatchEvent(new Event("input", { bubbles: true }));
      this.say("Saved. Please select the passage once more.");
      return false;
    }
    const kept = one("[data-kept]", this.form);
    if (kept) kept.textContent = `Version ${stored.revision}, saved just now`;
    return true;
  }

  private async ask(chosen: Passage): Promise<void> {
    const text = this.field.value;
    const question = new FormData();
    for (const name of ["csrf_token", "base_revision"]) {
      question.set(name, (this.form.elements.namedItem(name) as HTMLInputElement).value);
    }
    question.set("start", String(place(text, chosen.start)));
    question.set("end", String(place(text, chosen.end)));
    question.set("count", one<HTMLSelectElement>("[data-redraft-count]", this.form)?.value ?? "3");
    const answer = await send(this.form.dataset["passages"] ?? "", question);
    if (!answer.ok) {
      this.say(answer.status === 409 ? STALE : await reason(answer));
      return this.rest();
    }
    const { url, page } = (await answer.json()) as { url: string; page: string };
    this.say("");
    this.present(chosen, page);
    await this.follow(url);
  }

  /** The panel opens, and the sheet shows the text with the passage's place in it. */
  private present(chosen: Passage, page: string): void {
    this.chosen = chosen;
    this.candidates = [];
    this.shown = -1;
    const text = this.field.value;
    need("[data-candidates-for]", this.panel).textContent = `“${text.slice(chosen.start, chosen.end)}”`;
    need<HTMLAnchorElement>("[data-candidates-page]", this.panel).href = page;
    need("[data-candidates-list]", this.panel).replaceChildren();
    const mark = document.createElement("mark");
    mark.textContent = text.slice(chosen.start, chosen.end);
    this.preview.replaceChildren(text.slice(0, chosen.start), mark, text.slice(chosen.end));
    this.lay(true);
    need("[data-candidates-close]", this.panel).focus({ preventScroll: true });
    this.bring();
  }

  private async follow(url: string): Promise<void> {
    const round = ++this.round;
    let failures = 0;
    for (let wait = 150; round === this.round; ) {
      await pause(wait);
      await seen();
      if (round !== this.round) return;
      try {
        const standing = await ask<Standing>(url);
        if (standing === "gone") return window.location.reload();
        if (round !== this.round) return;
        this.draw(standing);
        if (standing.done) return;
        failures = 0;
        wait = standing.next_ms || 250;
      } catch {
        this.tell(LOST);
        wait = patience(failures++);
      }
    }
  }

  private draw(standing: Standing): void {
    const ready = standing.done && standing.candidates.some((one) => one.state === "done");
    const first = this.candidates.length === 0;
    this.candidates = standing.candidates;
    this.tell(standing.message);
    const list = need("[data-candidates-list]", this.panel);
    if (first || standing.done || list.children.length !== this.candidates.length) {
      list.replaceChildren(...this.candidates.map((one, index) => this.item(one, index)));
    } else {
      this.candidates.forEach((one, index) => {
        const text = list.children[index]?.querySelector(".candidate-text");
        if (text && text.textContent !== one.text) text.textContent = one.text;
      });
    }
    if (ready) {
      this.show(0);
      one("[data-use]", list)?.focus({ preventScroll: true });
    }
  }

  private item(candidate: Candidate, index: number): HTMLElement {
    const item = document.createElement("li");
    item.className = "candidate";
    const text = add(item, "p", candidate.text, "candidate-text");
    text.dir = "auto";
    const foot = add(item, "div", "", "candidate-foot");
    add(foot, "span", candidate.state === "failed" ? "could not be written" : candidate.fit);
    if (candidate.state !== "done" || !candidate.fit) return item;
    const acts = add(foot, "span", "");
    add(acts, "kbd", String(index + 1));
    const use = add(acts, "button", "Use this", "btn btn-small");
    use.type = "button";
    use.dataset["use"] = "";
    use.setAttribute("aria-label", `Use this: candidate ${index + 1}, ${candidate.fit}`);
    use.addEventListener("click", () => void this.take(candidate));
    use.addEventListener("focus", () => this.show(index));
    item.addEventListener("pointerenter", () => this.show(index));
    return item;
  }

  /** How the text would read with this candidate. */
  private show(index: number): void {
    const candidate = this.candidates[index];
    const mark = one("mark", this.preview);
    if (!candidate || !mark || candidate.state !== "done") return;
    this.shown = index;
    mark.textContent = candidate.text;
    all(".candidate", this.panel).forEach((item, at) => (item.dataset["shown"] = String(at === index)));
  }

  /** The passage's place comes before the eyes; on a phone above the panel that covers the lower half. */
  private bring(): void {
    const half = window.matchMedia?.("(max-width: 56rem)").matches ?? false;
    const block = half ? "start" : "center";
    one("mark", this.preview)?.scrollIntoView({ block, behavior: calm() ? "auto" : "smooth" });
  }

  private step(by: number): void {
    const uses = all<HTMLButtonElement>("[data-use]", this.panel);
    const next = Math.min(Math.max(this.shown + by, 0), uses.length - 1);
    uses[next]?.focus();
    this.bring();
  }

  private async take(candidate: Candidate): Promise<void> {
    if (this.panel.getAttribute("aria-busy") === "true") return;
    this.panel.setAttribute("aria-busy", "true");
    const question = new FormData();
    question.set("csrf_token", (this.form.elements.namedItem("csrf_token") as HTMLInputElement).value);
    try {
      const answer = await send(candidate.take, question);
      if (answer.ok) return window.location.assign(window.location.pathname);
      this.tell(answer.status === 409 ? STALE : await reason(answer));
    } catch {
      this.tell(LOST);
    }
    this.panel.removeAttribute("aria-busy");
  }

  /** Back to writing, with the passage still selected. */
  private close(): void {
    if (!this.open) return;
    this.round++;
    this.discard();
    this.lay(false);
    this.rest();
    this.field.focus({ preventScroll: true });
    if (this.chosen) this.field.setSelectionRange(this.chosen.start, this.chosen.end);
    this.look();
  }

  /** What is still being written stops; what is there is kept in the record. */
  private discard(): void {
    if (this.candidates.length > 0 && this.candidates.every((one) => one.state === "done")) return;
    const question = new FormData();
    question.set("csrf_token", (this.form.elements.namedItem("csrf_token") as HTMLInputElement).value);
    void send(this.panel.dataset["discard"] ?? "", question).catch(() => undefined);
  }

  private rest(): void {
    this.field.readOnly = false;
  }

  private lay(open: boolean): void {
    this.panel.hidden = !open;
    need("[data-redraft-bar]", this.form).hidden = open;
    this.preview.hidden = !open;
    for (const part of all("[data-writer] > :not([data-preview])", this.form)) {
      if (open && !part.hidden) this.aside.push(part);
    }
    for (const part of this.aside) part.hidden = open;
    if (!open) this.aside = [];
    document.body.classList.toggle("choosing-passage", open);
  }

  private say(words: string): void {
    const said = need("[data-redraft-said]", this.form);
    said.textContent = words;
    said.hidden = words === "";
  }

  private tell(words: string): void {
    const said = need("[data-candidates-message]", this.panel);
    if (said.textContent !== words) said.textContent = words;
  }
}

/** The title can be changed while the passage rests: a number typed there is a number. */
const writesElsewhere = (target: EventTarget | null): boolean =>
  target instanceof HTMLInputElement || target instanceof HTMLSelectElement;

const send = (url: string, body: FormData): Promise<Response> =>
  fetch(url, { method: "POST", body, headers: { Accept: "application/json" } });

async function reason(answer: Response): Promise<string> {
  try {
    return ((await answer.json()) as { error?: string }).error ?? LOST;
  } catch {
    return LOST;
  }
}

function need<T extends HTMLElement = HTMLElement>(selector: string, root: ParentNode): T {
  const found = one<T>(selector, root);
  if (!found) throw new Error(`the page has no ${selector}`);
  return found;
}

function add<K extends keyof HTMLElementTagNameMap>(to: HTMLElement, tag: K, text: string, name = ""): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  element.textContent = text;
  if (name) element.className = name;
  to.append(element);
  return element;
}
