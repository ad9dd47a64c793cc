/**
 * The form of a new document is kept on the desk as it is typed: after a pause, and before the page is left. What the
 * desk answers says under which ticket the next sending goes, so that two windows never write over each other.
 */
import { one } from "./dom";
import { patience } from "./polling";

const PAUSE = 1_500; // after the last key
const LONGEST = 5_000; // while somebody types on and on
const MOST_KEPT_ALIVE = 60_000; // bytes that a browser still sends for a page that is left
const TOKEN = "csrf_token";

const OFFLINE = "Not connected. Please leave this page open; what you typed is kept as soon as the desk is back.";
const OUT = "You are logged out. Log in again in another window, and what you typed is kept.";

/** What the desk says of a sending. */
interface Answer {
  kept?: boolean;
  kept_at?: string;
  version?: number;
  ticket?: string;
  address?: string;
  says?: string;
  error?: string;
  csrf?: string;
}

export function keepBrief(): void {
  const form = one<HTMLFormElement>("form[data-keep]");
  if (form) new Keeper(form).begin();
}

/** The form's fields without its files: those go only when the document is made. */
export function typed(form: HTMLFormElement): FormData {
  const fields = new FormData(form);
  for (const [name, value] of Array.from(fields)) if (value instanceof File) fields.delete(name);
  return fields;
}

/** The token of a page that is asked for now. */
async function freshToken(url: string): Promise<string | undefined> {
  const answer = await fetch(url, { cache: "no-store" });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  return page.querySelector<HTMLInputElement>(`input[name=${TOKEN}]`)?.value;
}

export const clock = (at: string): string =>
  new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" }).format(new Date(at));

class Keeper {
  private changedAt = 0; // the first change that the desk has not kept
  private timer = 0;
  private running = false;
  private failures = 0;
  private leaving = false;
  private renewed = false; // the token, since the desk last took a sending
  private readonly said: HTMLElement | null;

  constructor(private readonly form: HTMLFormElement) {
    this.said = one("[data-kept-said]", form);
  }

  begin(): void {
    this.form.addEventListener("input", (event) => {
      if (!(event.target instanceof HTMLInputElement && event.target.type === "file")) this.changed();
    });
    this.form.addEventListener("submit", (event) => {
      this.leaving = !event.defaultPrevented;
    });
    document.addEventListener("visibilitychange", () => {
      if (document.hidden && this.changedAt) void this.send();
    });
    window.addEventListener("online", () => {
      if (this.changedAt) void this.send();
    });
    window.addEventListener("pagehide", () => this.leave());
    window.addEventListener("pageshow", (event) => {
      if (event.persisted) this.leaving = false;
    });
  }

  private changed(): void {
    this.changedAt ||= Date.now();
    delete this.form.dataset["safe"];
    this.soon(Math.min(PAUSE, Math.max(0, this.changedAt + LONGEST - Date.now())));
  }

  private soon(wait: number): void {
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.send(), this.failures > 0 ? patience(this.failures) : wait);
  }

  private async send(): Promise<void> {
    if (this.running || this.leaving) return;
    window.clearTimeout(this.timer);
    this.running = true;
    const since = this.changedAt;
    this.changedAt = 0;
    try {
      const answer = await fetch(this.url, { method: "POST", body: typed(this.form), headers: { Accept: "application/json" } });
      const news = answer.redirected ? {} : ((await answer.json()) as Answer);
      if (this.leaving) return;
      if (answer.ok && !answer.redirected) this.kept(news);
      else await this.refused(answer.redirected ? 401 : answer.status, news, since);
    } catch {
      this.failures += 1;
      this.changedAt ||= since;
      this.say(OFFLINE);
    } finally {
      this.running = false;
      if (this.changedAt) this.soon(PAUSE);
    }
  }

  private kept(news: Answer): void {
    this.failures = 0;
    this.renewed = false;
    this.set(TOKEN, news.csrf);
    if (!news.kept) return this.say("");
    this.set("ticket", news.ticket);
    this.set("kept_version", String(news.version));
    if (!this.changedAt) this.form.dataset["safe"] = "yes";
    if (news.address) window.history.replaceState(null, "", news.address); // a reload goes on with it
    this.say(news.says || `Kept at ${clock(news.kept_at ?? "")}. You can leave and come back.`);
  }

  private async refused(status: number, news: Answer, since: number): Promise<void> {
    if (status === 409 && news.ticket) {
      // It became a document: what is typed now is another one.
      this.set("ticket", news.ticket);
      this.set("kept_version", "");
      this.changedAt ||= since;
      return;
    }
    if (status === 400 && !this.renewed) {
      // Open for too long, or logged in again in another window: the form goes on with a token of today.
      this.renewed = true;
      this.set(TOKEN, await freshToken(this.form.action));
      this.changedAt ||= since;
      return;
    }
    if (status === 401 || status === 429 || status >= 500) {
      this.failures += 1;
      this.changedAt ||= since;
    }
    this.say(status === 401 ? OUT : (news.error ?? OFFLINE));
  }

  private leave(): void {
    if (this.leaving || !this.changedAt) return;
    const body = new URLSearchParams(Array.from(typed(this.form), ([name, value]) => [name, String(value)]));
    if (body.toString().length > MOST_KEPT_ALIVE) return;
    void fetch(this.url, { method: "POST", body, keepalive: true, headers: { Accept: "application/json" } });
  }

  private get url(): string {
    return this.form.dataset["keep"] ?? "";
  }

  private set(name: string, value: string | undefined): void {
    const field = this.form.elements.namedItem(name);
    if (value !== undefined && field instanceof HTMLInputElement) field.value = value;
  }

  private say(words: string): void {
    if (this.said && this.said.textContent !== words) this.said.textContent = words;
  }
}
