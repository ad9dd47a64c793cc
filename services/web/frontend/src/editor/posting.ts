/** Telling the server something from the desk, as JSON; and what it says when it can't. */
import type { Desk } from "./desk";

export const LOST = "The desk did not answer. Your text is as you left it; please try again.";
const OUT = "You are not logged in any more. Your words are still here: log in in another window, then try again.";

export function post(desk: Desk, url: string, body: unknown, keepalive = false): Promise<Response> {
  const token = (desk.form.elements.namedItem("csrf_token") as HTMLInputElement | null)?.value ?? "";
  return fetch(url, {
    method: "POST",
    body: JSON.stringify(body),
    headers: { Accept: "application/json", "Content-Type": "application/json", "X-CSRFToken": token },
    keepalive,
  });
}

/** Why it was refused, in the server's words. */
export async function reason(answer: Response): Promise<string> {
  if (answer.status === 401) return OUT;
  try {
    return ((await answer.json()) as { error?: string }).error ?? LOST;
  } catch {
    return LOST;
  }
}
