/**
 * Whose the text is in percent, while somebody writes: the bar under the sheet and the card of facts follow the live
 * tint. What is not saved yet is said so, because the server looks more closely. Counted in a pause, never at a key.
 */
import { RangeSet } from "@codemirror/state";
import { EditorView, type DecorationSet } from "@codemirror/view";
import { all, one, whenIdle } from "../dom";
import type { Desk } from "./desk";
import { pairs } from "./places";
import { tint } from "./tint";

const PAUSE = 250;

export interface Shares {
  machine: number;
  human: number;
  brief: number;
}

const NAMES = ["machine", "human", "brief"] as const;

/** Whole percent that sum to 100, as the server rounds them; all zero for no text. */
export function percent(lengths: Shares): Shares {
  const total = lengths.machine + lengths.human + lengths.brief;
  if (total === 0) return lengths;
  const shares = { ...lengths };
  for (const name of NAMES) shares[name] = Math.floor((100 * lengths[name]) / total);
  const missing = 100 - NAMES.reduce((sum, name) => sum + shares[name], 0);
  const rest = (name: keyof Shares): number => (100 * lengths[name]) % total;
  for (const name of [...NAMES].sort((a, b) => rest(b) - rest(a)).slice(0, missing)) shares[name] += 1;
  return shares;
}

/** How many characters are whose, as the server counts them: a pair of units is one. */
export function lengths(text: string, marks: DecorationSet): Shares {
  const found: Shares = { machine: 0, human: 0, brief: 0 };
  const doubled = pairs(text).length > 0;
  const size = (from: number, to: number): number => to - from - (doubled ? pairs(text.slice(from, to)).length : 0);
  for (const at = RangeSet.iter([marks]); at.value; at.next()) {
    const origin = at.value.spec.origin as string;
    if (origin === "machine" || origin === "brief") found[origin] += size(at.from, at.to);
  }
  return { ...found, human: size(0, text.length) - found.machine - found.brief };
}

export function showShares(desk: Desk): void {
  let timer = 0;
  const show = (): void => {
    timer = 0;
    draw(percent(lengths(desk.text(), desk.view.state.field(tint))), !desk.view.state.doc.eq(desk.saved));
  };
  const soon = (): void => {
    timer ||= window.setTimeout(() => whenIdle(show), PAUSE);
  };
  desk.extend(
    EditorView.updateListener.of(({ docChanged, startState, state }) => {
      if (docChanged || startState.field(tint) !== state.field(tint)) soon();
    }),
  );
  soon(); // unsaved words may be back
}

/** Writes what differs: the page may have been renewed meanwhile. */
function draw(shares: Shares, unsaved: boolean): void {
  const bar = one("[data-part=hands] .share-bar");
  const said = `${shares.machine} % machine, ${shares.human} % people, ${shares.brief} % brief${unsaved ? ", not saved yet" : ""}`;
  if (bar && bar.getAttribute("aria-label") !== said) {
    bar.setAttribute("aria-label", said);
    place(bar, "machine", 0, shares.machine);
    place(bar, "human", shares.machine, shares.human);
    place(bar, "brief", shares.machine + shares.human, shares.brief);
  }
  for (const name of NAMES) {
    for (const number of all(`[data-part=hands] [data-share="${name}"], [data-part=facts] [data-share="${name}"]`)) write(number, `${shares[name]} %`);
  }
}

function write(element: HTMLElement, words: string): void {
  if (element.textContent.trim() !== words) element.textContent = words;
}

function place(bar: Element, name: keyof Shares, x: number, width: number): void {
  const part = bar.querySelector(`.fill-${name}`);
  part?.setAttribute("x", String(x));
  part?.setAttribute("width", String(width));
}
