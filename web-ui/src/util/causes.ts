import type { Messages } from '../i18n/messages';

/** A Q.850 release cause in words. */
export function causeText(cause: number, m: Messages): string {
  const texts = m.calls.causes;
  switch (cause) {
    case 16:
    case 31:
      return texts.normal;
    case 17:
      return texts.busy;
    case 18:
    case 19:
      return texts.noAnswer;
    case 21:
      return texts.rejected;
    case 1:
    case 22:
    case 28:
      return texts.unallocated;
    case 2:
    case 3:
      return texts.noRoute;
    case 34:
    case 42:
    case 44:
    case 47:
      return texts.congestion;
    case 20:
    case 27:
      return texts.unreachable;
    case 52:
    case 54:
    case 57:
    case 63:
      return texts.forbidden;
    case 26:
      return texts.answeredElsewhere;
    case 38:
    case 41:
    case 127:
      return texts.failure;
    default:
      return texts.other(cause);
  }
}
