/** The editor's desk, loaded only on the page where somebody writes. */
import "../styles/editor.css";
import "../styles/proposals.css";
import { EditorView } from "@codemirror/view";
import { one } from "../dom";
import { keepUpToDate } from "./around";
import { keepsWords } from "./autosave";
import { calmDown } from "./calm";
import { proposes } from "./candidates";
import { showCount, wordCount } from "./counting";
import { read } from "./data";
import { Desk } from "./desk";
import * as commentMarks from "./comment_marks";
import { talksAbout } from "./commenting";
import * as direction from "./direction";
import { attributes, keepInStep, standIn, takeItsPlace } from "./field";
import { goesOn } from "./ghost";
import * as history from "./history";
import { knowsTheHouse } from "./house";
import * as keys from "./keys";
import * as moves from "./moves";
import { looking } from "./looking";
import { mergesInView } from "./merging";
import * as prose from "./prose";
import { saves } from "./saving";
import { reading } from "./reading";
import * as search from "./search";
import { showShares } from "./shares";
import { shortcutSheet } from "./sheet";
import { suggests } from "./suggesting";
import * as suggestionMarks from "./suggestion_marks";
import { showsSuggestions } from "./suggestions";
import { tidies } from "./tidy";
import * as tint from "./tint";
import { toolbar } from "./toolbar";
import { tellsWhose } from "./whose";

/** What comes alive on the desk, in this order; each is alone responsible for its own marks on the page. */
const FEATURES: readonly ((desk: Desk) => void)[] = [
  history.keepHistory, // first: nothing may change the text before its past is back
  takeItsPlace,
  saves,
  keepUpToDate,
  toolbar,
  looking,
  goesOn,
  proposes,
  search.findButton,
  showCount,
  showShares,
  calmDown,
  reading,
  suggests,
  showsSuggestions,
  talksAbout,
  tidies,
  knowsTheHouse,
  tellsWhose,
  shortcutSheet,
];

/** After all that: what was kept of unsaved words, and what comes from others. */
const TOGETHER: readonly ((desk: Desk) => void)[] = [mergesInView, keepsWords];

/** What goes wrong with one of them is told to the console and keeps nobody from writing. */
function wake(feature: (desk: Desk) => void, desk: Desk): void {
  try {
    feature(desk);
  } catch (error) {
    reportError(error);
  }
}

export { propose } from "./proposing";

export function open(form: HTMLFormElement): Desk | null {
  const [visible, island] = [one<HTMLTextAreaElement>("textarea[name=body]", form), one("#desk-data")];
  if (!visible || !island) return null;
  const { field, selected } = standIn(visible);
  const desk = new Desk(form, field, read(island.textContent), [
    history.extension,
    keys.extension,
    search.extension(form),
    EditorView.lineWrapping,
    EditorView.scrollMargins.of(() => ({ top: 110, bottom: 60 })), // the bars stay at the top
    attributes(field),
    prose.extension,
    direction.extension,
    tint.extension,
    moves.extension,
    suggestionMarks.extension,
    commentMarks.extension,
    wordCount,
  ]);
  for (const feature of FEATURES) wake(feature, desk);
  desk.extend(keepInStep(desk));
  desk.restore(field.value); // words that the server sent back with something to say about them
  for (const feature of TOGETHER) wake(feature, desk);
  if (selected) {
    desk.view.focus();
    desk.view.dispatch({ selection: { anchor: selected[0], head: selected[1] } });
  }
  form.dispatchEvent(new CustomEvent("copydesk:open", { detail: desk }));
  return desk;
}
