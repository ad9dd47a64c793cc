/**
 * Where to look first: words that the model doubted are shaded, claims that the brief does not support are underlined.
 * F8 leads from one to the next; what is said of a place stands beside it and in the card, and is read out.
 */
import { Prec } from "@codemirror/state";
import { EditorView, keymap, showTooltip, type Tooltip } from "@codemirror/view";
import { one, whenIdle } from "../dom";
import type { Desk } from "./desk";
import { around, described, grouped, listed, nextStop, places, SAYS, setFound, stops, type Found, type Place } from "./looking_places";
import { inUnits } from "./places";
import { post } from "./posting";

const PATIENCE = 1200; // ms after the last key, before the text is looked through again
const PAUSE = 250; // ms, before the card follows what is typed: a list laid out anew at every key is felt
const MOST_LISTED = 60;
const LOST = "The desk did not answer. The marks come back with the next try.";

export function looking(desk: Desk): void {
  const card = one("[data-looking]");
  if (card && desk.data.urls["looking"]) new Looking(desk, card);
}

class Looking {
  private on = false;
  private asked = 0;
  private wanted: 1 | -1 | 0 = 0; // a step that was asked for before the places were known
  private timer = 0;
  private showing = 0;
  private shown = "";

  constructor(
    private readonly desk: Desk,
    private readonly card: HTMLElement,
  ) {
    const { view } = desk;
    const keys = keymap.of([
      { key: "F8", run: () => this.go(1), preventDefault: true },
      { key: "Shift-F8", run: () => this.go(-1), preventDefault: true },
    ]);
    const tooltip = showTooltip.compute([places, "selection"], (state) => {
      const { from, to } = state.selection.main;
      return besides(around(state.field(places), from, to), { from, to });
    });
    const follow = EditorView.updateListener.of((update) => {
      if (update.docChanged && this.on) this.later();
      if (update.state.field(places) === update.startState.field(places, false)) return;
      if (update.docChanged) this.showing ||= window.setTimeout(() => whenIdle(() => this.show()), PAUSE);
      else this.show();
    });
    desk.extend([places, tooltip, follow, Prec.high(keys)]);
    for (const plain of document.querySelectorAll<HTMLElement>("[data-looking-plain]")) plain.hidden = true;
    const mode = desk.bar.addMode({ name: "looking", label: "Where to look first", on: false, set: (on) => this.set(on) });
    this.mode = mode;
    desk.onRefresh(() => this.on && void this.ask());
    for (const button of card.querySelectorAll<HTMLElement>("[data-looking-step]")) {
      button.addEventListener("click", () => this.go(button.dataset["lookingStep"] === "1" ? 1 : -1));
    }
    card.addEventListener("click", (event) => {
      const button = (event.target as Element).closest<HTMLElement>("[data-at]");
      if (button) this.select(this.stops()[Number(button.dataset["at"])] ?? null);
    });
    view.requestMeasure();
  }

  private readonly mode: HTMLButtonElement;

  private set(on: boolean): void {
    this.on = on;
    this.card.hidden = !on;
    this.desk.form.classList.toggle("is-looking", on);
    window.clearTimeout(this.timer);
    if (!on) this.wanted = 0;
    if (on) void this.ask();
    else if (this.desk.view.state.field(places).size > 0) this.desk.view.dispatch({ effects: setFound.of(null) });
  }

  private later(): void {
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.ask(), PATIENCE);
  }

  /** The text as it stands is looked through; an answer about an older one is left aside. */
  private async ask(): Promise<void> {
    const asked = ++this.asked;
    const { doc } = this.desk.view.state;
    const text = doc.toString();
    const url = this.desk.data.urls["looking"] ?? "";
    this.card.setAttribute("aria-busy", "true");
    try {
      const answer = text === this.desk.data.text ? await fetch(url, { headers: { Accept: "application/json" } }) : await post(this.desk, url, { text });
      if (!answer.ok) throw new Error(String(answer.status));
      const found = inUnits({ ...((await answer.json()) as Found), text });
      if (asked !== this.asked || !this.on) return;
      if (!this.desk.view.state.doc.eq(doc)) return this.later();
      this.desk.view.dispatch({ effects: setFound.of(found) });
      this.show();
      if (this.wanted) this.go(this.wanted);
    } catch {
      if (asked === this.asked) this.say(LOST);
    } finally {
      if (asked === this.asked) this.card.removeAttribute("aria-busy");
    }
  }

  private stops(): Place[] {
    return stops(listed(this.desk.view.state.field(places)));
  }

  private go(step: 1 | -1): boolean {
    this.wanted = this.on ? 0 : step;
    if (!this.on) {
      this.mode.click(); // the step is taken as soon as the places have come
      return true;
    }
    const { from, to } = this.desk.view.state.selection.main;
    this.select(nextStop(this.stops(), from, to, step));
    return true;
  }

  private select(place: Place | null): void {
    if (!place) return;
    const { view } = this.desk;
    view.dispatch({
      selection: { anchor: place.start, head: place.end },
      effects: EditorView.scrollIntoView(place.start, { y: "center" }),
    });
    view.focus();
    const all = this.stops();
    const number = all.findIndex(({ start, end }) => start === place.start && end === place.end) + 1;
    this.say(`${number} of ${all.length}: “${this.words(place)}”, ${described(place)}.`);
  }

  private words({ start, end }: Place): string {
    return this.desk.view.state.sliceDoc(start, end);
  }

  private say(words: string): void {
    const said = one("[data-looking-said]", this.card);
    if (said) said.textContent = words;
  }

  private show(): void {
    window.clearTimeout(this.showing);
    this.showing = 0;
    if (!this.on) return;
    const all = listed(this.desk.view.state.field(places));
    const way = stops(all);
    const claims = grouped(all, (place) => this.words(place));
    const list = one("[data-looking-list]", this.card);
    const lines = claims.slice(0, MOST_LISTED).map(({ place, words, times }) => ({ words, place, times, at: way.indexOf(place) }));
    const now = JSON.stringify(lines.map(({ words, place, times, at }) => [words, place.kind, times, at]));
    if (list && now !== this.shown && !list.contains(document.activeElement)) {
      this.shown = now;
      list.replaceChildren(...lines.map(({ words, place, times, at }) => item(words, place, times, at)));
    }
    for (const count of this.card.querySelectorAll<HTMLElement>("[data-looking-count]")) {
      const level = Number(count.dataset["lookingCount"]);
      const number = String(all.filter((place) => place.level === level).length);
      if (count.textContent !== number) count.textContent = number;
    }
    const none = one("[data-looking-none]", this.card);
    if (none) none.hidden = claims.length > 0;
    if (!one("[data-looking-said]", this.card)?.textContent) this.say(summary(way.length));
  }
}

const summary = (count: number): string =>
  count === 0 ? "There is no place that needs a look." : `${count} place${count === 1 ? "" : "s"} to look at. F8 leads to the next.`;

function item(words: string, place: Place, times: number, at: number): HTMLLIElement {
  const made = document.createElement("li");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "link-btn";
  button.dataset["at"] = String(at);
  button.textContent = words;
  const small = document.createElement("span");
  small.className = "small";
  small.textContent = (place.kind ? SAYS[place.kind].replace(/^a /, "") : "") + (times > 1 ? `, ${times} times` : "");
  made.append(button, " ", small);
  return made;
}

/** What is said of the place that the cursor is in. */
function besides(all: readonly Place[], { from, to }: { from: number; to: number }): Tooltip | null {
  const here = all.filter(({ start, end }) => start <= from && to <= end && (from < to || (start < from && from < end)));
  if (here.length === 0) return null;
  const start = Math.min(...here.map((place) => place.start));
  const words = here.map(described).join("; ");
  return {
    pos: start,
    above: true,
    create: () => {
      const dom = document.createElement("div");
      dom.className = "looking-tip";
      dom.textContent = words.charAt(0).toUpperCase() + words.slice(1) + ".";
      return { dom };
    },
  };
}
