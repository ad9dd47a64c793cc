/**
 * How a draft is to be written. Without script everything is shown and the server sorts it out; here a typed value moves
 * the slider to “Custom”, fields that have no part in the strategy step aside, and the waiting time is kept up to date.
 */
import { all, one } from "./dom";

type Field = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;
export type Presets = Record<string, Record<string, string>>;

/** Tokens a second of one text: written alone, beside others, by beam search; null where nothing was measured yet. */
export interface Rates {
  tokens_per_word: number;
  alone: number | null;
  beside: number | null;
  beam: number | null;
}

/** What the slider moves. */
const MOVED = ["temperature", "top_k", "top_p"];

/** Has a field with these strategies (none named: all) a part in `strategy`? */
export const matters = (named: string, strategy: string): boolean => named === "" || named.split(" ").includes(strategy);

/** Seconds until `n` texts of `words` words are there; null when this desk has not measured it. */
export function seconds(words: number, n: number, strategy: string, rates: Rates): number | null {
  const rate = strategy === "beam" ? rates.beam : n > 1 ? (rates.beside ?? rates.alone) : rates.alone;
  return rate ? (words * rates.tokens_per_word) / rate : null;
}

/** “about 3 seconds”, as a person would say it; the server says it in the same words. */
export function inWords(duration: number | null): string {
  if (duration === null) return "a time not measured on this desk yet";
  if (duration < 1.5) return "about a second";
  if (duration < 50) return `about ${duration < 10 ? Math.round(duration) : 5 * Math.round(duration / 5)} seconds`;
  const minutes = Math.round(duration / 60);
  return minutes <= 1 ? "about a minute" : `about ${minutes} minutes`;
}

export function setOptions(): void {
  const root = one("[data-options]");
  if (root) new Options(root);
}

class Options {
  private readonly presets: Presets;
  private readonly rates: Rates;
  private readonly expert: Field[];
  private readonly number: HTMLInputElement | null;
  private readonly kept = new Map<Field, string>(); // what was typed before a preset was chosen
  private before: string;

  constructor(private readonly root: HTMLElement) {
    this.presets = JSON.parse(root.dataset["presets"] ?? "{}") as Presets;
    this.rates = JSON.parse(root.dataset["rates"] ?? "{}") as Rates;
    this.expert = all<Field>("[data-expert]", root);
    this.number = one<HTMLInputElement>("[data-words]", root);
    this.before = this.preset === "custom" ? "balanced" : this.preset;
    root.addEventListener("change", (event) => this.changed(event.target as Field));
    root.addEventListener("input", (event) => this.typed(event.target as Field));
    this.show();
  }

  private get preset(): string {
    return this.checked("preset")?.value ?? "balanced";
  }

  private get strategy(): string {
    const chosen = this.expert.find((field) => field.name === "strategy")?.value;
    return chosen || this.presets[this.base]?.["strategy"] || "top-p";
  }

  /** The preset whose values stand where nothing was typed. */
  private get base(): string {
    return this.preset === "custom" ? "balanced" : this.preset;
  }

  private get words(): number {
    const typed = Number(this.number?.value);
    return typed || Number(this.checked("length")?.dataset["amount"]) || 0;
  }

  private changed(field: Field): void {
    if (field.name === "preset") this.slide();
    if (field.name === "length" && this.number) {
      if (field.value === "number") this.number.focus();
      else this.number.value = "";
    }
    if (this.expert.includes(field)) this.typed(field);
    this.show();
  }

  private typed(field: Field): void {
    if (field === this.number && field.value) this.choose("length", "number");
    if (this.expert.includes(field)) this.shape(field);
    this.show();
  }

  /** A value of one's own: “Custom” begins where the slider stood. */
  private shape(field: Field): void {
    if (!this.expert.some(filled)) return this.choose("preset", this.before);
    if (this.preset !== "custom" && this.preset !== "balanced") {
      const stood = this.presets[this.preset] ?? {};
      for (const other of this.expert) {
        if (other !== field && MOVED.includes(other.name)) fill(other, stood[other.name] ?? "");
      }
    }
    this.choose("preset", "custom");
  }

  /** A preset puts typed values aside; “Custom” brings them back. */
  private slide(): void {
    if (this.preset === "custom") {
      for (const [field, value] of this.kept) fill(field, value);
      const disclosure = one<HTMLDetailsElement>("details", this.root);
      if (disclosure) disclosure.open = true;
      return;
    }
    this.before = this.preset;
    if (!this.expert.some(filled)) return;
    for (const field of this.expert) {
      this.kept.set(field, read(field));
      fill(field, "");
    }
  }

  private show(): void {
    const { strategy } = this;
    for (const box of all("[data-for]", this.root)) box.hidden = !matters(box.dataset["for"] ?? "", strategy);
    const values = this.presets[this.base] ?? {};
    for (const field of this.expert) {
      const value = values[field.name];
      if (value !== undefined && "placeholder" in field) field.placeholder = value;
    }
    this.estimate(strategy);
  }

  private estimate(strategy: string): void {
    const say = one("[data-estimate]", this.root);
    if (!say) return;
    const n = Number(this.checked("n")?.value ?? 1);
    const words = inWords(seconds(this.words, n, strategy, this.rates));
    if (say.textContent !== words) say.textContent = words;
    const whole = one("[data-whole]", this.root);
    if (whole) whole.hidden = strategy !== "beam";
  }

  private checked(name: string): HTMLInputElement | null {
    return one<HTMLInputElement>(`input[name="${name}"]:checked`, this.root);
  }

  private choose(name: string, value: string): void {
    const radio = one<HTMLInputElement>(`input[name="${name}"][value="${value}"]`, this.root);
    if (radio) radio.checked = true;
  }
}

const ticked = (field: Field): field is HTMLInputElement => field instanceof HTMLInputElement && field.type === "checkbox";
const read = (field: Field): string => (ticked(field) ? (field.checked ? "y" : "") : field.value);
const filled = (field: Field): boolean => read(field).trim() !== "";

function fill(field: Field, value: string): void {
  if (ticked(field)) field.checked = value !== "";
  else field.value = value;
}
