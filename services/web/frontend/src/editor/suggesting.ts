/**
 * Suggesting instead of saving: while it is on, what is typed shows as proposed, and Ctrl+S sends it as suggestions. The
 * text then is as it was, with the suggestions standing in it.
 */
import { ChangeSet, Compartment, RangeSet, StateField, Text, type EditorState, type Extension, type Range } from "@codemirror/state";
import { Decoration, EditorView, type DecorationSet } from "@codemirror/view";
import { one } from "../dom";
import { SAVED } from "../unsaved";
import { changeSet } from "./changes";
import type { DeskData } from "./data";
import type { Desk } from "./desk";
import { inUnits } from "./places";
import { LOST, reason } from "./posting";
import { Words } from "./suggestion_marks";

const ON = "copydesk-suggesting-";
const NOT_YET = "You are suggesting. Propose your changes, or switch “Suggesting” off, before you deliver.";

interface Proposed {
  base: Text;
  changes: ChangeSet;
  marks: DecorationSet;
}

export interface Change {
  from: number;
  to: number;
  removed: string;
}

/** What differs from the text before, without what a change puts back as it was. */
export function differences(base: Text, now: Text, changes: ChangeSet): Change[] {
  const found: Change[] = [];
  changes.iterChanges((fromA, toA, fromB, toB) => {
    const [gone, come] = [base.sliceString(fromA, toA), now.sliceString(fromB, toB)];
    let [head, tail] = [0, 0];
    const shortest = Math.min(gone.length, come.length);
    while (head < shortest && gone[head] === come[head]) head++;
    while (tail < shortest - head && gone[gone.length - 1 - tail] === come[come.length - 1 - tail]) tail++;
    const removed = gone.slice(head, gone.length - tail);
    if (removed || fromB + head < toB - tail) found.push({ from: fromB + head, to: toB - tail, removed });
  });
  return found;
}

function draw(base: Text, now: Text, changes: ChangeSet): DecorationSet {
  const ranges: Range<Decoration>[] = [];
  for (const { from, to, removed } of differences(base, now, changes)) {
    if (removed) ranges.push(Decoration.widget({ widget: new Words(removed, "del", "hand-0"), side: -1 }).range(from));
    if (from < to) ranges.push(Decoration.mark({ tagName: "ins", class: "proposed hand-0" }).range(from, to));
  }
  return RangeSet.of(ranges, true);
}

const proposed = (base: Text, now: Text, changes: ChangeSet): Proposed => ({ base, changes, marks: draw(base, now, changes) });

function since(text: string, now: Text): Proposed {
  const base = Text.of(text.split("\n"));
  return proposed(base, now, changeSet(base, now.toString()));
}

/** What differs from this text shows as proposed. */
export const shows = (text: string): StateField<Proposed> =>
  StateField.define<Proposed>({
    create: (state: EditorState) => since(text, state.doc),
    update: (value, { changes, newDoc, docChanged }) =>
      docChanged ? proposed(value.base, newDoc, value.changes.compose(changes)) : value,
    provide: (self) => EditorView.decorations.from(self, (value) => value.marks),
  });

export function suggests(desk: Desk): void {
  if (one("[data-suggestions]")) new Suggesting(desk).begin();
}

class Suggesting {
  private readonly room = new Compartment();
  private readonly key: string;
  private button: HTMLButtonElement | null = null;
  private on = false;
  private busy = false;

  constructor(private readonly desk: Desk) {
    this.key = ON + desk.data.document;
  }

  begin(): void {
    const { desk } = this;
    desk.extend(this.room.of([]));
    this.button = desk.tools.add({
      name: "suggesting",
      label: "Suggesting",
      keys: "Ctrl Alt S",
      press: () => this.set(!this.on),
    });
    this.button.setAttribute("aria-pressed", "false");
    document.addEventListener("keydown", (event) => {
      if (!asks(event) || one("dialog[open]")) return;
      event.preventDefault();
      this.set(!this.on);
    });
    // The window hears of it before the document does, where saving listens.
    window.addEventListener("submit", (event) => this.submit(event), { capture: true });
    desk.onRefresh(() => this.redraw());
    if (sessionStorage.getItem(this.key)) this.set(true, false);
  }

  private set(on: boolean, aloud = true): void {
    this.on = on;
    if (on) sessionStorage.setItem(this.key, "on");
    else sessionStorage.removeItem(this.key);
    this.button?.setAttribute("aria-pressed", String(on));
    this.desk.form.dataset["suggesting"] = String(on);
    const save = one("[data-save]");
    if (save) save.textContent = on ? "Propose changes" : "Save revision";
    this.redraw();
    if (!aloud) return;
    this.desk.mention(on ? "Suggesting: what you type is proposed, not saved." : "Writing: what you type is saved.");
    this.desk.view.focus();
  }

  /** The text that the server has is what the proposed one is compared with. */
  private redraw(): void {
    const extension: Extension = this.on ? shows(this.desk.data.text) : [];
    this.desk.view.dispatch({ effects: this.room.reconfigure(extension) });
  }

  /** Before anybody else hears of it: while suggesting, nothing is saved. */
  private submit(event: SubmitEvent): void {
    const button = event.submitter as HTMLButtonElement | null;
    if (!this.on || event.target !== this.desk.form) return;
    const delivers = button?.formAction.endsWith("/deliver") ?? false;
    if (button !== null && !("save" in button.dataset) && !delivers) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (delivers) this.desk.say(NOT_YET);
    else void this.propose();
  }

  private async propose(): Promise<void> {
    const { desk } = this;
    if (this.busy) return;
    this.busy = true;
    const sent = desk.view.state.doc;
    let typed = ChangeSet.empty(sent.length);
    const listening = new Compartment();
    const listen = EditorView.updateListener.of((update) => {
      if (update.docChanged) typed = typed.compose(update.changes);
    });
    desk.extend(listening.of(listen));
    try {
      const answer = await fetch(desk.data.urls["suggest"] ?? "", {
        method: "POST",
        body: new FormData(desk.form),
        headers: { Accept: "application/json" },
      });
      if (!answer.ok) return desk.say(await reason(answer));
      const { made, desk: data } = (await answer.json()) as { made: number[]; desk: DeskData };
      this.putBack(sent, typed, inUnits(data), made.length);
    } catch {
      desk.say(LOST);
    } finally {
      this.busy = false;
      desk.view.dispatch({ effects: listening.reconfigure([]) });
    }
  }

  /** What was proposed leaves the text; what was typed since stays. */
  private putBack(sent: Text, typed: ChangeSet, data: DeskData, count: number): void {
    const { desk } = this;
    const back = changeSet(sent, desk.data.text).map(typed);
    desk.view.dispatch({ changes: back, userEvent: "desk.suggested" });
    if (desk.text() === desk.data.text) desk.rest();
    desk.refresh(data);
    desk.say("");
    desk.form.dispatchEvent(new CustomEvent(SAVED));
    desk.mention(said(count));
  }
}

const said = (count: number): string =>
  count === 0 ? "You had suggested this already." : count === 1 ? "One change is suggested." : `${count} changes are suggested.`;

export const asks = (event: KeyboardEvent): boolean =>
  (event.ctrlKey || event.metaKey) && event.altKey && !event.shiftKey && event.code === "KeyS" &&
  !event.getModifierState("AltGraph"); // which writes a letter: ś on a Polish keyboard

