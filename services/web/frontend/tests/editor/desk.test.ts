import { undo } from "@codemirror/commands";
import { describe, expect, it } from "vitest";
import type { DeskData, Span } from "../../src/editor/data";
import { Desk } from "../../src/editor/desk";
import { extension as history } from "../../src/editor/history";
import { extension, markAgain, marked, tint } from "../../src/editor/tint";

const machine = (start: number, end: number): Span => ({ start, end, origin: "machine", author: null, revision: 2, draft: 1 });

const data = (text: string, head: number, spans: Span[] = []): DeskData => ({
  document: "d", person: { id: 7, name: "Ada" }, head, title: "T", text, spans,
  limits: { words: null, characters: 1000 }, urls: {},
});

function open(text: string): Desk {
  document.body.innerHTML = `<form><input name="title" value="T"><input name="base_revision" value="3"><textarea name="body"></textarea></form>`;
  const field = document.querySelector("textarea") as HTMLTextAreaElement;
  field.value = field.defaultValue = text;
  return new Desk(document.querySelector("form") as HTMLFormElement, field, data(text, 3), [history, extension]);
}

const insert = (desk: Desk, from: number, words: string): void => desk.view.dispatch({ changes: { from, insert: words } });
const marks = (desk: Desk): string[] =>
  marked(desk.view.state.field(tint), 0, desk.view.state.doc.length).map(({ start, end }) => desk.view.state.sliceDoc(start, end));

describe("the desk and the server", () => {
  it("keeps what was typed while a save was on its way", () => {
    const desk = open("One. Three.");
    insert(desk, 4, " Two.");
    desk.sending();
    insert(desk, desk.view.state.doc.length, " Four.");
    desk.stored(data("One. Two. Three.", 4, [machine(0, 4), machine(9, 16)]));
    expect(desk.text()).toBe("One. Two. Three. Four.");
    expect(marks(desk)).toEqual(["One.", " Three."]);
    expect(desk.dirty).toBe(true);
    expect((desk.form.elements.namedItem("base_revision") as HTMLInputElement).value).toBe("4");
  });

  it("keeps the tint of words that the server does not know yet, whatever news comes", () => {
    const desk = open("One. Three.");
    const take = (words: string): void => {
      const start = desk.view.state.doc.length;
      const effects = markAgain.of([{ start, end: start + words.length, origin: "machine" }]);
      desk.view.dispatch({ changes: { from: start, insert: words }, effects });
    };
    take(" Taken.");
    desk.refresh(data("Zero. One. Three.", 4, [machine(0, 5)]));
    expect([desk.text(), marks(desk)]).toEqual(["Zero. One. Three. Taken.", ["Zero.", " Taken."]]);
    desk.sending();
    take(" And more.");
    desk.stored(data("Zero. One. Three. Taken.", 5, [])); // the server may say otherwise of what it was given
    expect(marks(desk)).toEqual([" And more."]);
  });

  it("puts a merged answer under it", () => {
    const desk = open("A\n\nB\n\nC");
    insert(desk, 1, " mine");
    desk.sending();
    insert(desk, 0, "Now: ");
    desk.stored(data("A mine\n\nB\n\nC theirs", 5));
    expect(desk.text()).toBe("Now: A mine\n\nB\n\nC theirs");
  });

  it("takes news from elsewhere without losing a word, and gives the step back by undo", () => {
    const desk = open("One two three.");
    insert(desk, 0, "Typed: ");
    desk.refresh(data("One 2 three.", 4));
    expect(desk.text()).toBe("Typed: One 2 three.");
    undo(desk.view);
    expect(desk.text()).toBe("Typed: One two three.");
  });

  it("waits for its own answer before it takes other news", () => {
    const desk = open("One.");
    insert(desk, 4, " Two.");
    desk.sending();
    desk.refresh(data("One.", 3));
    expect(desk.text()).toBe("One. Two.");
    desk.stored(data("One. Two.", 4));
    expect(desk.dirty).toBe(false);
  });

  it("has nothing unsaved when a word was typed and taken out again", () => {
    const desk = open("One.");
    insert(desk, 4, "x");
    expect(desk.dirty).toBe(true);
    undo(desk.view);
    expect(desk.dirty).toBe(false);
  });

  it("counts places as the server does", () => {
    const desk = open("🔥 ovens");
    expect(desk.place(3)).toBe(2);
    insert(desk, 0, "The ");
    expect(desk.place(6)).toBe(5);
  });
});
