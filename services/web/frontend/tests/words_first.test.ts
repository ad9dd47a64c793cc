/** Another form of the page waits until the words that were just typed are on the desk, and no longer than that. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { wordsFirst } from "../src/editor/words_first";

let DOCUMENT: string; // another one in each test: what listens to the window stays
let sent: string[];

function form(action: string): HTMLFormElement {
  const made = document.createElement("form");
  made.method = "post";
  made.action = action;
  made.append(Object.assign(document.createElement("button"), { type: "submit" }));
  made.addEventListener("submit", (event) => {
    event.preventDefault();
    sent.push(new URL(made.action).pathname);
  });
  document.body.append(made);
  return made;
}

const click = (one: HTMLFormElement): void => one.querySelector("button")?.click();

beforeEach(() => {
  vi.useFakeTimers();
  document.body.replaceChildren();
  sent = [];
  DOCUMENT = crypto.randomUUID();
});
afterEach(() => vi.useRealTimers());

describe("wordsFirst", () => {
  it("sends the words, then the form, once for two clicks", async () => {
    const [text, ask] = [form(`/documents/${DOCUMENT}/text`), form(`/documents/${DOCUMENT}/ask`)];
    let arrive = (): void => undefined;
    wordsFirst(text, DOCUMENT, () => true, () => new Promise((done) => (arrive = done)));
    click(ask);
    click(ask);
    expect(sent).toEqual([]);
    arrive();
    await vi.advanceTimersByTimeAsync(0);
    expect(sent).toEqual([`/documents/${DOCUMENT}/ask`]);
  });

  it("does not wait for ever without a network", async () => {
    const [text, ask] = [form(`/documents/${DOCUMENT}/text`), form(`/documents/${DOCUMENT}/ask`)];
    wordsFirst(text, DOCUMENT, () => true, () => new Promise(() => undefined));
    click(ask);
    await vi.advanceTimersByTimeAsync(2_999);
    expect(sent).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(sent).toEqual([`/documents/${DOCUMENT}/ask`]);
  });

  it("lets go at once what carries the words itself, what is about something else, and when nothing waits", () => {
    const [text, ask, other] = [form(`/documents/${DOCUMENT}/text`), form(`/documents/${DOCUMENT}/ask`), form("/theme")];
    let waits = true;
    wordsFirst(text, DOCUMENT, () => waits, () => new Promise(() => undefined));
    click(text);
    click(other);
    expect(sent).toEqual([`/documents/${DOCUMENT}/text`, "/theme"]);
    waits = false;
    click(ask);
    expect(sent).toHaveLength(3);
  });
});
