/** What the server says about a text; see `desk_data.py`. Once read, all places are in the browser's units. */
import { inUnits } from "./places";

export type Origin = "machine" | "brief" | "human" | "tool";

export interface Span {
  start: number;
  end: number;
  origin: Origin;
  author: number | null;
  revision: number;
  draft: number | null;
}

/** Features add their own keys by declaring them in this interface once more. */
export interface DeskData {
  document: string;
  person: { id: number; name: string };
  head: number;
  title: string;
  text: string;
  spans: Span[];
  limits: { words: number | null; characters: number };
  urls: Record<string, string>;
}

/** What a save answers. */
export interface Saved {
  revision: number;
  title: string;
  body: string;
  merged?: boolean;
  desk: DeskData;
}

export const read = (json: string): DeskData => inUnits(JSON.parse(json) as DeskData);

/** The text and all that is known of it, as the server has them now. */
export async function fetchDesk(url: string): Promise<DeskData> {
  const answer = await fetch(url, { headers: { Accept: "application/json" }, cache: "no-store" });
  if (!answer.ok) throw new Error(String(answer.status));
  return inUnits((await answer.json()) as DeskData);
}
