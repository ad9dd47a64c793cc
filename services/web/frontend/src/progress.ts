/** Follows a draft while it is written: asks the server, lets the words appear, and opens the text when it is done. */
import { all, one } from "./dom";
import { Growing } from "./growing";
import { ask, patience, pause, seen } from "./polling";
import { reload } from "./reload";

export { patience };

/** One of several drafts that are written side by side. */
export interface DraftProgress {
  number: number;
  state: Progress["state"];
  text: string;
  words: number;
  target: number;
  percent: number;
  message: string;
}

export interface Progress {
  state: "queued" | "writing" | "done" | "failed" | "cancelled" | "none";
  document_state: string;
  text: string;
  words: number;
  target: number;
  percent?: number;
  message: string;
  waiting: boolean;
  next_ms: number;
  drafts?: DraftProgress[];
}

const FIRST = 250;
const LOST = "Connection lost; trying again. The draft goes on without you.";

/** What to tell a screen reader: quarters, not words. */
export function milestone(before: number, after: number): string | null {
  const quarter = Math.floor(after / 25);
  return quarter > Math.floor(before / 25) && quarter < 4 ? `${quarter * 25} percent of the draft is written.` : null;
}

export const isOver = (progress: Progress): boolean => progress.document_state !== "drafting";

export function heading(progress: Progress): string {
  if (progress.waiting) return "Drafting waits";
  return progress.state === "writing" ? "The machine is writing" : "The brief is in the queue";
}

export function message(progress: Progress): string {
  if (progress.waiting) return progress.message;
  return progress.state === "writing"
    ? "You can leave this page; the draft goes on without you."
    : "It starts as soon as a worker is free. You can leave this page and come back.";
}

export function followDraft(): void {
  const root = one("[data-draft][data-progress-url]");
  if (root) void new Follower(root).follow();
}

/** One draft among several: its words, how many there are, and what became of it. */
class Column {
  private readonly growing: Growing;

  constructor(private readonly root: HTMLElement) {
    this.growing = new Growing(this.part("text"), this.part("empty"));
  }

  show(draft: DraftProgress): void {
    this.root.dataset["state"] = draft.state;
    const count = this.part("count");
    count.hidden = draft.words === 0;
    write(count, draft.state === "done" ? `${draft.words} words` : `${draft.words} of about ${draft.target} words`);
    const note = this.part("note");
    note.hidden = draft.message === "";
    write(note, draft.message);
    (this.part("progress") as HTMLProgressElement).value = draft.percent;
    this.growing.to(draft.text);
  }

  settled(): Promise<void> {
    return this.growing.settled();
  }

  private part(name: string): HTMLElement {
    return one(`[data-column-${name}]`, this.root) ?? document.createElement("p");
  }
}

class Follower {
  private readonly url: string;
  private readonly growing: Growing;
  private readonly columns = new Map<number, Column>();
  private percent = 0;
  private failures = 0;

  constructor(private readonly root: HTMLElement) {
    this.url = root.dataset["progressUrl"] ?? "";
    this.growing = new Growing(this.part("text"), this.part("empty"));
    for (const column of all("[data-column]", root)) {
      this.columns.set(Number(column.dataset["column"]), new Column(column));
    }
  }

  async follow(): Promise<void> {
    for (let wait = FIRST; ; ) {
      await pause(wait);
      await seen();
      try {
        const progress = await ask<Progress>(this.url);
        if (progress === "gone" || isOver(progress)) return await this.finish(progress);
        this.show(progress);
        this.failures = 0;
        wait = progress.next_ms || FIRST;
      } catch {
        if (this.failures === 0) write(this.part("status"), LOST);
        wait = patience(this.failures++);
        this.say(LOST);
      }
    }
  }

  private show(progress: Progress): void {
    const percent = progress.percent ?? Math.round((100 * progress.words) / Math.max(1, progress.target));
    this.root.dataset["state"] = progress.state;
    write(this.part("heading"), heading(progress));
    this.say(message(progress));
    const count = this.part("count");
    count.hidden = progress.words === 0;
    write(count, `${progress.words} of about ${progress.target} words`);
    (this.part("progress") as HTMLProgressElement).value = percent;
    const news = milestone(this.percent, percent);
    if (news) write(this.part("status"), news);
    this.percent = percent;
    this.grow(progress);
  }

  private grow(progress: Progress): void {
    if (this.columns.size === 0) return this.growing.to(progress.text);
    for (const draft of progress.drafts ?? []) this.columns.get(draft.number)?.show(draft);
  }

  /** The page of the next state comes from the server, where the text is now. */
  private async finish(last: Progress | "gone"): Promise<void> {
    if (last !== "gone" && last.state === "done") {
      const ready = this.columns.size > 1 ? "The drafts are ready" : "The draft is ready";
      write(this.part("heading"), ready);
      write(this.part("status"), `${ready}.`);
      (this.part("progress") as HTMLProgressElement).value = 100;
      this.grow(last);
      await Promise.all([this.growing.settled(), ...Array.from(this.columns.values(), (column) => column.settled())]);
    }
    reload();
  }

  private say(words: string): void {
    write(this.part("message"), words);
  }

  private part(name: string): HTMLElement {
    return one(`[data-draft-${name}]`, this.root) ?? document.createElement("p");
  }
}

/** Nothing is written twice: a screen reader may be listening, and a selection may be open. */
function write(element: HTMLElement, words: string): void {
  if (element.textContent.trim() !== words) element.textContent = words;
}
