/** Saying something about words in the text, and going from what was said to its words and back. */
import { EditorSelection } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { asks, begin, panel, point, renew, TALK, talks } from "../comments";
import { all } from "../dom";
import { carried, find, marks, setMarks, type Place } from "./comment_marks";
import type { Desk } from "./desk";
import { pairs, toUnits } from "./places";
import { save } from "./saving";

export function talksAbout(desk: Desk): void {
  const draw = (): void => {
    // Places in another version wait for the panel, or for the text, to catch up.
    if (Number(panel()?.dataset["head"]) !== desk.data.head) return;
    desk.view.dispatch({ effects: setMarks.of(carried(listed(desk.data.text), desk.data.text, desk.text())) });
  };
  document.addEventListener(TALK, draw);
  desk.onRefresh(({ head }) => {
    if (Number(panel()?.dataset["head"]) !== head) void renew();
  });
  document.addEventListener("click", (event) => {
    const link = (event.target as Element).closest<HTMLElement>("[data-show]");
    if (link && show(desk, link.dataset["show"] ?? "")) event.preventDefault();
  });
  desk.extend(
    EditorView.domEventHandlers({
      mousedown: (event) => {
        const mark = (event.target as Element).closest<HTMLElement>("mark[data-thread]");
        if (mark) point(mark.dataset["thread"] ?? "");
        return false;
      },
    }),
  );
  draw();
  if (!talks()) return;
  const start = (): void => void comment(desk);
  desk.tools.add({ name: "comment", label: "Comment", keys: "Ctrl Alt M", press: start });
  document.addEventListener("keydown", (event) => {
    if (!asks(event)) return;
    event.preventDefault();
    start();
  });
}

/** A comment is about words that are saved, so they are saved first. */
async function comment(desk: Desk): Promise<void> {
  const { main } = desk.view.state.selection;
  if (main.empty) return begin(null);
  if (desk.dirty && !(await save(desk))) return;
  const { from, to } = desk.view.state.selection.main;
  const words = desk.view.state.sliceDoc(from, to);
  begin(words.trim() === "" ? null : { words, base: desk.data.head, start: desk.place(from), end: desk.place(to) });
}

/** The places that the panel knows, in the browser's units. */
function listed(text: string): Place[] {
  const pairsAt = pairs(text);
  return all("[data-comments] [data-thread][data-start]").map(({ dataset }) => ({
    thread: dataset["thread"] ?? "",
    start: toUnits(pairsAt, Number(dataset["start"])),
    end: toUnits(pairsAt, Number(dataset["end"])),
  }));
}

function show(desk: Desk, thread: string): boolean {
  const { view } = desk;
  const place = find(view.state.field(marks), thread, view.state.doc.length);
  if (!place) return false;
  view.dispatch({
    selection: EditorSelection.single(place.from, place.to),
    effects: EditorView.scrollIntoView(place.from, { y: "center" }),
  });
  view.focus();
  point(thread);
  return true;
}
