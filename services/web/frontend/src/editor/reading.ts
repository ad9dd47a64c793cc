/**
 * “Before you deliver”: reviews are sent without leaving the page, the card stays true after a save, and a paragraph can
 * be shown in the text.
 */
import { EditorSelection } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { all, one } from "../dom";
import type { Desk } from "./desk";
import { keepingFocus } from "../keeping_focus";
import { LOST, reason } from "./posting";
import { pairs, toUnits } from "./places";

interface Answer {
  said: string;
  card: string;
}

const card = (): HTMLElement | null => one("[data-before-delivery]");

export function reading(desk: Desk): void {
  if (!card()) return;
  prepare();
  document.addEventListener("submit", (event) => {
    const form = event.target as HTMLFormElement;
    if (!form.matches("[data-before-delivery] form[data-review]")) return;
    event.preventDefault();
    void send(desk, form, (event as SubmitEvent).submitter);
  });
  document.addEventListener("click", (event) => {
    const button = (event.target as Element).closest<HTMLElement>("[data-paragraph-start]");
    if (button) show(desk, Number(button.dataset["paragraphStart"]), Number(button.dataset["paragraphEnd"]));
  });
  desk.onRefresh(() => void renew(desk));
}

async function send(desk: Desk, form: HTMLFormElement, button: HTMLElement | null): Promise<void> {
  try {
    const answer = await fetch(form.action, {
      method: "POST",
      body: new FormData(form, button),
      headers: { Accept: "application/json" },
    });
    if (!answer.ok) return complain(form, await reason(answer));
    const { said, card: html } = (await answer.json()) as Answer;
    put(html);
    card()?.focus();
    desk.say(said);
  } catch {
    complain(form, LOST);
  }
}

/** After a save the card speaks of the text that was saved. */
async function renew(desk: Desk): Promise<void> {
  const url = desk.data.urls["before"];
  if (!url || typedIn()) return;
  try {
    const answer = await fetch(url, { headers: { Accept: "text/html" } });
    const html = answer.ok ? await answer.text() : "";
    if (html && !typedIn()) keepingFocus(card, () => put(html)); // somebody may have come into it meanwhile
  } catch {
    // It is only a reminder; the server checks again at delivery.
  }
}

/** Nobody's typing is taken away. */
const typedIn = (): boolean =>
  all<HTMLInputElement | HTMLTextAreaElement>("input:not([type=hidden]), textarea", card() ?? document.createElement("i")).some(
    (field) => field === document.activeElement || field.value !== field.defaultValue,
  );

function put(html: string): void {
  const made = document.createElement("template");
  made.innerHTML = html;
  card()?.replaceWith(made.content);
  prepare();
}

function prepare(): void {
  for (const button of all("[data-before-delivery] [data-paragraph-start]")) button.hidden = false;
}

function complain(form: HTMLFormElement, words: string): void {
  let note = one(".error", form);
  if (!note) {
    note = document.createElement("p");
    note.className = "error";
    note.setAttribute("role", "alert");
    one("label", form)?.after(note);
  }
  note.textContent = words;
}

/** Marks a paragraph of the saved text, as far as it still stands there. */
function show(desk: Desk, start: number, end: number): void {
  const saved = pairs(desk.data.text);
  const words = desk.data.text.slice(toUnits(saved, start), toUnits(saved, end));
  const at = desk.text().indexOf(words);
  if (at < 0) return desk.say("This paragraph has changed since it was saved.");
  desk.view.dispatch({
    selection: EditorSelection.single(at, at + words.length),
    effects: EditorView.scrollIntoView(at, { y: "center" }),
  });
  desk.view.focus();
}
