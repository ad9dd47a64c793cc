import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { fresh, Growing } from "../src/growing";
import { reload } from "../src/reload";
import { followDraft, heading, isOver, message, milestone, patience, type Progress } from "../src/progress";

vi.mock("../src/reload", () => ({ reload: vi.fn() }));

const progress = (more: Partial<Progress> = {}): Progress => ({
  state: "writing",
  document_state: "drafting",
  text: "The pots",
  words: 2,
  target: 8,
  percent: 25,
  message: "",
  waiting: false,
  next_ms: 250,
  ...more,
});

describe("patience", () => {
  it("grows, and has an end", () => {
    expect([0, 1, 2].map(patience)).toEqual([500, 1000, 2000]);
    expect(patience(40)).toBe(15_000);
  });
});

describe("what is said", () => {
  it("speaks at quarters, not at words", () => {
    expect(milestone(10, 24)).toBeNull();
    expect(milestone(24, 26)).toMatch(/^25 percent/);
    expect(milestone(26, 49)).toBeNull();
    expect(milestone(10, 80)).toMatch(/^75 percent/);
    expect(milestone(90, 100)).toBeNull();
  });
  it("passes on why drafting waits", () => {
    const waits = progress({ state: "queued", waiting: true, message: "The engine does not answer." });
    expect(heading(waits)).toBe("Drafting waits");
    expect(message(waits)).toBe("The engine does not answer.");
  });
  it("is over when the document has moved on", () => {
    expect(isOver(progress())).toBe(false);
    expect(isOver(progress({ document_state: "editing" }))).toBe(true);
    expect(isOver(progress({ document_state: "draft_failed" }))).toBe(true);
  });
});

describe("fresh", () => {
  it("finds the new words", () => expect(fresh("The", "The pots stand")).toEqual([" pots", " stand"]));
  it("finds the end of a word", () => expect(fresh("The po", "The pots")).toEqual(["ts"]));
  it("notices another text", () => expect(fresh("The pots", "A")).toBeNull());
});

describe("a growing text", () => {
  const page = () => {
    document.body.innerHTML = `<p id="t"></p><div id="e"></div>`;
    return document.getElementById("t") as HTMLElement;
  };
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("never draws again what stands there", async () => {
    const element = page();
    const growing = new Growing(element, document.getElementById("e") as HTMLElement);
    growing.to("The pots");
    await vi.advanceTimersByTimeAsync(500);
    const first = element.firstChild;
    growing.to("The pots stand close.\n\nNone is tall.");
    await vi.advanceTimersByTimeAsync(5000);
    await growing.settled();
    expect(element.firstChild).toBe(first);
    expect(element.textContent).toBe("The pots stand close.\n\nNone is tall.");
  });

  it("replaces a text that began anew", () => {
    const element = page();
    element.textContent = "The pots";
    new Growing(element, document.getElementById("e") as HTMLElement).to("Another");
    expect(element.textContent).toBe("Another");
  });
});

describe("following a draft", () => {
  const answers: (Progress | number | Error)[] = [];

  beforeEach(() => {
    vi.useFakeTimers();
    vi.mocked(reload).mockClear();
    answers.length = 0;
    vi.stubGlobal("fetch", async () => {
      const next = answers.length > 1 ? answers.shift() : answers[0];
      if (next instanceof Error) throw next;
      return typeof next === "number" ? new Response("", { status: next }) : Response.json(next);
    });
    document.body.innerHTML = `
      <section data-draft data-progress-url="/p"><h2 data-draft-heading></h2><span data-draft-count hidden></span>
      <progress max="100" value="0" data-draft-progress></progress><p data-draft-message></p><p data-draft-status></p>
      <div data-draft-empty></div><p data-draft-text></p></section>`;
  });
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.useRealTimers();
  });
  const text = (name: string) => document.querySelector(`[data-draft-${name}]`)?.textContent;

  it("shows words and count, then opens the page anew", async () => {
    answers.push(progress(), progress({ state: "done", document_state: "editing", text: "The pots stand." }));
    followDraft();
    await vi.advanceTimersByTimeAsync(260);
    expect(text("count")).toBe("2 of about 8 words");
    expect(text("heading")).toBe("The machine is writing");
    expect(text("status")).toMatch(/^25 percent/);
    expect(reload).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(3000);
    expect(text("text")).toBe("The pots stand.");
    expect(reload).toHaveBeenCalledOnce();
  });

  it("says that the connection is lost, tries again, and goes on", async () => {
    answers.push(new TypeError("network"), 502, progress());
    followDraft();
    await vi.advanceTimersByTimeAsync(260);
    expect(text("message")).toMatch(/^Connection lost; trying again/);
    await vi.advanceTimersByTimeAsync(2000);
    expect(text("message")).toMatch(/^You can leave this page/);
  });

  it("lets the server answer for a person who was logged out", async () => {
    answers.push(401);
    followDraft();
    await vi.advanceTimersByTimeAsync(260);
    expect(reload).toHaveBeenCalledOnce();
  });

  it("asks nothing while nobody looks", async () => {
    const hidden = vi.spyOn(document, "hidden", "get").mockReturnValue(true);
    answers.push(progress());
    followDraft();
    await vi.advanceTimersByTimeAsync(5000);
    expect(text("count")).toBe("");
    hidden.mockReturnValue(false);
    document.dispatchEvent(new Event("visibilitychange"));
    await vi.advanceTimersByTimeAsync(50);
    expect(text("count")).toBe("2 of about 8 words");
  });
});

describe("following several drafts", () => {
  const column = (number: number) =>
    `<article data-column="${number}"><span data-column-count hidden></span><progress data-column-progress max="100"></progress>
     <p data-column-note hidden></p><div data-column-empty></div><p data-column-text></p></article>`;
  const draft = (number: number, text: string, state: Progress["state"] = "writing", message = "") => ({
    number, state, text, message, words: text.split(" ").filter(Boolean).length, target: 8, percent: 25,
  });
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  it("lets each grow in its own place", async () => {
    document.body.innerHTML = `<section data-draft data-progress-url="/p"><h2 data-draft-heading></h2>${column(1)}${column(2)}</section>`;
    const drafts = [draft(1, "The old"), draft(2, "", "failed", "The engine said no.")];
    vi.stubGlobal("fetch", async () => new Response(JSON.stringify(progress({ drafts }))));
    followDraft();
    await vi.advanceTimersByTimeAsync(800);
    const parts = (name: string) => Array.from(document.querySelectorAll<HTMLElement>(`[data-column-${name}]`));
    expect(parts("text").map((one) => one.textContent)).toEqual(["The old", ""]);
    expect(parts("count").map((one) => one.hidden)).toEqual([false, true]);
    expect(parts("note")[1]?.textContent).toBe("The engine said no.");
    expect(document.querySelector("h2")?.textContent).toBe("The machine is writing");
  });
});
