/**
 * The conversation beside a text: the panel is the server's own and stays true while the page is open; words that are
 * selected become the words that a comment is about. Without script it is a list and forms.
 */
import { offerNames } from "./calling";
import { all, one } from "./dom";
import { keepingFocus } from "./keeping_focus";
import { NEWS, type News } from "./telling";

/** The panel is another one now. */
export const TALK = "copydesk:talk";
const LOST = "The desk did not answer. Your words are still here; please try again.";

/** The words that a comment is about: characters `start` to `end` of version `base`, as the server counts them. */
export interface About {
  words: string;
  base: number;
  start: number;
  end: number;
}

export const panel = (): HTMLElement | null => one("[data-comments]");

const form = (): HTMLFormElement | null => one<HTMLFormElement>("[data-comment-new] form");

/** May this person say something here? */
export const talks = (): boolean => form() !== null;

let renewing = false;

export function talk(): void {
  const here = panel();
  if (!here) return;
  offerNames(here);
  selecting();
  document.addEventListener(NEWS, (event) => {
    const { comments } = (event as CustomEvent<News>).detail;
    if (comments !== undefined && comments !== here.dataset["version"]) void renew(true);
  });
  document.addEventListener("click", (event) => {
    const mark = (event.target as Element).closest<HTMLElement>("article mark[data-thread]");
    if (mark) point(mark.dataset["thread"] ?? "");
  });
  one<HTMLFormElement>("form[data-desk]")?.addEventListener("copydesk:open", stay);
}

/** Whoever writes stays on the page: what they say is sent from here. */
function stay(): void {
  document.addEventListener(
    "submit",
    (event) => {
      const sent = event.target as HTMLFormElement;
      if (!sent.matches("[data-comments] form[data-comment-form]")) return;
      event.preventDefault(); // before the others hear of it: the page stays
      void send(sent);
    },
    { capture: true },
  );
}

/** The key for it: Ctrl Alt M. */
export const asks = (event: KeyboardEvent): boolean =>
  event.code === "KeyM" && (event.ctrlKey || event.metaKey) && event.altKey && !event.shiftKey;

/** Begins a comment on these words, or on all of the text. */
export function begin(about: About | null): void {
  const fields = form();
  if (!fields) return;
  const details = fields.closest("details");
  if (details) details.open = true;
  set(fields, "about", about?.words ?? "");
  for (const name of ["base", "start", "end"] as const) set(fields, name, about ? String(about[name]) : "");
  const words = field(fields, "comment");
  words.focus({ preventScroll: true });
  details?.scrollIntoView({ block: "nearest" });
}

/** One thread is looked at. */
export function point(thread: string): void {
  for (const item of all("[data-comments] [data-thread]")) {
    const here = item.dataset["thread"] === thread;
    if (here) item.setAttribute("aria-current", "true");
    else item.removeAttribute("aria-current");
    if (here) item.scrollIntoView({ block: "nearest" });
  }
}

type Field = HTMLInputElement | HTMLTextAreaElement;

const field = (fields: HTMLFormElement, name: string): Field => fields.elements.namedItem(name) as Field;

function set(fields: HTMLFormElement, name: string, value: string): void {
  field(fields, name).value = value;
}

interface Answer {
  said: string;
  thread: number | null;
  panel: string;
}

async function send(sent: HTMLFormElement): Promise<void> {
  const here = panel();
  if (!here || here.getAttribute("aria-busy") === "true") return;
  here.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(sent.action, { method: "POST", body: new FormData(sent), headers: { Accept: "application/json" } });
    if (!answer.ok) return complain(sent, await why(answer));
    const { said, thread, panel: html } = (await answer.json()) as Answer;
    empty(sent);
    put(html);
    say(said);
    (one(`#thread-${thread ?? 0}`) ?? here).focus();
  } catch {
    complain(sent, LOST);
  } finally {
    here.removeAttribute("aria-busy");
  }
}

/** A form whose words have arrived is closed, and empty for the next. */
function empty(sent: HTMLFormElement): void {
  sent.reset();
  one(".error", sent)?.remove();
  if (sent === form()) for (const name of ["base", "start", "end"]) set(sent, name, "");
  const details = sent.closest("details");
  if (details) details.open = false;
}

async function why(answer: Response): Promise<string> {
  try {
    return ((await answer.json()) as { error?: string }).error ?? LOST;
  } catch {
    return LOST;
  }
}

function complain(sent: HTMLFormElement, words: string): void {
  let note = one(".error", sent);
  if (!note) {
    note = document.createElement("p");
    note.className = "error";
    note.setAttribute("role", "alert");
    sent.prepend(note);
  }
  note.textContent = words;
}

/** The panel as it stands on the server; `news`: what others said meanwhile is read out. */
export async function renew(news = false): Promise<void> {
  const here = panel();
  if (!here || renewing) return;
  renewing = true;
  try {
    const before = said();
    const answer = await fetch(here.dataset["comments"] ?? "", { headers: { Accept: "text/html" }, cache: "no-store" });
    if (!answer.ok || answer.redirected) return;
    const html = await answer.text();
    keepingFocus(panel, () => put(html));
    if (news) say(heard(before, said()));
  } catch {
    // The next news will tell again.
  } finally {
    renewing = false;
  }
}

/** Every comment of the panel, by its number: whose it is. */
const said = (): Map<string, string> =>
  new Map(all("[data-comments] [data-comment]").map((one) => [one.dataset["comment"] ?? "", one.dataset["by"] ?? ""]));

/** What came meanwhile, in words. */
export function heard(before: ReadonlyMap<string, string>, now: ReadonlyMap<string, string>): string {
  const [first, ...more] = [...now].filter(([number]) => !before.has(number));
  if (!first) return "";
  return more.length > 0 ? `${more.length + 1} new comments.` : `${first[1]} said something.`;
}

/** The server's panel takes the place of this one, but for the forms in which somebody types. */
function put(html: string): void {
  const made = document.createElement("template");
  made.innerHTML = html;
  const [here, fresh] = [panel(), made.content.querySelector<HTMLElement>("[data-comments]")];
  if (!here || !fresh) return;
  for (const old of all("[data-threads] [data-thread]", here)) {
    const next = one(`#${old.id}`, fresh);
    if (next && busy(old)) next.replaceWith(old);
  }
  const [resolved, next] = [here, fresh].map((root) => one<HTMLDetailsElement>("details[data-keep=resolved]", root));
  if (resolved?.open && next) next.open = true;
  for (const part of ["[data-threads]", "[data-comments-count]"]) {
    one(part, here)?.replaceChildren(...(one(part, fresh)?.childNodes ?? []));
  }
  for (const name of ["version", "head", "names"]) here.dataset[name] = fresh.dataset[name] ?? "";
  const [status, now] = [one("[data-comments-said]", here), one("[data-comments-said]", fresh)];
  if (status && now) {
    status.hidden = now.hidden;
    status.textContent = now.textContent;
  }
  document.dispatchEvent(new CustomEvent(TALK));
}

/** Does somebody type in here? */
const busy = (item: HTMLElement): boolean =>
  all<HTMLTextAreaElement>("textarea", item).some((field) => field === document.activeElement || field.value !== field.defaultValue);

function say(words: string): void {
  const status = one("[data-comments-said]");
  if (!status || words === "") return;
  status.hidden = false;
  status.textContent = words;
}

/** Where the text is only read: a button at the selected words, and the key for it. */
function selecting(): void {
  const article = one("article[data-read]");
  if (!article || !talks()) return;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn btn-small comment-here";
  button.textContent = "Comment";
  button.hidden = true;
  button.addEventListener("mousedown", (event) => event.preventDefault()); // the words stay selected
  button.addEventListener("click", () => start(article, button));
  article.after(button);
  document.addEventListener("selectionchange", () => show(article, button));
  document.addEventListener("keydown", (event) => {
    if (!asks(event)) return;
    event.preventDefault();
    start(article, button);
  });
}

function start(article: HTMLElement, button: HTMLElement): void {
  begin(selected(article));
  button.hidden = true;
}

function show(article: HTMLElement, button: HTMLElement): void {
  const about = selected(article);
  button.hidden = about === null;
  const sheet = article.parentElement?.getBoundingClientRect();
  const rects = about && window.getSelection()?.getRangeAt(0).getClientRects();
  const last = rects?.[rects.length - 1];
  if (!sheet || !last) return;
  button.style.insetBlockStart = `${last.bottom - sheet.top + 6}px`;
  button.style.insetInlineStart = `${Math.max(8, Math.min(last.right - sheet.left - 40, sheet.width - 110))}px`;
}

/** The selected words of the text, or null. */
export function selected(article: HTMLElement): About | null {
  const selection = window.getSelection();
  if (!selection || selection.isCollapsed || selection.rangeCount === 0) return null;
  const range = selection.getRangeAt(0);
  if (!article.contains(range.startContainer) || !article.contains(range.endContainer)) return null;
  const words = range.toString();
  const runs = all("[data-at]", article).filter((run) => range.intersectsNode(run));
  const [first, last] = [runs[0], runs[runs.length - 1]];
  if (words.trim() === "" || !first || !last) return null;
  const start = place(first, range.startContainer, range.startOffset, 0);
  const end = place(last, range.endContainer, range.endOffset, count(last.textContent ?? ""));
  return { words, base: Number(article.dataset["read"]), start, end };
}

/** Where a boundary of the selection stands in the source; `otherwise`: in the run, where it stands outside of it. */
function place(run: HTMLElement, node: Node, offset: number, otherwise: number): number {
  const at = Number(run.dataset["at"]);
  if (!run.contains(node)) return at + otherwise;
  const before = document.createRange();
  before.setStart(run, 0);
  before.setEnd(node, offset);
  return at + count(before.toString());
}

/** In characters, as the server counts them. */
const count = (text: string): number => Array.from(text).length;
