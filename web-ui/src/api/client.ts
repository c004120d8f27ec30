import createClient from 'openapi-fetch';
import { ApiError } from './error';
import type { paths } from './generated/schema';

/**
 * The typed client. Paths, parameters and bodies are checked against the OpenAPI document.
 * The header tells the box that a page of its own asks, not a form on a foreign site.
 */
export const client = createClient<paths>({
  baseUrl: globalThis.location?.origin ?? '',
  headers: { 'X-Offhook': '1' },
  // Looked up at each call, so that the mock can stand in for it.
  fetch: (request) => globalThis.fetch(request),
});

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

let onUnauthorized: () => void = () => undefined;

/** What to do when the session is over. */
export function setUnauthorizedHandler(handler: () => void): void {
  onUnauthorized = handler;
}

/** The answer's body, or throws [`ApiError`] saying what went wrong. */
export async function take<T>(pending: Promise<Answer<T>>): Promise<T> {
  let answer: Answer<T>;
  try {
    answer = await pending;
  } catch {
    throw ApiError.network();
  }
  if (!answer.response.ok) {
    const error = ApiError.from(answer.response.status, answer.error);
    if (error.status === 401 && error.code !== 'wrong_password') onUnauthorized();
    throw error;
  }
  return answer.data as T;
}
