/**
 * Open suggestions on the desk: seen in the text, walked through and decided on with the keyboard or in the panel, which
 * is the server's own and comes anew after each decision. What was accepted comes into the text as a step to undo.
 */
import { EditorSelection, Prec } from "@codemirror/state";
import { EditorView, keymap } from "@codemirror/view";
import { all, one } from "../dom";
import { keepingFocus } from "../keeping_focus";
import { NEWS, type News } from "../telling";
import type { Saved } from "./data";
import type { Desk } from "./desk";
import { inUnits } from "./places";
import { LOST, reason } from "./posting";
import { save } from "./saving";
import { setCurrent, setSuggestions, standing, suggestions, type Standing, type Suggestion } from "./suggestion_marks";

type Act = "accept" | "refuse" | "take_back";

const SAID = { accept: "Accepted.", refuse: "Refused.", take_back: "Taken back." } as const;

export function showsSuggestions(desk: Desk): void {
  if (one("[data-suggestions]")) new Deciding(desk).begin();
}

class Deciding {
  private busy = false; // with a decision
  private hearing = false; // of other people's
  private drawn = "";

  constructor(private readonly desk: Desk) {}

  begin(): void {
    const { desk } = this;
    desk.extend([
      Prec.high(
        keymap.of([
          { key: "Alt-ArrowDown", run: () => this.step(1) },
          { key: "Alt-ArrowUp", run: () => this.step(-1) },
          { key: "Alt-Enter", run: () => this.key("accept") },
          { key: "Alt-Delete", run: () => this.key("refuse") },
        ]),
      ),
      EditorView.domEventHandlers({ mousedown: (event) => this.point(event) }),
    ]);
    document.addEventListener("click", (event) => this.click(event));
    // A reason goes with its refusal, not with every save.
    desk.form.addEventListener("formdata", ({ formData }) => {
      for (const name of [...formData.keys()]) if (name.startsWith("reason-")) formData.delete(name);
    });
    document.addEventListener(NEWS, (event) => void this.hear((event as CustomEvent<News>).detail));
    desk.onRefresh(() => this.mark());
    this.mark(false);
    prepare();
  }

  private get open(): readonly Standing[] {
    return this.desk.view.state.field(suggestions).standing;
  }

  private get current(): number {
    return this.desk.view.state.field(suggestions).current;
  }

  /** Those of the server, in the text and in the panel. */
  private mark(panel = true): void {
    const { desk } = this;
    desk.view.dispatch({ effects: setSuggestions.of(standing(desk.data, desk.text())) });
    const drawn = JSON.stringify(desk.data.suggestions ?? []);
    if (panel && drawn !== this.drawn && !this.busy && !this.hearing) void this.renew(); // those two ask for it themselves
    this.drawn = drawn;
  }

  /** Somebody else suggested something, or took it back. */
  private async hear({ head, suggestions: version }: News): Promise<void> {
    const { data } = this.desk;
    // A newer text comes by itself, or waits for what is typed here to be saved.
    if (this.busy || this.hearing || version === undefined) return;
    if (version === data.suggestions_version || head !== data.head) return;
    this.hearing = true;
    const before = data.suggestions ?? [];
    try {
      await this.desk.fetch();
      await this.renew();
      say(heard(before, this.desk.data.suggestions ?? []));
    } catch {
      // The next news will tell again.
    } finally {
      this.hearing = false;
    }
  }

  private step(by: 1 | -1): boolean {
    const open = [...this.open].sort((a, b) => a.start - b.start || a.end - b.end);
    if (open.length === 0) return false;
    const at = open.findIndex(({ suggestion }) => suggestion.number === this.current);
    const caret = this.desk.view.state.selection.main.head;
    const from = by > 0 ? open.findIndex(({ start }) => start >= caret) : open.findLastIndex(({ end }) => end <= caret);
    const to = at >= 0 ? at + by : from;
    this.show(open[(to + open.length) % open.length], open);
    return true;
  }

  private show(found: Standing | undefined, open: readonly Standing[] = this.open): void {
    if (!found) return;
    const { start, end, suggestion } = found;
    this.desk.view.dispatch({
      selection: EditorSelection.single(start, end),
      effects: [setCurrent.of(suggestion.number), EditorView.scrollIntoView(start, { y: "center" })],
    });
    this.desk.view.focus();
    highlight(suggestion.number);
    say(`${open.indexOf(found) + 1} of ${open.length}. ${inWords(suggestion)}`);
  }

  private key(act: Act): boolean {
    const found = this.desk.data.suggestions?.find(({ number }) => number === this.current);
    const url = found?.[act] ?? found?.take_back;
    if (!found || !url) return false;
    void this.decide(found[act] ? act : "take_back", url, found.number);
    return true;
  }

  /** A click on the words of one chooses it. */
  private point(event: MouseEvent): boolean {
    const at = (event.target as Element).closest<HTMLElement>("[data-at]")?.dataset["at"];
    const number = Number(at ?? 0);
    if (number !== this.current) this.desk.view.dispatch({ effects: setCurrent.of(number) });
    if (number) highlight(number);
    return false;
  }

  private click(event: MouseEvent): void {
    const button = (event.target as Element).closest<HTMLButtonElement>("[data-suggestions] button[formaction]");
    const act = button && actOf(button);
    if (button && act) {
      event.preventDefault();
      const number = Number(button.closest<HTMLElement>("[data-suggestion]")?.dataset["suggestion"] ?? 0);
      void this.decide(act, button.formAction, number);
      return;
    }
    const item = (event.target as Element).closest<HTMLElement>("[data-suggestion]");
    if (!item || (event.target as Element).closest("button, details, textarea, a")) return;
    const number = Number(item.dataset["suggestion"]);
    this.show(this.open.find(({ suggestion }) => suggestion.number === number));
  }

  private async decide(act: Act, url: string, number: number): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    const panel = one("[data-suggestions]");
    panel?.setAttribute("aria-busy", "true");
    try {
      const { desk } = this;
      if (desk.dirty && act === "accept" && !(await save(desk))) return;
      const body = new FormData();
      body.set("csrf_token", (desk.form.elements.namedItem("csrf_token") as HTMLInputElement).value);
      body.set("reason", one<HTMLTextAreaElement>(`#refusal-${number}`)?.value ?? "");
      const answer = await fetch(url, { method: "POST", body, headers: { Accept: "application/json" } });
      if (!answer.ok) return say(await reason(answer));
      const { desk: data } = (await answer.json()) as Saved;
      const next = this.after(number);
      desk.refresh(inUnits(data));
      await this.renew();
      say(`${SAID[act]} ${left(desk.data.suggestions?.length ?? 0)}`);
      this.goOn(next);
    } catch {
      say(LOST);
    } finally {
      this.busy = false;
      one("[data-suggestions]")?.removeAttribute("aria-busy");
    }
  }

  /** Which one comes after this. */
  private after(number: number): number {
    const numbers = (this.desk.data.suggestions ?? []).map((each) => each.number);
    const at = numbers.indexOf(number);
    return numbers[at + 1] ?? numbers[at - 1] ?? 0;
  }

  /** The keyboard stays where it was: in the text at the next one, or in the panel at its first button. */
  private goOn(next: number): void {
    const { view } = this.desk;
    const found = this.open.find(({ suggestion }) => suggestion.number === next);
    if (view.hasFocus && found) {
      const effects = [setCurrent.of(next), EditorView.scrollIntoView(found.start, { y: "center" })];
      view.dispatch({ selection: EditorSelection.single(found.start, found.end), effects });
      highlight(next);
    } else if (!view.hasFocus) {
      const item = one(`[data-suggestion="${next}"]`);
      const stop = one("button", item ?? document.createElement("i")) ?? one("[data-suggestions]");
      stop?.focus({ preventScroll: true });
      stop?.scrollIntoView({ block: "nearest" }); // the panel may stand elsewhere by now, where nothing is open
    }
  }

  /** The panel as the server writes it. */
  private async renew(): Promise<void> {
    const panel = one("[data-suggestions]");
    const url = this.desk.data.urls["suggestions"];
    if (!panel || !url) return;
    const answer = await fetch(url, { headers: { Accept: "text/html" }, cache: "no-store" });
    if (!answer.ok || answer.redirected) return;
    const made = document.createElement("template");
    made.innerHTML = await answer.text();
    const fresh = made.content.querySelector("[data-suggestions]");
    if (!fresh || panel.contains(document.activeElement?.closest("textarea") ?? null)) return;
    keepingFocus(
      () => panel,
      () => {
        panel.className = fresh.className;
        keepSaid(panel, fresh);
        panel.replaceChildren(...fresh.childNodes);
      },
    );
    prepare();
  }
}

function actOf(button: HTMLButtonElement): Act | null {
  if ("accept" in button.dataset || "acceptAll" in button.dataset) return "accept";
  if ("refuse" in button.dataset || "refuseAll" in button.dataset) return "refuse";
  return "takeBack" in button.dataset ? "take_back" : null;
}

/** A screen reader listens to this element, so it stays, with what the server says in it now. */
function keepSaid(panel: Element, fresh: Element): void {
  const [said, news] = [one("[data-suggestions-said]", panel), one("[data-suggestions-said]", fresh)];
  if (!said || !news) return;
  said.hidden = news.hidden;
  if (said.textContent !== news.textContent) said.textContent = news.textContent;
  news.replaceWith(said);
}

/** What needs no script is not needed here: the bar has buttons for it. */
function prepare(): void {
  for (const plain of all("[data-suggest-plain]")) plain.hidden = true;
}

function highlight(number: number): void {
  for (const item of all("[data-suggestion]")) {
    const here = item.dataset["suggestion"] === String(number);
    if (here) item.setAttribute("aria-current", "true");
    else item.removeAttribute("aria-current");
    if (here) item.scrollIntoView({ block: "nearest" });
  }
}

export function inWords({ author, mine, ...change }: Pick<Suggestion, "author" | "mine" | "words" | "replacement">): string {
  const who = mine ? "You suggest" : `${author} suggests`;
  const [words, replacement] = [change.words.trim(), change.replacement.trim()];
  if (!words && !replacement) return `${who} other spaces here.`;
  if (!words) return `${who} “${replacement}” here.`;
  return replacement ? `${who} “${replacement}” instead of “${words}”.` : `${who} to take out “${words}”.`;
}

type Heard = Pick<Suggestion, "number" | "author" | "mine" | "words" | "replacement">;

/** What others did meanwhile: suggested something, or decided on it. */
export function heard(before: readonly Heard[], now: readonly Heard[]): string {
  const known = new Set(before.map(({ number }) => number));
  const [first, ...more] = now.filter(({ number }) => !known.has(number));
  if (first) return more.length > 0 ? `${more.length + 1} new suggestions.` : inWords(first);
  return now.length < before.length ? left(now.length) : "";
}

const left = (count: number): string =>
  count === 0 ? "None is left." : count === 1 ? "One is left." : `${count} are left.`;

function say(words: string): void {
  const said = one("[data-suggestions-said]");
  if (!said) return;
  said.hidden = words === "";
  said.textContent = words;
}
