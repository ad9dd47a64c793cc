/**
 * Undo goes on after a reload: the history is kept in this browser, for this person and this document, together with
 * the text that it belongs to. A text that changed on the server meanwhile is one more step that undo can take back.
 */
import { history, historyField, isolateHistory } from "@codemirror/commands";
import { Compartment, EditorState, Transaction, type Extension } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { changesTo } from "./changes";
import type { Desk } from "./desk";
import { bounded as newest, gone, setGone, type Piece } from "./moves";
import { marked, setSpans, tint, type Place } from "./tint";

const PREFIX = "copydesk:undo:"; // what begins with "copydesk:" is forgotten when somebody logs out
const MOST = 400_000; // characters of one kept history; older steps go first
const MOST_GONE = 60_000; // and of what was taken out
const DOCUMENTS = 6;
const PAUSE = 1200;

interface Steps {
  done: unknown[];
  undone: unknown[];
}

export interface Kept {
  text: string;
  head: number; // the version that the text was, or was written on
  saved: boolean; // whether it was that version
  steps: Steps;
  at: number;
  marks?: Place[]; // who wrote what, while the text is not saved: a picture, which the next save makes true
  gone?: Piece[]; // what was taken out, and whose it was
}

const undoing = new Compartment();

export const extension: Extension = undoing.of(history());

/** The newest steps that find room; never half a step. */
export function bounded(steps: Steps, room: number): Steps {
  const kept: Steps = { done: [], undone: [] };
  for (const name of ["done", "undone"] as const) {
    for (let at = steps[name].length - 1; at >= 0; at--) {
      room -= JSON.stringify(steps[name][at]).length + 1;
      if (room < 0) break;
      kept[name].unshift(steps[name][at]);
    }
  }
  return kept;
}

/** Puts kept steps under the text that stands in the editor now; false when they don't belong to it. */
export function install(view: EditorView, steps: Steps): boolean {
  try {
    const doc = view.state.doc.toString();
    const json = { doc, selection: { ranges: [{ anchor: 0, head: 0 }], main: 0 }, history: steps };
    const told = EditorState.fromJSON(json, { extensions: history() }, { history: historyField });
    const value = told.field(historyField);
    view.dispatch({ effects: undoing.reconfigure([]) });
    view.dispatch({ effects: undoing.reconfigure([historyField.init(() => value), history()]) });
    return true;
  } catch {
    view.dispatch({ effects: undoing.reconfigure(history()) });
    return false;
  }
}

/** The tint that unsaved words had when the page was left. */
export function recolour(view: EditorView, { marks, gone: pieces }: Partial<Kept>): void {
  if (marks) view.dispatch({ effects: setSpans.of(marks) });
  if (pieces) view.dispatch({ effects: setGone.of(pieces) });
}

export function keepHistory(desk: Desk): void {
  const key = `${PREFIX}${desk.data.person.id}-${desk.data.document}`;
  recall(desk, read(key));
  let timer = 0;
  const write = (): void => {
    window.clearTimeout(timer);
    timer = 0;
    store(key, {
      text: desk.text(),
      head: desk.data.head,
      saved: !desk.dirty,
      steps: bounded(stepsOf(desk.view.state), MOST),
      at: Date.now(),
      ...(desk.dirty ? { marks: marked(desk.view.state.field(tint), 0, desk.view.state.doc.length) } : {}),
      gone: newest(desk.view.state.field(gone, false) ?? [], MOST_GONE),
    });
  };
  desk.extend(
    EditorView.updateListener.of((update) => {
      if (!update.docChanged) return;
      window.clearTimeout(timer);
      timer = window.setTimeout(write, PAUSE);
    }),
  );
  desk.onRefresh(write);
  window.addEventListener("pagehide", () => {
    if (timer) write();
  });
}

/** What may be undone in the text that the page opened with. */
function recall(desk: Desk, kept: Kept | null): void {
  if (!kept) return;
  const text = desk.text();
  if (kept.text === text) {
    install(desk.view, kept.steps);
    if (kept.gone) recolour(desk.view, { gone: kept.gone }); // the server's own marks are there
  } else if (kept.head === desk.data.head && !kept.saved) {
    desk.awaits = kept; // unsaved words: whoever brings them back brings their history back
  } else {
    // The text was changed elsewhere: by a redraft, a candidate, another window. That is the newest step.
    desk.quietly(kept.text);
    if (install(desk.view, kept.steps)) desk.replace(text, "desk.refresh");
    else desk.quietly(text);
    desk.rest();
  }
}

const stepsOf = (state: EditorState): Steps => (state.toJSON({ history: historyField }) as { history: Steps }).history;

function read(key: string): Kept | null {
  try {
    const kept = JSON.parse(localStorage.getItem(key) ?? "null") as Kept | null;
    return kept && typeof kept.text === "string" && Array.isArray(kept.steps.done) ? kept : null;
  } catch {
    return null;
  }
}

function store(key: string, kept: Kept): void {
  try {
    const others = Object.keys(localStorage)
      .filter((other) => other.startsWith(PREFIX) && other !== key)
      .sort((a, b) => (read(a)?.at ?? 0) - (read(b)?.at ?? 0));
    while (others.length >= DOCUMENTS) localStorage.removeItem(others.shift() as string);
    put(key, JSON.stringify(kept), others);
  } catch {
    // A browser that keeps nothing: undo ends with the page.
  }
}

/** Where there is no room, the oldest histories go first; without any, this one is not kept either. */
function put(key: string, value: string, others: string[]): void {
  for (;;) {
    try {
      return localStorage.setItem(key, value);
    } catch {
      const oldest = others.shift();
      localStorage.removeItem(oldest ?? key);
      if (oldest === undefined) return;
    }
  }
}

/** Another text without a step of its own. */
export const quiet = (view: EditorView, text: string): void =>
  view.dispatch({
    changes: changesTo(view.state.doc.toString(), text),
    annotations: [Transaction.addToHistory.of(false), isolateHistory.of("full")],
  });
