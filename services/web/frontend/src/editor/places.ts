/** Places in a text: the server counts characters, the browser counts the halves of a pair twice. */

/** Where in `text` a character takes two units (emoji, rare scripts), in units. */
export function pairs(text: string): number[] {
  return Array.from(text.matchAll(/[\ud800-\udbff][\udc00-\udfff]/g), (found) => found.index);
}

/** A place counted in characters, in units. */
export function toUnits(pairsAt: readonly number[], at: number): number {
  let before = 0;
  for (const unit of pairsAt) {
    if (unit - before >= at) break;
    before++;
  }
  return at + before;
}

/** A place counted in units, in characters. */
export function toCharacters(pairsAt: readonly number[], at: number): number {
  let before = 0;
  for (const unit of pairsAt) {
    if (unit >= at) break;
    before++;
  }
  return at - before;
}

interface Placed {
  start: number;
  end: number;
}

const placed = (value: unknown): value is Placed =>
  typeof value === "object" && value !== null && "start" in value && "end" in value &&
  typeof value.start === "number" && typeof value.end === "number";

/** The same data with every `start` and `end` of its lists in units. */
export function inUnits<Data extends { text: string }>(data: Data): Data {
  const pairsAt = pairs(data.text);
  if (pairsAt.length === 0) return data;
  const convert = (value: unknown): unknown =>
    placed(value) ? { ...value, start: toUnits(pairsAt, value.start), end: toUnits(pairsAt, value.end) } : value;
  const entries = Object.entries(data).map(([key, value]) => [key, Array.isArray(value) ? value.map(convert) : value]);
  return Object.fromEntries(entries) as Data;
}
