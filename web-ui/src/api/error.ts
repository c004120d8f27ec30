import type { Messages } from '../i18n/messages';

/** Why a request was refused: RFC 9457 problem details, or no answer at all (status 0). */
export class ApiError extends Error {
  readonly status: number;
  /** Stable name, e.g. `extension_taken`. */
  readonly code: string;
  /** The field of the body at fault. */
  readonly field: string | undefined;

  constructor(status: number, code: string, field?: string) {
    super(`${status} ${code}`);
    this.name = 'ApiError';
    this.status = status;
    this.code = code;
    this.field = field;
  }

  static network(): ApiError {
    return new ApiError(0, 'network');
  }

  static from(status: number, body: unknown): ApiError {
    const problem = (typeof body === 'object' && body !== null ? body : {}) as { code?: unknown; field?: unknown };
    return new ApiError(
      status,
      typeof problem.code === 'string' ? problem.code : 'unknown',
      typeof problem.field === 'string' ? problem.field : undefined,
    );
  }
}

/** What to tell the person: what happened and what to do. */
export function explain(error: unknown, m: Messages): string {
  const texts = m.common.errors;
  if (!(error instanceof ApiError)) return texts.server;
  const codes: Partial<Record<string, string>> = m.errors;
  const known = codes[error.code];
  if (known) return known;
  switch (error.status) {
    case 0:
      return texts.network;
    case 401:
      return texts.unauthorized;
    case 403:
      return texts.forbidden;
    case 404:
    case 410:
      return texts.notFound;
    case 409:
      return texts.conflict;
    case 400:
    case 413:
    case 422:
      return texts.invalid;
    case 429:
      return texts.tooMany;
    default:
      return texts.server;
  }
}
