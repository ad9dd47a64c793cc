/**
 * One passage written anew: select it, ask, see each candidate in its place, use one or none. The text rests meanwhile
 * and is not touched before the person picks; words that were not saved are saved first.
 */
import { Compartment, EditorState } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { all, calm, one } from "../dom";
import { ask, patience, pause, seen } from "../polling";
import { item, type Candidate, type Standing } from "./candidate_list";
import type { Desk } from "./desk";
import { extension, passage, passageField, setPassage, showCandidate, type Place } from "./passage";
import { LOST, reason } from "./posting";
import { save } from "./saving";
import { reload } from "../reload";

export const asks = (event: KeyboardEvent): boolean =>
  (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "j";

const NOTHING = "Select the words to be written anew first.";
const STALE = "A newer version was saved meanwhile. Your words are still here: “Save revision” shows both.";
const CHANGED = "These words were changed while you asked. Please select the passage once more.";

export function proposes(desk: Desk): void {
  const panel = one("[data-candidates]");
  if (panel && desk.form.dataset["passages"]) new Proposals(desk, panel);
}

class Proposals {
  private readonly button: HTMLButtonElement;
  private readonly resting = new Compartment();
  private candidates: Candidate[] = [];
  private shown = -1;
  private round = 0; // an answer to an earlier question is left aside
  private taking = false;

  constructor(
    private readonly desk: Desk,
    private readonly panel: HTMLElement,
  ) {
    this.button = desk.tools.add({ name: "redraft", label: "Redraft", keys: "Ctrl J", press: () => void this.start() });
    for (const mark of all("[data-redraft-scripted]", desk.form)) mark.hidden = false;
    for (const mark of all("[data-redraft-plain]", desk.form)) mark.hidden = true;
    const looks = EditorView.updateListener.of((update) => {
      if (update.selectionSet || update.docChanged) this.look();
    });
    desk.extend([extension, this.resting.of([]), looks]);
    need("[data-candidates-close]", panel).addEventListener("click", () => this.close());
    document.addEventListener("keydown", (event) => this.key(event), { capture: true });
    desk.onRefresh(() => this.look());
    this.look();
  }

  private get open(): boolean {
    return !this.panel.hidden;
  }

  private selected(): Place | null {
    const { from, to } = this.desk.view.state.selection.main;
    return passage(this.desk.text(), from, to);
  }

  private look(): void {
    if (this.open) return;
    const nothing = this.desk.view.state.selection.main.empty || this.selected() === null;
    this.button.setAttribute("aria-disabled", String(nothing));
  }

  private key(event: KeyboardEvent): void {
    if (one("dialog[open]")) return;
    if (asks(event)) {
      event.preventDefault();
      if (!event.repeat) void this.start();
      return;
    }
    if (!this.open) return;
    if (event.key === "Escape") {
      this.mine(event);
      return this.close();
    }
    if (event.ctrlKey || event.metaKey || event.altKey || writesElsewhere(event.target)) return;
    const number = Number(event.key);
    const candidate = number >= 1 ? this.candidates[number - 1] : undefined;
    if (candidate?.state === "done") {
      this.mine(event);
      void this.take(candidate);
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      this.mine(event);
      this.step(event.key === "ArrowDown" ? 1 : -1);
    }
  }

  private mine(event: KeyboardEvent): void {
    event.preventDefault();
    event.stopPropagation();
  }

  private async start(): Promise<void> {
    if (this.open) return;
    const chosen = this.selected();
    if (!chosen) return this.say(NOTHING);
    const { view } = this.desk;
    if (view.state.readOnly) return;
    view.dispatch({ effects: [setPassage.of(chosen), this.resting.reconfigure(EditorState.readOnly.of(true))] });
    this.button.setAttribute("aria-busy", "true");
    try {
      if (this.desk.dirty && !(await save(this.desk, () => this.say(STALE)))) return this.rest();
      await this.ask();
    } catch {
      this.say(LOST);
      this.rest();
    } finally {
      this.button.removeAttribute("aria-busy");
    }
  }

  private async ask(): Promise<void> {
    const chosen = this.desk.view.state.field(passageField);
    if (!chosen) {
      this.say(CHANGED); // by somebody whose words were merged with these
      return this.rest();
    }
    const question = this.question();
    question.set("base_revision", String(this.desk.data.head));
    question.set("start", String(this.desk.place(chosen.from)));
    question.set("end", String(this.desk.place(chosen.to)));
    question.set("count", one<HTMLSelectElement>("[data-redraft-count]", this.desk.form)?.value ?? "3");
    const answer = await send(this.desk.form.dataset["passages"] ?? "", question);
    if (!answer.ok) {
      this.say(answer.status === 409 ? STALE : await reason(answer));
      return this.rest();
    }
    const { url, page } = (await answer.json()) as { url: string; page: string };
    this.say("");
    this.present(page);
    await this.follow(url);
  }

  /** The panel opens; the passage is marked in the text. */
  private present(page: string): void {
    const { view } = this.desk;
    this.candidates = [];
    this.shown = -1;
    const chosen = view.state.field(passageField);
    const words = chosen ? view.state.sliceDoc(chosen.from, chosen.to) : "";
    need("[data-candidates-for]", this.panel).textContent = `“${words}”`;
    need<HTMLAnchorElement>("[data-candidates-page]", this.panel).href = page;
    need("[data-candidates-list]", this.panel).replaceChildren();
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
        if (standing === "gone") return reload();
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
      const acts = { use: (one: Candidate) => void this.take(one), show: (index: number) => this.show(index) };
      list.replaceChildren(...this.candidates.map((one, index) => item(one, index, acts)));
    } else {
      this.candidates.forEach((one, index) => {
        const text = list.children[index]?.querySelector(".candidate-text");
        if (text && text.textContent !== one.text) text.textContent = one.text;
      });
    }
    if (ready) {
      this.show(0);
      const use = one("[data-use]", list);
      use?.focus({ preventScroll: true });
      use?.scrollIntoView({ block: "nearest" });
    }
  }

  /** How the text would read with this candidate. */
  private show(index: number): void {
    const candidate = this.candidates[index];
    if (!candidate || candidate.state !== "done" || !this.open) return;
    this.shown = index;
    this.desk.view.dispatch({ effects: showCandidate.of(candidate.text) });
    all(".candidate", this.panel).forEach((item, at) => (item.dataset["shown"] = String(at === index)));
  }

  /**
   * The passage's place comes before the eyes; on a phone above the panel that covers the lower half, and beside it
   * as far as that leaves what has the focus in sight: other cards may stand above the panel.
   */
  private bring(): void {
    const chosen = this.desk.view.state.field(passageField);
    if (!chosen) return;
    const half = window.matchMedia?.("(max-width: 56rem)").matches ?? false;
    this.desk.view.dispatch({ effects: EditorView.scrollIntoView(chosen.from, { y: half ? "start" : "nearest", yMargin: 80 }) });
    const mark = one(".passage-asked, .candidate-in-place", this.desk.view.dom);
    mark?.scrollIntoView({ block: half ? "start" : "center", behavior: calm() || !half ? "auto" : "smooth" });
    if (!half) one(":focus", this.panel)?.scrollIntoView({ block: "nearest" });
  }

  private step(by: number): void {
    const uses = all<HTMLButtonElement>("[data-use]", this.panel);
    const next = Math.min(Math.max(this.shown + by, 0), uses.length - 1);
    uses[next]?.focus();
    this.bring();
  }

  /** A version with the candidate in its place; the editor gets it as a change that can be undone. */
  private async take(candidate: Candidate): Promise<void> {
    if (this.taking) return;
    this.taking = true;
    this.panel.setAttribute("aria-busy", "true");
    try {
      const answer = await send(candidate.take, this.question());
      if (answer.ok) await this.taken(candidate, ((await answer.json()) as { revision: number }).revision);
      else this.tell(answer.status === 409 ? STALE : await reason(answer));
    } catch {
      this.tell(LOST);
    } finally {
      this.taking = false;
      this.panel.removeAttribute("aria-busy");
    }
  }

  private async taken(candidate: Candidate, revision: number): Promise<void> {
    const { view } = this.desk;
    const from = view.state.field(passageField)?.from ?? view.state.selection.main.from;
    this.leave();
    await this.desk.fetch();
    view.dispatch({ selection: { anchor: Math.min(from + candidate.text.length, view.state.doc.length) } });
    view.focus();
    this.desk.mention(`The passage is replaced. This is version ${revision}.`);
  }

  /** Back to writing, with the passage still selected. */
  private close(): void {
    if (!this.open) return;
    const { view } = this.desk;
    const chosen = view.state.field(passageField);
    this.discard();
    this.leave();
    if (chosen) view.dispatch({ selection: { anchor: chosen.from, head: chosen.to } });
    view.focus();
  }

  /** What is still being written stops; what is there is kept in the record. */
  private discard(): void {
    if (this.candidates.length > 0 && this.candidates.every((one) => one.state === "done")) return;
    void send(this.panel.dataset["discard"] ?? "", this.question()).catch(() => undefined);
  }

  private leave(): void {
    this.round++;
    this.lay(false);
    this.rest();
    this.look();
  }

  private rest(): void {
    this.desk.view.dispatch({ effects: [setPassage.of(null), this.resting.reconfigure([])] });
  }

  private lay(open: boolean): void {
    this.panel.hidden = !open;
  }

  private question(): FormData {
    const question = new FormData();
    question.set("csrf_token", (this.desk.form.elements.namedItem("csrf_token") as HTMLInputElement).value);
    return question;
  }

  private say(words: string): void {
    this.desk.say(words);
  }

  private tell(words: string): void {
    const said = need("[data-candidates-message]", this.panel);
    if (said.textContent !== words) said.textContent = words;
  }
}

/** The title can be changed while the passage rests: a number typed there is a number. */
const writesElsewhere = (target: EventTarget | null): boolean =>
  target instanceof HTMLInputElement || target instanceof HTMLSelectElement || target instanceof HTMLTextAreaElement;

const send = (url: string, body: FormData): Promise<Response> =>
  fetch(url, { method: "POST", body, headers: { Accept: "application/json" } });

function need<T extends HTMLElement = HTMLElement>(selector: string, root: ParentNode): T {
  const found = one<T>(selector, root);
  if (!found) throw new Error(`the page has no ${selector}`);
  return found;
}
