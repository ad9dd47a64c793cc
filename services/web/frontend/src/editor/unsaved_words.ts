/** Which unsaved words a page brings back: the desk's, or this browser's where those are newer. */
import type { Copy } from "./copies";

/** What the desk kept; see `live.of_page`. */
export interface Unsent {
  tab: string;
  version: number;
  base: number;
  title: string;
  body: string;
  merged: boolean;
  kept_at: string;
}

declare module "./data" {
  interface DeskData {
    unsent?: Unsent | null;
    settled?: Record<string, number>; // how far each window had come when its words were saved or thrown away
  }
}

interface Page {
  title: string;
  text: string;
  unsent?: Unsent | null;
  settled?: Record<string, number>;
}

export interface Found extends Copy {
  merged: boolean; // with what was saved meanwhile
}

/** Copies that hold nothing: saved, thrown away, or what the page shows anyway. */
export const stale = (copy: Copy, page: Page): boolean =>
  copy.version <= (page.settled?.[copy.tab] ?? -1) || (!copy.none && copy.body === page.text && copy.title === page.title);

/** Words taken back in this browser, of which the desk may not have heard yet: the page was left at once. */
export const takenBack = (page: Page, copies: readonly Copy[]): Copy[] =>
  copies.filter((copy) => copy.none && !stale(copy, page));

/** The words that were typed last; null when nothing waits. */
export function newest(page: Page, copies: readonly Copy[]): Found | null {
  const alive = copies.filter((copy) => !copy.none && !stale(copy, page));
  const here = alive.reduce<Copy | null>((best, copy) => (best && best.at >= copy.at ? best : copy), null);
  const back = takenBack(page, copies).some(({ tab, version }) => tab === page.unsent?.tab && version >= page.unsent.version);
  const there = back ? null : (page.unsent ?? null);
  if (!there) return here && { ...here, merged: false };
  const same = alive.find((copy) => copy.tab === there.tab);
  const at = same?.at ?? Date.parse(there.kept_at);
  if (same && same.version > there.version) return { ...newer(same, here), merged: false };
  if (here && here.tab !== there.tab && here.at > at) return { ...here, merged: false };
  return { ...there, at };
}

const newer = (one: Copy, other: Copy | null): Copy => (other && other.at > one.at ? other : one);
