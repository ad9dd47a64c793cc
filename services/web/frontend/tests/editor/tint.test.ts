import { history, redo, undo } from "@codemirror/commands";
import { ChangeSet, EditorState, type TransactionSpec } from "@codemirror/state";
import { describe, expect, it } from "vitest";
import type { Span } from "../../src/editor/data";
import { carried, extension, marked, setSpans, tint } from "../../src/editor/tint";

const span = (start: number, end: number, origin: Span["origin"] = "machine"): Span => ({
  start, end, origin, author: null, revision: 2, draft: null,
});

/** The text with its marks: machine in [], brief in (), tool in {}. */
function shown(state: EditorState): string {
  const signs = { machine: "[]", brief: "()", tool: "{}", human: "  " };
  let [text, at] = ["", 0];
  for (const place of marked(state.field(tint), 0, state.doc.length)) {
    text += state.sliceDoc(at, place.start) + signs[place.origin][0];
    text += state.sliceDoc(place.start, place.end) + signs[place.origin][1];
    at = place.end;
  }
  return text + state.sliceDoc(at);
}

class Sheet {
  state: EditorState;
  constructor(doc: string, spans: Span[]) {
    this.state = EditorState.create({ doc, extensions: [history(), extension] });
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
  get text(): string {
    return shown(this.state);
  }
}

describe("the tint", () => {
  it("leaves what is typed plain: inside, before and after", () => {
    const sheet = new Sheet("machine words", [span(0, 13)]);
    expect(sheet.change({ changes: { from: 7, insert: " made" } }).text).toBe("[machine] made[ words]");
    expect(sheet.change({ changes: { from: 0, insert: "A " } }).text).toBe("A [machine] made[ words]");
    expect(sheet.change({ changes: { from: sheet.state.doc.length, insert: "." } }).text).toBe("A [machine] made[ words].");
  });

  it("keeps the rest when words are replaced over a border", () => {
    const sheet = new Sheet("machine brief", [span(0, 8), span(8, 13, "brief")]);
    expect(sheet.change({ changes: { from: 5, to: 10, insert: "-" } }).text).toBe("[machi]-(ief)");
  });

  it("gives words back with their marks by undo, and takes them away by redo", () => {
    const sheet = new Sheet("one two three", [span(0, 8), span(8, 13, "tool")]);
    sheet.change({ changes: { from: 4, to: 10 } });
    expect(sheet.text).toBe("[one ]{ree}");
    expect(sheet.run(undo).text).toBe("[one ][two ]{th}{ree}");
    expect(sheet.run(redo).text).toBe("[one ]{ree}");
  });

  it("undoes a replacement: the typed words go, the machine's come back marked", () => {
    const sheet = new Sheet("one two three", [span(0, 13)]);
    sheet.change({ changes: { from: 4, to: 7, insert: "2" } });
    expect(sheet.text).toBe("[one ]2[ three]");
    expect(sheet.run(undo).text).toBe("[one ][two][ three]");
  });

  it("is replaced by the server's truth", () => {
    const sheet = new Sheet("one two", [span(0, 7)]);
    expect(sheet.change({ effects: setSpans.of([span(4, 7, "brief")]) }).text).toBe("one (two)");
  });

  it("follows several changes at once", () => {
    const sheet = new Sheet("aaa bbb ccc", [span(0, 11)]);
    sheet.change({ changes: [{ from: 0, insert: "x" }, { from: 5, insert: "y" }, { from: 8, to: 11, insert: "z" }] });
    expect(sheet.text).toBe("x[aaa b]y[bb ]z");
  });

  it("carries the server's spans over what was typed meanwhile", () => {
    const since = ChangeSet.of([{ from: 3, insert: "XY" }, { from: 8, to: 11 }], 11);
    expect(carried([span(0, 11)], since)).toEqual([
      { start: 0, end: 3, origin: "machine" },
      { start: 5, end: 10, origin: "machine" },
    ]);
  });

  it("touches only the marks at the cursor, however many there are", () => {
    const words = 20_000;
    const sheet = new Sheet("ab ".repeat(words), Array.from({ length: words }, (_, i) => span(3 * i, 3 * i + 2)));
    const before = sheet.state.field(tint);
    let kept = 0;
    sheet.change({ changes: { from: 30_001, insert: "x" } });
    const after = sheet.state.field(tint);
    const values = new Set<unknown>();
    // RangeSet shares the pieces that a change did not reach: all but the one around the cursor are the same objects.
    const chunks = (set: unknown): unknown[] => (set as { chunk: unknown[] }).chunk;
    for (const chunk of chunks(before)) values.add(chunk);
    for (const chunk of chunks(after)) if (values.has(chunk)) kept++;
    expect(after.size).toBe(words + 1);
    expect(chunks(after).length - kept).toBeLessThan(5);
  });
});
