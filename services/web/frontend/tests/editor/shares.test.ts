import { EditorState } from "@codemirror/state";
import { describe, expect, it, vi } from "vitest";
import type { DeskData } from "../../src/editor/data";
import { Desk } from "../../src/editor/desk";
import { lengths, percent, showShares } from "../../src/editor/shares";
import { extension, setSpans, tint } from "../../src/editor/tint";

const marks = (doc: string, places: [number, number, "machine" | "brief" | "tool"][]) =>
  EditorState.create({ doc, extensions: extension })
    .update({ effects: setSpans.of(places.map(([start, end, origin]) => ({ start, end, origin }))) })
    .state.field(tint);

describe("whose the text is", () => {
  it("is counted in characters; a tool's are a person's", () => {
    const text = "0123456789";
    expect(lengths(text, marks(text, [[0, 5, "machine"], [5, 7, "brief"], [7, 8, "tool"]]))).toEqual({ machine: 5, human: 3, brief: 2 });
  });
  it("counts a pair of units as one character", () => {
    const text = "🔥🔥ab";
    expect(lengths(text, marks(text, [[0, 4, "machine"]]))).toEqual({ machine: 2, human: 2, brief: 0 });
  });
  it("is whole percent that sum to 100, the largest rest first", () => {
    expect(percent({ machine: 1, human: 1, brief: 1 })).toEqual({ machine: 34, human: 33, brief: 33 });
    expect(percent({ machine: 995, human: 4, brief: 1 })).toEqual({ machine: 100, human: 0, brief: 0 });
    expect(percent({ machine: 0, human: 0, brief: 0 })).toEqual({ machine: 0, human: 0, brief: 0 });
  });
});

describe("the bar under the sheet", () => {
  const data: DeskData = {
    document: "d", person: { id: 7, name: "Ada" }, head: 3, title: "T", text: "Machine.",
    spans: [{ start: 0, end: 8, origin: "machine", author: null, revision: 2, draft: 1 }],
    limits: { words: null, characters: 1000 }, urls: {},
  };
  it("is counted in a pause, not at a key", () => {
    vi.useFakeTimers();
    document.body.innerHTML = `<form><input name="title" value="T"><input name="base_revision" value="3"><textarea name="body"></textarea>
      <span data-part="hands"><svg class="share-bar"><rect class="fill-machine" width="9"/></svg><i data-share="machine">9 %</i></span></form>`;
    const [form, field] = [document.querySelector("form"), document.querySelector("textarea")];
    const desk = new Desk(form as HTMLFormElement, field as HTMLTextAreaElement, data, [extension]);
    showShares(desk);
    const share = document.querySelector("[data-share]") as HTMLElement;
    const label = (): string | null => (document.querySelector("svg") as Element).getAttribute("aria-label");
    vi.runAllTimers();
    expect([share.textContent, label()]).toEqual(["100 %", "100 % machine, 0 % people, 0 % brief"]);
    const read = vi.spyOn(desk, "text");
    for (const letter of "Typed by hand. ") desk.view.dispatch({ changes: { from: 0, insert: letter }, userEvent: "input.type" });
    expect([share.textContent, read.mock.calls.length]).toEqual(["100 %", 0]);
    vi.runAllTimers();
    expect([share.textContent, label()]).toEqual(["35 %", "35 % machine, 65 % people, 0 % brief, not saved yet"]);
    expect(read).toHaveBeenCalledTimes(1);
    expect(document.querySelector("rect")?.getAttribute("width")).toBe("35");
  });
});
