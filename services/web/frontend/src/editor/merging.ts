/** Two people at one text: what came from the other side while somebody writes is said, calmly. */
import { NEWS, type News } from "../telling";
import { SAVED } from "../unsaved";
import type { Saved } from "./data";
import type { Desk } from "./desk";
import { Line } from "./line";

declare module "./data" {
  interface Saved {
    merged_with?: string[];
  }
}

export function mergesInView(desk: Desk): void {
  const line = new Line(desk, "merging");
  let told = 0;
  let fetching = false;
  document.addEventListener(NEWS, (event) => {
    const { head, by } = (event as CustomEvent<News>).detail;
    if (head <= desk.data.head || head === told || fetching) return;
    if (desk.dirty) {
      told = head;
      line.say(waits(by, head));
      return;
    }
    // Nothing was typed here: the newer text simply comes, and undo can take it back.
    fetching = true;
    void desk
      .fetch()
      .then(() => line.say(came(by, desk.data.head)))
      .catch(() => undefined)
      .finally(() => (fetching = false));
  });
  desk.form.addEventListener(SAVED, (event) => {
    const saved = (event as CustomEvent<Saved | undefined>).detail;
    told = 0;
    line.say(saved?.merged ? mergedWith(saved.merged_with ?? [], saved.revision) : "");
  });
}

const who = (by: string): string => (by === "you" ? "You, in another window," : by === "the machine" ? "The machine" : by);

export const waits = (by: string, head: number): string =>
  `${who(by)} saved version ${head}. Yours will be merged when you save.`;

export const came = (by: string, head: number): string => `${who(by)} saved version ${head}. It is in the text now.`;

export function mergedWith(names: readonly string[], revision: number): string {
  const others = names.length > 0 ? names.join(" and ") : "others";
  return `Saved as version ${revision}, merged with the words of ${others.replace("you, in another window", "your other window")}.`;
}
