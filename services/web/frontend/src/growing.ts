/** A text that grows word by word. What stands on the page is never drawn again: it can be read and selected meanwhile. */
import { calm } from "./dom";

const BEAT = 45; // milliseconds between two words
const CATCH_UP = 12; // beats in which a long piece is shown

/** What is new in `text` after `shown`, in words; null when `text` is another text altogether. */
export function fresh(shown: string, text: string): string[] | null {
  return text.startsWith(shown) ? (text.slice(shown.length).match(/\s*\S+|\s+$/gu) ?? []) : null;
}

export class Growing {
  private goal: string;
  private queue: string[] = [];
  private timer = 0;
  private waiting: (() => void)[] = [];

  constructor(
    private readonly element: HTMLElement,
    private readonly placeholder: HTMLElement,
  ) {
    this.goal = element.textContent;
  }

  /** Let the text grow to `text`; a text that began anew (another worker took over) replaces what stands there. */
  to(text: string): void {
    if (text === this.goal) return;
    const next = fresh(this.goal, text);
    this.goal = text;
    this.placeholder.hidden = text !== "";
    this.element.dataset["live"] = String(text !== "");
    if (next === null || calm()) {
      this.queue = [];
      this.element.textContent = text;
      return;
    }
    this.queue.push(...next);
    if (!this.timer) this.beat();
  }

  /** Resolves when every word stands on the page. */
  settled(): Promise<void> {
    return this.timer ? new Promise((done) => this.waiting.push(done)) : Promise.resolve();
  }

  private beat(): void {
    this.timer = 0;
    if (this.queue.length === 0) {
      for (const done of this.waiting.splice(0)) done();
      return;
    }
    const piece = document.createElement("span");
    piece.className = "fresh";
    piece.textContent = this.queue.splice(0, Math.ceil(this.queue.length / CATCH_UP)).join("");
    this.element.append(piece);
    this.timer = window.setTimeout(() => this.beat(), BEAT);
  }
}
