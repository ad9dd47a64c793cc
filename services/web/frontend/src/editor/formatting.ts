/** Markdown by keys and buttons: each puts its marks around words or before lines, and takes them away again. */
import { syntaxTree } from "@codemirror/language";
import { EditorSelection, type ChangeSpec, type EditorState, type Line, type SelectionRange, type StateCommand } from "@codemirror/state";

interface Edit {
  changes: ChangeSpec[];
  range: SelectionRange;
}

/** `**` or `*` around the selected words; without a selection around the word at the cursor. */
export const emphasis =
  (mark: string): StateCommand =>
  ({ state, dispatch }) => {
    const edits = state.changeByRange((range) => {
      const around = range.empty ? (state.wordAt(range.head) ?? range) : range;
      return unwrapped(state, around, range, mark) ?? wrapped(state, around, range, mark);
    });
    dispatch(state.update(edits, { scrollIntoView: true, userEvent: "input.format" }));
    return true;
  };

const isMark = (state: EditorState, from: number, mark: string): boolean => {
  const [before, after] = [state.sliceDoc(from - 1, from), state.sliceDoc(from + mark.length, from + mark.length + 1)];
  if (state.sliceDoc(from, from + mark.length) !== mark) return false;
  if (mark.length > 1) return true;
  // One star of two is no star of its own, but the third of three is.
  return (before !== mark && after !== mark) || run(state, from, mark) === 3;
};

/** How many marks stand side by side here. */
function run(state: EditorState, at: number, mark: string): number {
  let [from, to] = [at, at];
  while (state.sliceDoc(from - 1, from) === mark) from--;
  while (state.sliceDoc(to, to + 1) === mark) to++;
  return to - from;
}

function unwrapped(state: EditorState, { from, to }: SelectionRange | Line, range: SelectionRange, mark: string): Edit | null {
  const size = mark.length;
  const outside = isMark(state, from - size, mark) && isMark(state, to, mark);
  const inside = to - from >= 2 * size && isMark(state, from, mark) && isMark(state, to - size, mark);
  if (!outside && !inside) return null;
  const [first, last] = outside ? [from - size, to] : [from, to - size];
  const changes = [
    { from: first, to: first + size },
    { from: last, to: last + size },
  ];
  const map = state.changes(changes);
  return { changes, range: EditorSelection.range(map.mapPos(range.anchor, 1), map.mapPos(range.head, -1)) };
}

/** Each selected line by itself: emphasis does not reach over the end of a paragraph. */
function wrapped(state: EditorState, around: SelectionRange | Line, range: SelectionRange, mark: string): Edit {
  if (around.from === around.to) {
    const cursor = EditorSelection.cursor(around.from + mark.length);
    return { changes: [{ from: around.from, insert: mark + mark }], range: cursor };
  }
  const changes: ChangeSpec[] = [];
  for (let at = around.from; at <= around.to; ) {
    const line = state.doc.lineAt(at);
    const text = state.sliceDoc(Math.max(at, line.from), Math.min(around.to, line.to));
    const [from, words] = [at + text.length - text.trimStart().length, text.trim()];
    if (words) changes.push({ from, insert: mark }, { from: from + words.length, insert: mark });
    at = line.to + 1;
  }
  const map = state.changes(changes);
  return { changes, range: EditorSelection.range(map.mapPos(range.anchor, 1), map.mapPos(range.head, -1)) };
}

/** `[words](address)`, with the cursor where something is missing; inside a link it leaves the words alone. */
export const link: StateCommand = ({ state, dispatch }) => {
  const range = state.selection.main;
  const found = linkAround(state, range.head);
  if (found) {
    const words = /^\[([^\]]*)\]/.exec(state.sliceDoc(found.from, found.to))?.[1] ?? "";
    const end = found.from + 1 + words.length;
    const changes = [{ from: found.from, to: found.from + 1 }, { from: end, to: found.to }];
    dispatch(state.update({ changes, userEvent: "input.format" }));
    return true;
  }
  const around = range.empty ? (state.wordAt(range.head) ?? range) : range;
  const words = state.sliceDoc(around.from, around.to);
  const isAddress = /^(https?:\/\/|www\.)\S+$/.test(words);
  const insert = isAddress ? `[](${words})` : `[${words}](https://)`;
  const address = around.from + words.length + 3;
  const selection =
    isAddress || !words ? { anchor: around.from + 1 } : { anchor: address, head: address + "https://".length };
  dispatch(
    state.update({ changes: { from: around.from, to: around.to, insert }, selection, scrollIntoView: true, userEvent: "input.format" }),
  );
  return true;
};

function linkAround(state: EditorState, at: number): { from: number; to: number } | null {
  for (let node = syntaxTree(state).resolveInner(at, 0) as ReturnType<typeof parentOf>; node; node = parentOf(node)) {
    if (node.name === "Link") return { from: node.from, to: node.to };
  }
  return null;
}

const parentOf = (node: { name: string; from: number; to: number; parent: unknown }): typeof node | null =>
  node.parent as typeof node | null;

const PREFIX = /^(#{1,6} |> |[-*+] |\d{1,3}[.)] )/;

/** `## `, `> ` or `- ` before every selected line; when all have it already, it goes. Another prefix gives way. */
export const prefix =
  (mark: string): StateCommand =>
  ({ state, dispatch }) => {
    const lines = selectedLines(state);
    const all = lines.every((line) => line.text.startsWith(mark));
    const changes = lines.map((line) => {
      const there = PREFIX.exec(line.text)?.[0].length ?? 0;
      return { from: line.from, to: line.from + there, insert: all ? "" : mark };
    });
    dispatch(state.update({ changes, userEvent: "input.format", scrollIntoView: true }));
    return true;
  };

function selectedLines(state: EditorState): Line[] {
  const lines = new Map<number, Line>();
  for (const range of state.selection.ranges) {
    for (let at = range.from; at <= range.to; ) {
      const line = state.doc.lineAt(at);
      lines.set(line.number, line);
      at = line.to + 1;
    }
  }
  const written = Array.from(lines.values()).filter((line) => line.text.trim() !== "");
  return written.length > 0 ? written : Array.from(lines.values()).slice(0, 1);
}

const ITEM = /^(\s*)(> ?|[-*+] |(\d{1,3})([.)]) )/;

/** Enter in a list or quote begins its next line; on an empty one it ends the list. */
export const continued: StateCommand = ({ state, dispatch }) => {
  const range = state.selection.main;
  const line = state.doc.lineAt(range.head);
  const found = ITEM.exec(line.text);
  if (!range.empty || !found || range.head < line.from + found[0].length) return false;
  if (line.text === found[0] || line.text.trim() === found[0].trim()) {
    dispatch(state.update({ changes: { from: line.from, to: line.to }, userEvent: "delete" }));
    return true;
  }
  const mark = found[3] ? `${Number(found[3]) + 1}${found[4]} ` : found[2];
  const insert = `\n${found[1]}${mark}`;
  const selection = { anchor: range.head + insert.length };
  dispatch(state.update({ changes: { from: range.head, insert }, selection, scrollIntoView: true, userEvent: "input" }));
  return true;
};
