/**
 * The editor of one document: CodeMirror in place of the textarea, in step with the server. Everything else on the desk
 * is a function that is given this object.
 */
import { isolateHistory } from "@codemirror/commands";
import { ChangeSet, StateEffect, Transaction, type Extension, type Text } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { one } from "../dom";
import { Bar } from "./bar";
import { changeSet, changesTo } from "./changes";
import { fetchDesk, type DeskData } from "./data";
import { install, quiet, recolour, type Kept } from "./history";
import { pairs, toCharacters } from "./places";
import { carried, setSpans, tint, unsavedMarks } from "./tint";

/** What was typed since the server last knew the text. */
interface Pending {
  base: Text;
  changes: ChangeSet;
}

export class Desk {
  readonly view: EditorView;
  readonly title: HTMLInputElement | null;
  readonly bar: Bar; // formatting, and ways to look at the text
  readonly tools: Bar; // what can be done with it
  readonly page: Bar; // what can be done with the page
  awaits: Kept | null = null; // the history of unsaved words, until they are back
  private readonly refreshed: ((data: DeskData) => void)[] = [];
  private pending: Pending;
  private sent: Pending | null = null;

  constructor(
    readonly form: HTMLFormElement,
    readonly field: HTMLTextAreaElement,
    public data: DeskData,
    extensions: Extension,
  ) {
    this.bar = new Bar(one("[data-bar]", form) ?? document.createElement("div"), "Format");
    this.tools = new Bar(one("[data-tools]", form) ?? document.createElement("div"), "Tools");
    this.page = new Bar(one("[data-page-tools]", form) ?? document.createElement("div"), "Page");
    this.title = form.elements.namedItem("title") as HTMLInputElement | null;
    const following = EditorView.updateListener.of((update) => {
      if (update.docChanged) this.follow(update.changes);
    });
    this.view = new EditorView({ doc: data.text, extensions: [extensions, following] });
    this.pending = this.unchanged();
    this.view.dispatch({ effects: setSpans.of(data.spans) });
    form.addEventListener("formdata", (event) => event.formData.set(field.name, this.text()));
    field.addEventListener("input", () => {
      if (field.value !== this.text()) this.restore(field.value); // another script wrote there: it brings words back
    });
  }

  text(): string {
    return this.view.state.doc.toString();
  }

  /** Are there words that the server has not stored as a version? */
  get dirty(): boolean {
    const title = this.title !== null && this.title.value !== this.title.defaultValue;
    return title || !this.view.state.doc.eq(this.pending.base);
  }

  /** The text that the server has stored, under what was typed since. */
  get saved(): Text {
    return this.pending.base;
  }

  /** A place in the present text as the server counts it. */
  place(at: number): number {
    return toCharacters(pairs(this.view.state.sliceDoc(0, at)), at);
  }

  /** Something more for the editor to know. */
  extend(extension: Extension): void {
    this.view.dispatch({ effects: StateEffect.appendConfig.of(extension) });
  }

  onRefresh(listener: (data: DeskData) => void): void {
    this.refreshed.push(listener);
  }

  /** The text is on its way to the server: what is typed from here on is carried over the answer. */
  sending(): void {
    this.sent = this.unchanged();
  }

  /** It did not arrive, or was not taken. */
  unsent(): void {
    this.sent = null;
  }

  /** The server took what was sent: this is how the text stands there now. */
  stored(data: DeskData): void {
    const sent = this.sent ?? this.pending;
    this.sent = null;
    this.adopt(data, sent);
  }

  /** What the server has now, under what was typed since: undo can take the difference back. */
  refresh(data: DeskData): void {
    if (!this.sent) this.adopt(data, this.pending); // the answer that is waited for will be newer
  }

  private adopt(data: DeskData, { base, changes }: Pending): void {
    const news = changeSet(base, data.text);
    const typed = changes.map(news, true);
    const onward = news.map(changes);
    const mine = unsavedMarks(this.view.state.field(tint), changes, onward);
    this.data = data;
    this.view.dispatch({
      changes: onward,
      effects: setSpans.of([...carried(data.spans, typed), ...mine]),
      annotations: [Transaction.userEvent.of("desk.refresh"), isolateHistory.of("full")],
    });
    this.pending = { base: news.apply(base), changes: typed };
    this.settle(data);
    for (const listener of this.refreshed) listener(data);
  }

  /** Ask the server how the text stands. */
  async fetch(): Promise<void> {
    this.refresh(await fetchDesk(this.data.urls["desk"] ?? ""));
  }

  /** Another text, as the smallest change that undo can take back. */
  replace(text: string, event: string): void {
    const changes = changesTo(this.text(), text.replace(/\r\n?/g, "\n"));
    if (changes.length === 0) return;
    const annotations = [Transaction.userEvent.of(event), isolateHistory.of("full")];
    this.view.dispatch({ changes, annotations });
  }

  /** Unsaved words come back, from wherever they were kept; with their history, when this browser has it. */
  restore(text: string): void {
    const { awaits } = this;
    if (awaits?.text === text) {
      quiet(this.view, text);
      const whole = install(this.view, awaits.steps);
      recolour(this.view, awaits);
      if (whole) return;
    }
    this.replace(text, "desk.restore");
  }

  /** Another text without a step to undo. */
  quietly(text: string): void {
    quiet(this.view, text);
  }

  /** The text is what the server has, whatever was done to it here. */
  rest(): void {
    this.pending = this.unchanged();
    this.view.dispatch({ effects: setSpans.of(this.data.spans) });
  }

  /** Says it to everyone: on the page, and to a screen reader. Nothing said takes the words away. */
  say(message: string): void {
    const said = one("[data-said]", this.form);
    if (!said) return;
    said.textContent = message;
    said.hidden = message === "";
  }

  /** Says it in passing, in the line below the text. */
  mention(message: string): void {
    const kept = one("[data-kept]", this.form);
    if (kept) kept.textContent = message;
  }

  private follow(changes: ChangeSet): void {
    this.pending.changes = this.pending.changes.compose(changes);
    if (this.sent) this.sent.changes = this.sent.changes.compose(changes);
  }

  private unchanged(): Pending {
    return { base: this.view.state.doc, changes: ChangeSet.empty(this.view.state.doc.length) };
  }

  /** The form goes on from this version. */
  private settle(data: DeskData): void {
    const base = this.form.elements.namedItem("base_revision") as HTMLInputElement | null;
    if (base) base.value = base.defaultValue = String(data.head);
    this.form.dataset["base"] = String(data.head);
    if (this.title) {
      if (this.title.value === this.title.defaultValue) this.title.value = data.title;
      this.title.defaultValue = data.title;
    }
    this.field.defaultValue = data.text;
    this.field.value = this.text();
  }
}
