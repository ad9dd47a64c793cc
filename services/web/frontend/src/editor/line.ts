/** A quiet line above the text that says one thing, to eyes and ears, with at most one button. */
import type { Desk } from "./desk";

export class Line {
  private readonly box = document.createElement("div");
  private readonly words = document.createElement("p");

  constructor(desk: Desk, name: string) {
    this.box.className = "note note-wait quiet-line";
    this.box.dataset["line"] = name;
    this.words.setAttribute("role", "status"); // there before its words, so that they are read out
    this.box.hidden = true;
    this.box.append(this.words);
    const writer = desk.form.querySelector("[data-writer]");
    writer?.before(this.box);
  }

  get said(): string {
    return this.box.hidden ? "" : (this.words.firstChild?.textContent ?? "");
  }

  /** Nothing said takes the line away. */
  say(text: string, act?: { label: string; do: () => void }): void {
    if (text !== "" && text === this.said && !act) return;
    this.box.hidden = text === "";
    this.words.replaceChildren(text);
    if (!act) return;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "link-btn";
    button.textContent = act.label;
    button.addEventListener("click", act.do);
    this.words.append(" ", button);
  }
}
