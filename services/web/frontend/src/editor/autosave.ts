/**
 * Nobody's typing is lost: what is not saved yet is kept in this browser at once and on the desk every few seconds, and
 * is back when the page opens again, wherever that is.
 */
import { EditorView } from "@codemirror/view";
import { all, whenIdle } from "../dom";
import { patience } from "../polling";
import { Refused, tell, type News } from "../telling";
import { SAVED } from "../unsaved";
import { atLeast, lastSending, nextSending, windowName } from "../window";
import { Copies, type Copy } from "./copies";
import type { Saved } from "./data";
import type { Desk } from "./desk";
import { Line } from "./line";
import { paragraphAt } from "./paragraph";
import { newest, stale, takenBack, type Found } from "./unsaved_words";
import { wordsFirst } from "./words_first";

interface Kept extends News {
  kept_at: string;
  version: number;
}

const PAUSE = 1_500; // after the last key
const LONGEST = 5_000; // while somebody types on and on
const COPY = 250;
/**
 * Every page of a window counts on from well above the one before. What was decided where two versions differed settles
 * the sendings of the page before it, late ones too (`conflicts.ON_THE_WAY`, which is less), and none of a newer page.
 */
const EACH_PAGE = 200;
const MOST_KEPT_ALIVE = 60_000; // bytes that a browser still sends for a page that is left
const FOREVER = 15_000;

const OFFLINE = "Not connected. Your words are kept in this browser.";
const NOWHERE = "Not connected, and this browser keeps nothing. Please leave this page open.";
const OUT = "You are logged out. Your words are still on this page: log in again in another window, and they are kept.";
const GONE = "This text is not yours to write in any more. Your last words are still on this page: copy what you need.";

export const clock = (at: string | number): string =>
  new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" }).format(new Date(at));

export function keepsWords(desk: Desk): void {
  new Keeper(desk).begin();
}

class Keeper {
  private readonly copies: Copies;
  private readonly trouble: Line;
  private readonly back: Line;
  private readonly url: string;
  private changedAt = 0; // the first change that the desk has not kept
  private timer = 0;
  private copying = 0;
  private running = false;
  private failures = 0;
  private holds = false; // the desk holds words of this window, or will by a sending that is on its way
  private ended = false;
  private leaving = false;
  private loggedOut = false; // whoever logs out leaves no words behind in this browser
  private insteadOf: [string, number] | null = null;

  constructor(private readonly desk: Desk) {
    this.copies = new Copies(desk.data.person.id, desk.data.document);
    this.trouble = new Line(desk, "network");
    this.back = new Line(desk, "restored");
    this.url = desk.data.urls["unsent"] ?? "";
  }

  begin(): void {
    const { desk } = this;
    atLeast(Math.max(lastSending(), desk.data.settled?.[windowName()] ?? 0) + EACH_PAGE);
    desk.form.addEventListener("formdata", (event) => {
      event.formData.set("tab", windowName());
      event.formData.set("version", String(nextSending()));
    });
    desk.form.addEventListener("submit", (event) => {
      this.leaving = !event.defaultPrevented;
    });
    this.restore();
    desk.extend(
      EditorView.updateListener.of((update) => {
        if (update.docChanged) this.changed();
      }),
    );
    desk.title?.addEventListener("input", () => this.changed());
    desk.form.addEventListener(SAVED, (event) => this.saved((event as CustomEvent<Saved | undefined>).detail));
    window.addEventListener("online", () => void this.send());
    window.addEventListener("blur", () => void this.soon(0));
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) void this.soon(0);
    });
    window.addEventListener("pagehide", () => this.leave());
    wordsFirst(desk.form, desk.data.document, () => this.running || (!this.ended && this.changedAt > 0), () => this.flush());
    for (const form of all<HTMLFormElement>("form[data-forget]")) form.addEventListener("submit", () => this.logOut());
    window.addEventListener("storage", (event) => {
      this.loggedOut ||= event.key === this.copies.key(windowName()) && event.newValue === null; // in another window
    });
  }

  private get dirty(): boolean {
    return this.desk.dirty;
  }

  private get title(): string {
    return this.desk.title?.value ?? this.desk.data.title;
  }

  private get base(): number {
    return Number((this.desk.form.elements.namedItem("base_revision") as HTMLInputElement | null)?.value ?? 0);
  }

  private changed(): void {
    if (this.ended) return;
    this.changedAt ||= Date.now();
    this.leaving = false;
    delete this.desk.form.dataset["safe"];
    if (!this.copying) this.copying = window.setTimeout(() => whenIdle(() => this.copying && this.copy()), COPY);
    const wait = Math.min(PAUSE, Math.max(0, this.changedAt + LONGEST - Date.now()));
    this.soon(this.failures > 0 ? patience(this.failures) : wait);
  }

  /** In this browser, at once. */
  private copy(): boolean {
    window.clearTimeout(this.copying);
    this.copying = 0;
    if (this.loggedOut) return false;
    if (!this.dirty && !this.holds) {
      this.copies.remove(windowName());
      return true;
    }
    // On the way out with a form these words have their number: once the desk has saved it, the copy holds nothing.
    const version = lastSending() + (this.leaving ? 0 : 1);
    if (!this.dirty) return this.copies.write(this.nothing(windowName(), version));
    const words = { tab: windowName(), version, base: this.base, title: this.title, body: this.desk.text() };
    return this.copies.write({ ...words, at: Date.now() });
  }

  /** Until the desk has heard that its words were taken back, this browser knows it: they don't come back meanwhile. */
  private nothing(tab: string, version: number): Copy {
    return { tab, version, base: this.base, title: "", body: "", at: Date.now(), none: true };
  }

  private soon(wait: number): void {
    window.clearTimeout(this.timer);
    if (this.changedAt) this.timer = window.setTimeout(() => void this.send(), wait);
  }

  /** On the desk. One sending at a time; what was typed meanwhile goes with the next. */
  private async send(): Promise<void> {
    if (this.running || this.ended || this.leaving || !this.changedAt) return;
    this.running = true;
    window.clearTimeout(this.timer);
    const began = this.changedAt;
    this.changedAt = 0;
    try {
      if (this.dirty) await this.put();
      else if (this.holds) await this.discard(windowName(), nextSending()).then(() => this.copy());
      this.arrived();
    } catch (error) {
      this.changedAt ||= began;
      this.failed(error);
    } finally {
      this.running = false;
      if (this.changedAt && this.failures === 0) this.soon(PAUSE);
    }
  }

  /** Everything typed so far is on the desk, or could not be sent. */
  private async flush(): Promise<void> {
    while (this.running) await new Promise((done) => window.setTimeout(done, 50));
    await this.send();
  }

  private async put(): Promise<void> {
    const words = this.message();
    this.holds = true;
    const kept = await tell<Kept>("PUT", this.url, words);
    this.holds = true;
    this.loggedOut = false;
    if (kept.version > words.version) {
      atLeast(kept.version); // this browser forgot how far it had come
      this.changedAt ||= Date.now();
      return;
    }
    if (this.insteadOf) this.copies.remove(this.insteadOf[0]);
    this.insteadOf = null;
    if (!this.dirty) {
      this.changedAt ||= Date.now(); // saved meanwhile: what was kept after the save was sent is let go
      return;
    }
    this.desk.mention(`Kept ${clock(kept.kept_at)}, not saved as a version yet`);
    if (!this.changedAt) this.desk.form.dataset["safe"] = ""; // nothing to ask about before the page is left
  }

  private message(): { version: number } & Record<string, unknown> {
    return {
      tab: windowName(),
      version: nextSending(),
      base: this.base,
      title: this.title,
      body: this.desk.text(),
      paragraph: paragraphAt(this.desk),
      ...(this.insteadOf ? { instead_of: this.insteadOf } : {}),
    };
  }

  private async discard(tab: string, version: number, keepalive = false): Promise<void> {
    await tell<News>("DELETE", this.url, { tab, version }, keepalive);
    if (tab === windowName() && version >= lastSending()) this.holds = false; // nothing newer is on its way
  }

  private arrived(): void {
    this.failures = 0;
    this.trouble.say("");
  }

  private failed(error: unknown): void {
    const status = error instanceof Refused ? error.status : 0;
    this.failures += 1;
    const kept = this.copy();
    if (status === 403 || status === 404 || status === 409) {
      this.ended = true;
      this.trouble.say(GONE);
    } else if (status === 400 || status === 413) {
      this.ended = status === 400 && this.failures > 3;
      this.trouble.say(`These words could not be kept on the desk. ${(error as Refused).message}`);
      this.soon(FOREVER);
    } else {
      this.trouble.say(status === 401 ? OUT : kept ? OFFLINE : NOWHERE);
      this.soon(patience(this.failures));
    }
  }

  /** The words are a version now (or suggestions). What was typed while they were on their way is not. */
  private saved(saved?: Saved | null): void {
    this.back.say("");
    this.arrived();
    this.ended = false;
    if (saved) this.holds = false; // the desk has cleared them away itself
    this.changedAt = this.holds ? Date.now() : 0;
    window.clearTimeout(this.timer);
    this.copy();
    if (this.dirty) return this.changed();
    this.desk.form.dataset["safe"] = "";
    this.soon(0);
  }

  /** The last words go to the desk and nowhere else. */
  private logOut(): void {
    this.leave();
    this.loggedOut = this.leaving = true;
    this.copies.remove(windowName());
  }

  /** The page is being left: the last words go with it. */
  private leave(): void {
    if (this.leaving || this.ended) return;
    this.copy();
    if (!this.dirty && this.holds) void this.discard(windowName(), nextSending(), true).catch(() => undefined);
    if (!this.dirty || !this.changedAt) return;
    const words = this.message();
    const size = new Blob([JSON.stringify(words)]).size;
    void tell("PUT", this.url, words, size < MOST_KEPT_ALIVE).catch(() => undefined);
  }

  /** Unsaved words come back, and can be thrown away; undo brings them back once more. */
  private restore(): void {
    const { desk } = this;
    const copies = this.copies.all();
    for (const copy of copies) if (stale(copy, desk.data)) this.copies.remove(copy.tab);
    for (const { tab, version } of takenBack(desk.data, copies)) void this.discard(tab, version).catch(() => undefined);
    if (this.dirty) return this.changed(); // the server sent words back with something to say about them
    const found = newest(desk.data, copies);
    if (!found) return;
    atLeast(found.tab === windowName() ? found.version : 0);
    const base = desk.form.elements.namedItem("base_revision") as HTMLInputElement | null;
    if (base && !found.merged) base.value = String(found.base); // an older one is merged by the desk when it is saved
    if (desk.title) desk.title.value = found.title;
    desk.restore(found.body);
    if (!this.dirty) return;
    this.insteadOf = found.tab === windowName() ? null : [found.tab, found.version];
    this.holds = desk.data.unsent?.tab === windowName();
    this.back.say(this.saysBack(found), { label: "Throw them away", do: () => this.throwAway(found) });
    desk.mention(`Kept ${clock(found.at)}, not saved as a version yet`);
    this.changed();
  }

  private saysBack(found: Found): string {
    const meanwhile = found.merged ? " What was saved meanwhile is in the text as well." : "";
    return `Words that you had not saved are back, from ${clock(found.at)}.${meanwhile}`;
  }

  private throwAway(found: Found): void {
    const { desk } = this;
    desk.replace(desk.data.text, "desk.discard");
    if (desk.title) desk.title.value = desk.data.title;
    this.copies.write(this.nothing(found.tab, found.version));
    this.holds = true; // or will be, by a sending that is on its way
    this.copy();
    this.back.say("They are gone. Undo brings them back.");
    this.insteadOf = null;
    if (found.tab !== windowName()) void this.discard(found.tab, found.version).catch(() => undefined);
    this.changedAt ||= Date.now();
    this.soon(0);
    desk.view.focus();
  }
}
