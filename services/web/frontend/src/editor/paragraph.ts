/** Which paragraph the cursor is in, counted as the desk does: lines with something in them, from 1. */
import type { Desk } from "./desk";

export function paragraphAt(desk: Desk): number | null {
  const { doc, selection } = desk.view.state;
  let number = 0;
  const last = doc.lineAt(selection.main.head).number;
  const lines = doc.iterLines(1, last + 1);
  for (const line of lines) if (line.trim() !== "") number += 1;
  return number || null;
}
