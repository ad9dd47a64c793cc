/** Find and replace, in the house's own panel: it opens under the bars and says how many there are. */
import {
  closeSearchPanel,
  findNext,
  findPrevious,
  getSearchQuery,
  openSearchPanel,
  replaceAll,
  replaceNext,
  search,
  SearchQuery,
  searchKeymap,
  setSearchQuery,
} from "@codemirror/search";
import { EditorState, type Extension } from "@codemirror/state";
import { EditorView, keymap, panels, runScopeHandlers, type Panel, type ViewUpdate } from "@codemirror/view";
import { one } from "../dom";
import type { Desk } from "./desk";

const MOST = 1000; // places counted; more than that is “over 1,000”

const PHRASES = EditorState.phrases.of({
  "replaced match on line $": "Replaced in paragraph $",
  "replaced $ matches": "Replaced in $ places",
  "current match": "Found",
  "on line": "in paragraph",
});

/** Where the query is found: how many places, and which of them is selected (from 1; 0 for none). */
export function tally(state: EditorState, query: SearchQuery): { at: number; count: number } {
  let [at, count] = [0, 0];
  if (!query.search || !query.valid) return { at, count };
  const { from, to } = state.selection.main;
  const cursor = query.getCursor(state) as Iterator<{ from: number; to: number }>;
  for (let step = cursor.next(); !step.done && count < MOST; step = cursor.next()) {
    count++;
    if (step.value.from === from && step.value.to === to) at = count;
  }
  return { at, count };
}

export function inWords({ at, count }: { at: number; count: number }, asked: boolean): string {
  if (!asked) return "";
  if (count === 0) return "Not found";
  const many = count >= MOST ? `over ${MOST.toLocaleString("en")}` : String(count);
  return at ? `${at} of ${many}` : `${many} ${count === 1 ? "place" : "places"}`;
}

class FindPanel implements Panel {
  readonly dom = document.createElement("form");
  readonly top = true;
  private readonly find: HTMLInputElement;
  private readonly replace: HTMLInputElement;
  private readonly cases: HTMLInputElement;
  private readonly whole: HTMLInputElement;
  private readonly count = document.createElement("span");

  constructor(private readonly view: EditorView) {
    this.dom.className = "find";
    this.dom.setAttribute("role", "search");
    this.dom.setAttribute("aria-label", "Find and replace");
    this.find = this.field("Find", "find");
    this.find.setAttribute("main-field", "true");
    this.count.className = "find-count num";
    this.count.setAttribute("role", "status");
    this.dom.append(this.count);
    this.button("Previous", () => findPrevious(view));
    this.button("Next", () => findNext(view));
    this.replace = this.field("Replace with", "replace");
    this.button("Replace", () => replaceNext(view));
    this.button("Replace all", () => replaceAll(view));
    const checks = document.createElement("div");
    checks.className = "find-checks";
    this.cases = check(checks, "Match capitals");
    this.whole = check(checks, "Whole words");
    this.dom.append(checks);
    this.button("Close", () => closeSearchPanel(view), "find-close");
    this.dom.addEventListener("input", () => this.ask());
    this.dom.addEventListener("keydown", (event) => this.key(event));
    this.dom.addEventListener("submit", (event) => event.preventDefault());
    this.show(getSearchQuery(view.state));
  }

  mount(): void {
    this.find.select();
  }

  update(update: ViewUpdate): void {
    for (const effect of update.transactions.flatMap((one) => one.effects)) {
      if (effect.is(setSearchQuery) && !effect.value.eq(this.query())) this.show(effect.value);
    }
    if (update.docChanged || update.selectionSet || update.transactions.some((one) => one.effects.length > 0)) this.tell();
  }

  private query(): SearchQuery {
    return new SearchQuery({
      search: this.find.value,
      replace: this.replace.value,
      caseSensitive: this.cases.checked,
      wholeWord: this.whole.checked,
      literal: true,
    });
  }

  private show(query: SearchQuery): void {
    [this.find.value, this.replace.value] = [query.search, query.replace];
    [this.cases.checked, this.whole.checked] = [query.caseSensitive, query.wholeWord];
    this.tell();
  }

  private ask(): void {
    this.view.dispatch({ effects: setSearchQuery.of(this.query()) });
  }

  private tell(): void {
    const query = this.query();
    const said = inWords(tally(this.view.state, query), query.search !== "");
    if (this.count.textContent !== said) this.count.textContent = said;
  }

  private key(event: KeyboardEvent): void {
    if (event.key === "Enter" && event.target instanceof HTMLInputElement && event.target.type === "text") {
      event.preventDefault();
      if (event.target === this.replace) replaceNext(this.view);
      else if (event.shiftKey) findPrevious(this.view);
      else findNext(this.view);
    } else if (runScopeHandlers(this.view, event, "search-panel")) event.preventDefault();
  }

  private field(name: string, key: string): HTMLInputElement {
    const label = document.createElement("label");
    const input = document.createElement("input");
    input.type = "text";
    input.className = "input";
    input.name = key;
    input.autocomplete = "off";
    input.spellcheck = false;
    label.append(name, input);
    this.dom.append(label);
    return input;
  }

  private button(name: string, press: () => void, extra = ""): void {
    const made = document.createElement("button");
    made.type = "button";
    made.className = `btn btn-small ${extra}`.trim();
    made.textContent = name;
    made.addEventListener("click", press);
    this.dom.append(made);
  }
}

function check(to: HTMLElement, name: string): HTMLInputElement {
  const label = document.createElement("label");
  const input = document.createElement("input");
  input.type = "checkbox";
  label.className = "find-check";
  label.append(input, name);
  to.append(label);
  return input;
}

export const extension = (form: HTMLFormElement): Extension => [
  search({ top: true, literal: true, createPanel: (view) => new FindPanel(view) }),
  panels({ topContainer: one("[data-find]", form) ?? form }),
  keymap.of(searchKeymap),
  PHRASES,
];

export function findButton(desk: Desk): void {
  const icon = "M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13ZM15.5 15.5 20 20";
  desk.page.add({ name: "find", label: "Find and replace", icon, keys: "Ctrl F", press: () => void openSearchPanel(desk.view) });
}
