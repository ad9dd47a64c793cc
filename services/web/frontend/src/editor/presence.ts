/**
 * Who else has this document before them, what they do and where; under the title, for readers and writers alike.
 * Coming and going is read out; the paragraph, which changes all the time, is only shown.
 */
import { one } from "../dom";
import { pause, seen } from "../polling";
import { NEWS, Refused, tell, type News, type Other } from "../telling";
import { windowName } from "../window";
import type { Desk } from "./desk";
import { paragraphAt } from "./paragraph";

const EVERY = 10_000;
const STILL_WRITING = 60_000; // milliseconds after the last key

const time = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });

/** "Ada is editing, paragraph 3, since 14:02" */
export function sentence(other: Other): string {
  const who = other.own ? "You are" : `${other.name} is`;
  const what = other.doing === "writing" ? "editing" : "reading";
  const where = other.doing === "writing" && other.paragraph ? `, paragraph ${other.paragraph}` : "";
  return `${who} ${what}${other.own ? " in another window" : ""}${where}, since ${time.format(new Date(other.since))}`;
}

/** The same without what changes all the time. */
export const briefly = (other: Other): string =>
  sentence({ ...other, paragraph: null }).replace(/, since .*/, "");

export function showOthers(): void {
  const place = one("[data-presence]");
  if (place) new Presence(place).begin();
}

class Presence {
  private desk: Desk | null = null;
  private typedAt = 0;
  private heard: string[] | null = null;

  constructor(private readonly place: HTMLElement) {}

  begin(): void {
    const form = one<HTMLFormElement>("form[data-desk]");
    form?.addEventListener("copydesk:open", (event) => {
      this.desk = (event as CustomEvent<Desk>).detail;
    });
    form?.addEventListener("input", () => (this.typedAt = Date.now()));
    document.addEventListener(NEWS, (event) => this.show((event as CustomEvent<News>).detail));
    window.addEventListener("pagehide", () => void this.sign("gone", true).catch(() => undefined));
    void this.go();
  }

  private async go(): Promise<void> {
    for (;;) {
      await seen();
      try {
        await this.sign(Date.now() - this.typedAt < STILL_WRITING && this.typedAt ? "writing" : "reading");
      } catch (error) {
        if (error instanceof Refused && [403, 404].includes(error.status)) return this.draw([]);
      }
      await pause(EVERY);
    }
  }

  private sign(doing: "reading" | "writing" | "gone", keepalive = false): Promise<News> {
    const url = this.place.dataset["presence"] ?? "";
    return tell<News>("POST", url, { tab: windowName(), doing, paragraph: this.paragraph() }, keepalive);
  }

  private paragraph(): number | null {
    return this.desk && paragraphAt(this.desk);
  }

  private show(news: News): void {
    this.draw(news.others);
    if (!this.desk && !one("form[data-desk]")) this.offer(news);
  }

  private draw(others: readonly Other[]): void {
    const shown = one("[data-presence-shown]", this.place);
    const text = others.map(sentence).join(". ");
    if (shown && shown.textContent !== text) shown.textContent = text;
    const now = others.map(briefly);
    const before = this.heard ?? now;
    const came = now.filter((one) => !before.includes(one));
    const left = before.filter((one) => !now.includes(one)).map((one) => one.replace(/ is .*/, " has gone"));
    const gone = left.filter((one) => !now.some((other) => other.startsWith(one.replace(" has gone", " is"))));
    this.heard = now;
    const said = one("[data-presence-said]", this.place);
    if (said && (came.length > 0 || gone.length > 0)) said.textContent = [...came, ...gone].join(". ") + ".";
  }

  /** Whoever reads an older text is told, and decides when to look. */
  private offer(news: News): void {
    const newer = one("[data-presence-newer]", this.place);
    const same = news.head === Number(this.place.dataset["head"]) && news.state === this.place.dataset["state"];
    if (!newer || !newer.hidden || same || this.place.dataset["state"] === "drafting") return;
    const words = news.head === Number(this.place.dataset["head"]) ? "The document has moved on." : `${capital(news.by)} saved version ${news.head}.`;
    const link = document.createElement("a");
    link.href = window.location.pathname;
    link.textContent = "Show it";
    newer.replaceChildren(`${words} `, link);
    newer.hidden = false;
  }
}

const capital = (words: string): string => words.charAt(0).toUpperCase() + words.slice(1);
