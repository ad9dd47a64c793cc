/** Asking the server again and again, without hurry when it does not answer and not at all while nobody looks. */
const LONGEST = 15_000;

/** Milliseconds until the next try after `failures` failures in a row. */
export const patience = (failures: number): number => Math.min(LONGEST, 500 * 2 ** failures);

export async function ask<Answer>(url: string): Promise<Answer | "gone"> {
  const answer = await fetch(url, { headers: { Accept: "application/json" }, cache: "no-store" });
  if ([401, 403, 404, 410].includes(answer.status)) return "gone"; // logged out, or not theirs any more: the page says it
  if (!answer.ok) throw new Error(String(answer.status));
  return (await answer.json()) as Answer;
}

export const pause = (ms: number): Promise<void> => new Promise((done) => window.setTimeout(done, ms));

/** Waits while the page is not looked at; on return the news is asked for at once. */
export const seen = (): Promise<void> =>
  new Promise((done) => {
    if (!document.hidden) return done();
    const look = (): void => {
      if (document.hidden) return;
      document.removeEventListener("visibilitychange", look);
      done();
    };
    document.addEventListener("visibilitychange", look);
  });
