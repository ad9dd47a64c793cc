import { history, historyField, undo, undoDepth } from "@codemirror/commands";
import { EditorState } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { beforeEach, describe, expect, it } from "vitest";
import type { DeskData } from "../../src/editor/data";
import { Desk } from "../../src/editor/desk";
import { bounded, extension, keepHistory } from "../../src/editor/history";
import { extension as tint, markAgain, marked, tint as tints } from "../../src/editor/tint";

let id = 0; // a document of its own for each test: the desks of the tests before still listen
const data = (text: string, head: number): DeskData => ({
  document: `d${id}`, person: { id: 7, name: "Ada" }, head, title: "T", text, spans: [],
  limits: { words: null, characters: 1000 }, urls: {},
});

function open(text: string, head: number): Desk {
  document.body.innerHTML = `<form><input name="title" value="T"><input name="base_revision" value="${head}"><textarea name="body"></textarea></form>`;
  const field = document.querySelector("textarea") as HTMLTextAreaElement;
  field.value = field.defaultValue = text;
  const desk = new Desk(document.querySelector("form") as HTMLFormElement, field, data(text, head), [extension, tint]);
  keepHistory(desk);
  return desk;
}

const type = (desk: Desk, words: string): void =>
  desk.view.dispatch({ changes: { from: desk.view.state.doc.length, insert: words }, userEvent: "input.type" });
const leave = (): boolean => window.dispatchEvent(new Event("pagehide"));
const back = (desk: Desk): string => {
  undo(desk.view);
  return desk.text();
};

describe("undo across a reload", () => {
  beforeEach(() => {
    localStorage.clear();
    id++;
  });

  it("goes on in the same text", () => {
    const first = open("One.", 3);
    type(first, " Two.");
    first.sending();
    first.stored(data("One. Two.", 4));
    leave();
    expect(back(open("One. Two.", 4))).toBe("One.");
  });

  it("takes a redraft back as one step, and then goes on", () => {
    const first = open("One.", 3);
    type(first, " Two.");
    first.sending();
    first.stored(data("One. Two.", 4));
    leave();
    const second = open("Something else altogether.", 5);
    expect(second.dirty).toBe(false);
    expect(back(second)).toBe("One. Two.");
    expect(back(second)).toBe("One.");
  });

  it("brings the tint of unsaved words back with them, and no other text's", () => {
    const take = (desk: Desk): void =>
      desk.view.dispatch({ changes: { from: 4, insert: " Taken." }, effects: markAgain.of([{ start: 4, end: 11, origin: "machine" }]) });
    const machine = (desk: Desk) => marked(desk.view.state.field(tints), 0, desk.view.state.doc.length);
    take(open("One.", 3));
    leave();
    const second = open("One.", 3);
    expect(machine(second)).toEqual([]);
    second.restore("One. Taken.");
    expect(machine(second)).toEqual([{ start: 4, end: 11, origin: "machine" }]);
    const third = open("One.", 3);
    third.restore("One. Other words.");
    expect(machine(third)).toEqual([]);
  });

  it("waits for unsaved words, whoever brings them back", () => {
    const first = open("One.", 3);
    type(first, " Unsaved.");
    leave();
    const second = open("One.", 3);
    expect(undoDepth(second.view.state)).toBe(0);
    second.restore("One. Unsaved.");
    expect(second.dirty).toBe(true);
    expect(back(second)).toBe("One.");
  });

  it("brings words back that it has no history of, as a step", () => {
    const desk = open("One.", 3);
    desk.restore("One. From elsewhere.");
    expect(desk.text()).toBe("One. From elsewhere.");
    expect(back(desk)).toBe("One.");
  });

  it("is another person's business", () => {
    const first = open("One.", 3);
    type(first, " Two.");
    leave();
    expect(Object.keys(localStorage)).toContain(`copydesk:undo:7-d${id}`);
  });

  it("lets broken histories be", () => {
    for (const broken of ["nonsense", '{"text":"One.","steps":{"done":[{"changes":[99]}],"undone":[]},"head":3}', '{"text":1}', "[]"]) {
      localStorage.setItem(`copydesk:undo:7-d${id}`, broken);
      const desk = open("One.", 3);
      type(desk, " Two.");
      expect(back(desk), broken).toBe("One.");
    }
  });

  it("does without a store that is full", () => {
    const desk = open("One.", 3);
    const full = (): never => {
      throw new DOMException("full", "QuotaExceededError");
    };
    const real = Storage.prototype.setItem;
    Storage.prototype.setItem = full;
    try {
      type(desk, " Two.");
      leave();
    } finally {
      Storage.prototype.setItem = real;
    }
    expect(localStorage.length).toBe(0);
    expect(back(desk)).toBe("One.");
  });
});

describe("the size of a history", () => {
  it("is bounded: the oldest steps go first", () => {
    const view = new EditorView({ state: EditorState.create({ extensions: [history({ newGroupDelay: 0 })] }) });
    for (let i = 0; i < 60; i++) view.dispatch({ changes: { from: 0, insert: `step ${i} ` }, userEvent: "paste" });
    const steps = (view.state.toJSON({ history: historyField }) as { history: { done: unknown[]; undone: unknown[] } }).history;
    const kept = bounded(steps, 1500);
    expect(kept.done.length).toBeGreaterThan(2);
    expect(kept.done.length).toBeLessThan(steps.done.length);
    expect(kept.done).toEqual(steps.done.slice(-kept.done.length));
    expect(JSON.stringify(kept.done).length).toBeLessThanOrEqual(1502);
  });
});
