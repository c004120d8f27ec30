import type { Extension, ExtensionInput } from '../api/types';
import type { Messages } from '../i18n/messages';
import { isDialable, isExtension } from '../util/dial';

/** What the form holds: texts as typed. */
export interface ExtensionDraft {
  name: string;
  extension: string;
  ringSeconds: number;
  doNotDisturb: boolean;
  callWaiting: boolean;
  maxCalls: number;
  outsideCalls: boolean;
  forwardAlways: string;
  forwardBusy: string;
  forwardNoAnswer: string;
}

export type ExtensionErrors = Partial<Record<keyof ExtensionDraft, string>>;

export function draftOf(from?: Extension): ExtensionDraft {
  return {
    name: from?.name ?? '',
    extension: from?.extension ?? '',
    ringSeconds: (from?.ring_time_ms ?? 25_000) / 1000,
    doNotDisturb: from?.do_not_disturb ?? false,
    callWaiting: from?.call_waiting ?? true,
    maxCalls: from?.max_calls ?? 4,
    outsideCalls: from?.outside_calls ?? true,
    forwardAlways: from?.forward_always ?? '',
    forwardBusy: from?.forward_busy ?? '',
    forwardNoAnswer: from?.forward_no_answer ?? '',
  };
}

export function inputOf(draft: ExtensionDraft): ExtensionInput {
  return {
    name: draft.name.trim(),
    extension: draft.extension.trim(),
    ring_time_ms: Math.round(draft.ringSeconds * 1000),
    do_not_disturb: draft.doNotDisturb,
    call_waiting: draft.callWaiting,
    max_calls: draft.maxCalls,
    outside_calls: draft.outsideCalls,
    forward_always: draft.forwardAlways.trim() || null,
    forward_busy: draft.forwardBusy.trim() || null,
    forward_no_answer: draft.forwardNoAnswer.trim() || null,
  };
}

/** What is wrong, field by field, in words. */
export function check(draft: ExtensionDraft, m: Messages): ExtensionErrors {
  const errors: ExtensionErrors = {};
  if (!draft.name.trim()) errors.name = m.common.required;
  if (!isExtension(draft.extension.trim())) errors.extension = m.extensions.numberInvalid;
  if (!within(draft.ringSeconds, 5, 180)) errors.ringSeconds = m.extensions.ringTimeInvalid;
  if (!within(draft.maxCalls, 1, 100)) errors.maxCalls = m.extensions.maxCallsInvalid;
  for (const field of ['forwardAlways', 'forwardBusy', 'forwardNoAnswer'] as const) {
    const to = draft[field].trim();
    if (to && !isDialable(to)) errors[field] = m.extensions.forwardInvalid;
    else if (to && to === draft.extension.trim()) errors[field] = m.extensions.forwardSelf;
  }
  return errors;
}

function within(value: number | null, low: number, high: number): boolean {
  return value !== null && Number.isInteger(value) && value >= low && value <= high;
}

/** Where the box's complaint about a field of the body belongs in the form. */
export const fieldOf: Record<string, keyof ExtensionDraft> = {
  name: 'name',
  extension: 'extension',
  ring_time_ms: 'ringSeconds',
  max_calls: 'maxCalls',
  forward_always: 'forwardAlways',
  forward_busy: 'forwardBusy',
  forward_no_answer: 'forwardNoAnswer',
};
