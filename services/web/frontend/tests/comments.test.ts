import { EditorState } from "@codemirror/state";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { called, fitting, offerNames } from "../src/calling";
import { asks, begin, heard, renew, selected, talk } from "../src/comments";
import { carried, extension, find, marks, setMarks } from "../src/editor/comment_marks";
import { NEWS } from "../src/telling";

const NAMES = ["Ada Byrne", "Adam Oak", "Ruth Okafor"];

describe("somebody who is called", () => {
  it("is what stands after an @ at the end", () => {
    expect(called("Well, @Ad")).toBe("Ad");
    expect(called("@")).toBe("");
    expect(called("@Ada By")).toBe("Ada By");
    expect(called("ada@example")).toBeNull();
    expect(called("@Ada Byrne, well")).toBeNull();
  });

  it("is offered by the beginnings of any word of the name", () => {
    expect(fitting(NAMES, "ad")).toEqual(["Ada Byrne", "Adam Oak"]);
    expect(fitting(NAMES, "o")).toEqual(["Adam Oak", "Ruth Okafor"]);
    expect(fitting(NAMES, "ada byrne")).toEqual([]);
  });

  it("is put in by a button, with the keyboard back in the words", () => {
    document.body.innerHTML = `<section data-names='["Ada Byrne","Ruth Okafor"]'><textarea data-calls></textarea></section>`;
    const [panel, field] = [document.querySelector("section")!, document.querySelector("textarea")!];
    offerNames(panel);
    field.focus();
    field.value = "Ask @ru";
    field.setSelectionRange(7, 7);
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowDown", bubbles: true }));
    expect(document.activeElement?.textContent).toBe("Ruth Okafor");
    (document.activeElement as HTMLButtonElement).click();
    expect(field.value).toBe("Ask @Ruth Okafor ");
    expect(document.activeElement).toBe(field);
    expect(panel.querySelector("[data-offered]")).toBeNull();
  });
});

const thread = (number: number, by = "Ada", typed = ""): string => `
  <li id="thread-${number}" data-thread="${number}" tabindex="-1">
    <div data-comment="${number}" data-by="${by}">Words</div><textarea>${typed}</textarea></li>`;
const panel = (version: string, ...threads: string[]): string => `
  <section data-comments="/comments" data-version="${version}" data-head="2" data-names="[]">
    <span data-comments-count>${threads.length}</span><p role="status" data-comments-said></p>
    <div data-threads><ol>${threads.join("")}</ol></div>
    <details data-comment-new><form data-comment-form>
      <input type="hidden" name="base" /><input type="hidden" name="start" /><input type="hidden" name="end" />
      <textarea name="comment"></textarea><textarea name="about"></textarea></form></details></section>`;

describe("the panel", () => {
  beforeEach(() => {
    Element.prototype.scrollIntoView = vi.fn();
    document.body.innerHTML = panel("1", thread(1)) + `<article data-read="2"><span data-at="2">One \u{1F600} </span><mark><span data-at="10">two</span></mark><span data-at="15"> three</span></article>`;
    talk();
  });

  const answers = (html: string): void => {
    vi.stubGlobal("fetch", vi.fn(() => Promise.resolve(new Response(html, { status: 200 }))));
  };

  it("has what others said, and says so, without a reload", async () => {
    answers(panel("2", thread(1), thread(2, "Ruth")));
    document.dispatchEvent(new CustomEvent(NEWS, { detail: { comments: "2" } }));
    await vi.waitFor(() => expect(document.querySelectorAll("[data-thread]").length).toBe(2));
    expect(document.querySelector("[data-comments-said]")?.textContent).toBe("Ruth said something.");
    expect(document.querySelector("[data-comments-count]")?.textContent).toBe("2");
  });

  it("leaves alone what somebody types in it", async () => {
    const field = document.querySelector<HTMLTextAreaElement>("#thread-1 textarea")!;
    field.value = "I think";
    answers(panel("2", thread(1), thread(2)));
    await renew();
    expect(document.querySelectorAll("[data-thread]").length).toBe(2);
    expect(document.querySelector<HTMLTextAreaElement>("#thread-1 textarea")?.value).toBe("I think");
  });

  it("begins a comment on words, counted in characters", () => {
    const article = document.querySelector("article")!;
    const range = document.createRange();
    range.selectNodeContents(article.querySelector("mark")!);
    window.getSelection()?.removeAllRanges();
    window.getSelection()?.addRange(range);
    const about = selected(article);
    expect(about).toEqual({ words: "two", base: 2, start: 10, end: 13 });
    begin(about);
    const form = document.querySelector("form")!;
    expect(Object.fromEntries(new FormData(form))).toEqual({ about: "two", base: "2", start: "10", end: "13", comment: "" });
    expect(document.querySelector("details")?.open).toBe(true);
    expect(document.activeElement?.getAttribute("name")).toBe("comment");
    begin(null);
    expect(Object.fromEntries(new FormData(form))).toEqual({ about: "", base: "", start: "", end: "", comment: "" });
  });

  it("takes no selection elsewhere for words of the text", () => {
    const range = document.createRange();
    range.selectNodeContents(document.querySelector("[data-comment]")!);
    window.getSelection()?.removeAllRanges();
    window.getSelection()?.addRange(range);
    expect(selected(document.querySelector("article")!)).toBeNull();
  });

  it("says in words what came", () => {
    const before = new Map([["1", "Ada"]]);
    expect(heard(before, before)).toBe("");
    expect(heard(before, new Map([...before, ["2", "Ruth"], ["3", "Ada"]]))).toBe("2 new comments.");
  });

  it("has one key", () => {
    const press = (init: KeyboardEventInit): boolean => asks(new KeyboardEvent("keydown", { code: "KeyM", ...init }));
    expect(press({ ctrlKey: true, altKey: true })).toBe(true);
    expect(press({ ctrlKey: true })).toBe(false);
    expect(press({ ctrlKey: true, altKey: true, shiftKey: true })).toBe(false);
  });
});

describe("the marks in the text", () => {
  const at = (state: EditorState, name: string): [number, number] | null => {
    const found = find(state.field(marks), name, state.doc.length);
    return found && [found.from, found.to];
  };

  it("follow what is typed, and go with their words", () => {
    let state = EditorState.create({ doc: "The old bakery", extensions: extension });
    state = state.update({ effects: setMarks.of([{ thread: "1", start: 4, end: 14 }, { thread: "2", start: 0, end: 3 }]) }).state;
    state = state.update({ changes: { from: 0, insert: "Oh: " } }).state;
    expect(at(state, "1")).toEqual([8, 18]);
    state = state.update({ changes: { from: 11, insert: " red" } }).state;
    expect(at(state, "1")).toEqual([8, 22]);
    state = state.update({ changes: { from: 4, to: 7 } }).state;
    expect(at(state, "2")).toBeNull();
  });

  it("are carried from the server's text to this one", () => {
    expect(carried([{ thread: "1", start: 4, end: 7 }], "The old bakery", "Oh: The old bakery")).toEqual([{ thread: "1", start: 8, end: 11 }]);
  });
});
