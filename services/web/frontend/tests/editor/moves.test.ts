import { history, redo, undo, moveLineDown } from "@codemirror/commands";
import { EditorState, type TransactionSpec } from "@codemirror/state";
import { describe, expect, it } from "vitest";
import type { Span } from "../../src/editor/data";
import { bounded, copied, extension as moves, gone, moved } from "../../src/editor/moves";
import { extension as tints, marked, setSpans, tint } from "../../src/editor/tint";

const span = (start: number, end: number, origin: Span["origin"] = "machine"): Span => ({
  start, end, origin, author: null, revision: 2, draft: null,
});

class Sheet {
  state: EditorState;
  constructor(doc: string, spans: Span[]) {
    this.state = EditorState.create({ doc, extensions: [history(), tints, moves] });
    this.change({ effects: setSpans.of(spans) });
  }
  change(spec: TransactionSpec): this {
    this.state = this.state.update(spec).state;
    return this;
  }
  run(command: typeof undo): this {
    command({ state: this.state, dispatch: (transaction) => (this.state = transaction.state) });
    return this;
  }
  cut(words: string): this {
    const from = this.state.doc.toString().indexOf(words);
    return this.change({ changes: { from, to: from + words.length }, userEvent: "delete.cut" });
  }
  paste(at: number, insert: string): this {
    return this.change({ changes: { from: at, insert }, userEvent: "input.paste" });
  }
  get machine(): string[] {
    return marked(this.state.field(tint), 0, this.state.doc.length).map(({ start, end }) => this.state.sliceDoc(start, end));
  }
  get end(): number {
    return this.state.doc.length;
  }
}

const MINE = "I typed this part. ";
const ITS = "The machine wrote these few words. ";

describe("words that move", () => {
  it("keep their author when they are cut and pasted, and by undo and redo", () => {
    const sheet = new Sheet(ITS + MINE, [span(0, ITS.length)]).cut(ITS);
    expect(sheet.machine).toEqual([]);
    sheet.paste(sheet.end, ITS);
    expect(sheet.machine).toEqual([ITS]);
    sheet.run(undo);
    expect(sheet.machine).toEqual([]);
    sheet.run(redo);
    expect(sheet.machine).toEqual([ITS]);
    sheet.run(undo).run(undo);
    expect([sheet.machine, sheet.state.doc.toString()]).toEqual([[ITS], ITS + MINE]);
  });

  it("keep each its own: what a person wrote between them stays plain", () => {
    const mixed = "The machine wrote, and I wrote, all of this.";
    const sheet = new Sheet(`${mixed} End.`, [span(0, 18), span(31, 44, "brief")]).cut(mixed).paste(5, ` ${mixed}`);
    expect(sheet.machine).toEqual(["The machine wrote,", " all of this."]);
  });

  it("keep it when they are dragged, or moved line by line", () => {
    const sheet = new Sheet(`${MINE}${ITS}`, [span(MINE.length, MINE.length + ITS.length)]);
    sheet.change({
      changes: [{ from: 0, insert: ITS }, { from: MINE.length, to: MINE.length + ITS.length }], userEvent: "move.drop",
    });
    expect([sheet.machine, sheet.state.doc.toString()]).toEqual([[ITS], ITS + MINE]);
    const lines = new Sheet("Mine at first.\nThe machine's line.\nEnd", [span(15, 34)]).run(moveLineDown);
    expect([lines.machine, lines.state.doc.line(1).text]).toEqual([["The machine's line."], "The machine's line."]);
  });

  it("come once: the second time they are a copy, which counts when it is a sentence or long", () => {
    const phrase = "machine wrote these few";
    const sheet = new Sheet(ITS + MINE, [span(0, ITS.length)]).cut(phrase);
    sheet.paste(sheet.end, phrase);
    expect(sheet.machine.filter((one) => one === phrase)).toHaveLength(1);
    sheet.paste(sheet.end, phrase);
    expect(sheet.machine.filter((one) => one === phrase)).toHaveLength(1);
    const whole = new Sheet(ITS + MINE, [span(0, ITS.length)]);
    whole.paste(whole.end, ITS.trim());
    expect(whole.machine).toEqual([ITS, ITS.trim()]);
  });

  it("are a person's when they are few, and something else came with them", () => {
    const sheet = new Sheet(ITS + MINE, [span(0, ITS.length)]).cut("machine wrote");
    sheet.paste(sheet.end, "The machine wrote it.");
    expect(sheet.machine.join("")).toBe(ITS.replace("machine wrote", ""));
  });

  it("are told by the server once it knows them: then fewer than five are a person's", () => {
    const sheet = new Sheet(ITS + MINE, [span(0, ITS.length)]).cut("machine wrote these few");
    sheet.change({ effects: setSpans.of([]) });
    sheet.paste(0, "machine wrote these few");
    expect(sheet.machine).toEqual([]);
  });

  it("cost nothing at a key, and never more than their room", () => {
    const sheet = new Sheet(ITS, [span(0, ITS.length)]);
    const before = sheet.state.field(gone);
    sheet.change({ changes: { from: 3, insert: "x" }, userEvent: "input.type" });
    expect(sheet.state.field(gone)).toBe(before);
    expect(bounded([{ text: "x".repeat(9), places: [], saved: false }, { text: "y".repeat(9), places: [], saved: false }], 12)).toHaveLength(1);
  });
});

describe("one change looked at", () => {
  const piece = (text: string, saved = false) => ({ text, saved });
  it("finds a part in the whole and the whole in more", () => {
    expect(moved(piece("One two three four five."), "two three four five")).toEqual({ from: 4, at: 0, size: 19 });
    expect(moved(piece("one two three four"), "And one two three four, too.")).toEqual({ from: 0, at: 4, size: 18 });
    expect(moved(piece("one two three"), "And one two three, too.")).toBeNull();
    expect(moved(piece("\nA short line"), "A short line\n")).toEqual({ from: 1, at: 0, size: 12 });
    expect(moved(piece("A short line", true), "A short line")).toBeNull();
  });
  it("counts characters where words have no spaces", () => {
    expect(moved(piece("日本語の文章です", true), "日本語の文章です")).toEqual({ from: 0, at: 0, size: 8 });
  });
  it("takes a sentence for a copy, not a phrase", () => {
    const text = "It was old. The pots are on the shelf. So be it.";
    expect(copied(text, "The pots are on the shelf.")).toEqual({ from: 12, at: 0, size: 26 });
    expect(copied(text, "pots are on the shelf")).toBeNull();
  });
});
