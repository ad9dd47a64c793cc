/**
 * From change to change, by button or by N and P. A single letter is no key for everybody, so it can be switched off,
 * and that is remembered.
 */
import { all, calm, one } from "./dom";

const KEY = "copydesk-walk-keys";

/** Which of `count` changes comes next, around the corner too; -1 is none yet. */
export const nextStop = (current: number, step: 1 | -1, count: number): number =>
  current < 0 ? (step > 0 ? 0 : count - 1) : (current + step + count) % count;

/** The step that a key asks for: letters alone, and never where somebody writes. */
export function stepOf(event: KeyboardEvent): 1 | -1 | 0 {
  if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || writes(event.target)) return 0;
  const key = event.key.toLowerCase();
  return key === "n" ? 1 : key === "p" ? -1 : 0;
}

function writes(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || target.matches("textarea, select, input:not([type=checkbox], [type=radio])");
}

export function walkChanges(): void {
  const sheet = one("[data-compare]");
  const stops = sheet ? all("[data-change]", sheet) : [];
  if (sheet && stops.length > 0) new Walk(sheet, stops);
}

class Walk {
  private current = -1;

  constructor(
    private readonly sheet: HTMLElement,
    private readonly stops: HTMLElement[],
  ) {
    for (const plain of all("[data-walk-plain]", sheet)) plain.hidden = true;
    for (const button of all<HTMLButtonElement>("[data-walk]", sheet)) {
      button.hidden = false;
      button.addEventListener("click", () => this.go(button.dataset["walk"] === "1" ? 1 : -1));
    }
    const keys = this.rememberKeys();
    document.addEventListener("keydown", (event) => {
      const step = keys() ? stepOf(event) : 0;
      if (step === 0) return;
      event.preventDefault();
      this.go(step);
    });
    for (const [index, stop] of stops.entries()) stop.addEventListener("focusin", () => this.mark(index));
  }

  private rememberKeys(): () => boolean {
    const toggle = one<HTMLInputElement>("[data-walk-toggle]", this.sheet);
    const bar = one("[data-walk-keys]", this.sheet);
    if (!toggle || !bar) return () => false;
    bar.hidden = false;
    toggle.checked = localStorage.getItem(KEY) !== "no";
    toggle.addEventListener("change", () => localStorage.setItem(KEY, toggle.checked ? "yes" : "no"));
    return () => toggle.checked;
  }

  private go(step: 1 | -1): void {
    const stop = this.stops[nextStop(this.current, step, this.stops.length)];
    if (!stop) return;
    (one("input:checked", stop) ?? stop).focus({ preventScroll: true }); // where there is a choice, one is at it
    stop.scrollIntoView({ block: "center", behavior: calm() ? "auto" : "smooth" });
  }

  private mark(index: number): void {
    this.stops[this.current]?.removeAttribute("data-current");
    this.current = index;
    this.stops[index]?.setAttribute("data-current", "");
    const said = one("[data-walk-said]", this.sheet);
    if (said) said.textContent = `${index + 1} of ${this.stops.length}`;
  }
}
