/**
 * Nobody's typing is lost: the browser asks before it throws words away, keeps a copy of a text while it is
 * written, and offers it when the page opens again.
 */
import { all, one } from "./dom";

type Field = HTMLInputElement | HTMLTextAreaElement;

export interface Kept {
  base: string; // the revision these words were written on
  title: string;
  body: string;
  sent: boolean; // handed to the server, which may or may not have stored it
}

/** The form's words were stored without the page being left. */
export const SAVED = "copydesk:saved";

const PREFIX = "copydesk:";
const WAIT = 600;

const plain = (text: string): string => text.replace(/\s+/gu, " ").trim();

/** Should these kept words be offered on a page that shows `body` on `base`? Otherwise they can go. */
export function worthOffering(kept: Kept, base: string, title: string, body: string): boolean {
  if (plain(kept.body) === plain(body) && plain(kept.title) === plain(title)) return false;
  return !(kept.sent && kept.base !== base); // sent, and there is a newer version: it arrived
}

export function guard(): void {
  let leaving = false;
  const forms = all<HTMLFormElement>("form[data-guard]");
  for (const form of forms) {
    form.addEventListener("submit", (event) => {
      leaving = !event.defaultPrevented;
    });
    if (form.dataset["keep"] && !("desk" in form.dataset)) keepCopy(form, PREFIX + form.dataset["keep"]);
  }
  window.addEventListener("beforeunload", (event) => {
    if (!leaving && forms.some((form) => changed(form) && !("safe" in form.dataset))) event.preventDefault();
  });
  for (const form of all<HTMLFormElement>("form[data-forget]")) form.addEventListener("submit", forget);
}

const fields = (form: HTMLFormElement): Field[] =>
  Array.from(form.elements).filter(
    (one): one is Field => one instanceof HTMLTextAreaElement || (one instanceof HTMLInputElement && one.type === "text"),
  );

const changed = (form: HTMLFormElement): boolean => fields(form).some((field) => field.value !== field.defaultValue);

function keepCopy(form: HTMLFormElement, key: string): void {
  const field = (name: string): Field | null => form.elements.namedItem(name) as Field | null;
  const [title, body, base] = [field("title"), field("body"), field("base_revision")];
  if (!title || !body || !base) return;
  offer(form, key, title, body, base);
  let timer = 0;
  const write = (sent: boolean): void => {
    window.clearTimeout(timer);
    if (changed(form)) store(key, { base: base.value, title: title.value, body: body.value, sent });
  };
  for (const one of [title, body]) {
    one.addEventListener("input", () => {
      window.clearTimeout(timer);
      timer = window.setTimeout(() => write(false), WAIT);
    });
  }
  form.addEventListener("submit", () => write(true));
  form.addEventListener(SAVED, () => {
    window.clearTimeout(timer);
    localStorage.removeItem(key);
  });
  window.addEventListener("pagehide", () => {
    if (timer) write(read(key)?.sent ?? false);
  });
}

function offer(form: HTMLFormElement, key: string, title: Field, body: Field, base: Field): void {
  const kept = read(key);
  const note = one("[data-restore]", form);
  if (!kept || !note) return;
  if (!worthOffering(kept, base.value, title.value, body.value)) {
    localStorage.removeItem(key);
    return;
  }
  note.hidden = false;
  one("[data-restore-yes]", note)?.addEventListener("click", () => {
    title.value = kept.title;
    body.value = kept.body;
    base.value = kept.base; // on an older version the server will show the difference instead of overwriting
    body.dispatchEvent(new Event("input", { bubbles: true }));
    note.hidden = true;
    body.focus();
  });
  one("[data-restore-no]", note)?.addEventListener("click", () => {
    localStorage.removeItem(key);
    note.hidden = true;
    body.focus();
  });
}

function store(key: string, kept: Kept): void {
  try {
    localStorage.setItem(key, JSON.stringify(kept));
  } catch {
    // No room, or storage is switched off: the question before leaving still stands.
  }
}

function read(key: string): Kept | null {
  try {
    return JSON.parse(localStorage.getItem(key) ?? "null") as Kept | null;
  } catch {
    return null;
  }
}

/** Whoever logs out leaves no words behind in this browser. */
function forget(): void {
  for (const key of Object.keys(localStorage)) {
    if (key.startsWith(PREFIX)) localStorage.removeItem(key);
  }
}
