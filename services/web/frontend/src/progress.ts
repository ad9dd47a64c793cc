/** Follows a draft while it is written: asks the server, lets the words appear, and opens the text when it is done. */
import { one } from "./dom";
import { Growing } from "./growing";

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
}

const FIRST = 250;
const LONGEST = 15_000;
const LOST = "Connection lost; trying again. The draft goes on without you.";

/** Milliseconds until the next try after `failures` failures in a row. */
export const patience = (failures: number): number => Math.min(LONGEST, 500 * 2 ** failures);

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

class Follower {
  private readonly url: string;
  private readonly growing: Growing;
  private percent = 0;
  private failures = 0;

  constructor(private readonly root: HTMLElement) {
    this.url = root.dataset["progressUrl"] ?? "";
    this.growing = new Growing(this.part("text"), this.part("empty"));
  }

  async follow(): Promise<void> {
    for (let wait = FIRST; ; ) {
      await pause(wait);
      await seen();
      try {
        const progress = await ask(this.url);
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
    this.growing.to(progress.text);
  }

  /** The page of the next state comes from the server, where the text is now. */
  private async finish(last: Progress | "gone"): Promise<void> {
    if (last !== "gone" && last.state === "done") {
      write(this.part("heading"), "The draft is ready");
      write(this.part("status"), "The draft is ready.");
      (this.part("progress") as HTMLProgressElement).value = 100;
      this.growing.to(last.text);
      await this.growing.settled();
    }
    window.location.reload();
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

async function ask(url: string): Promise<Progress | "gone"> {
  const answer = await fetch(url, { headers: { Accept: "application/json" }, cache: "no-store" });
  if ([401, 403, 404, 410].includes(answer.status)) return "gone"; // logged out, or not theirs any more: the page says it
  if (!answer.ok) throw new Error(String(answer.status));
  return (await answer.json()) as Progress;
}

const pause = (ms: number): Promise<void> => new Promise((done) => window.setTimeout(done, ms));

/** Waits while the page is not looked at; on return the news is asked for at once. */
const seen = (): Promise<void> =>
  new Promise((done) => {
    if (!document.hidden) return done();
    const look = (): void => {
      if (document.hidden) return;
      document.removeEventListener("visibilitychange", look);
      done();
    };
    document.addEventListener("visibilitychange", look);
  });
