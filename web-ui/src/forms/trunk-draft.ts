import type { Trunk, TrunkInput } from '../api/types';
import type { Messages } from '../i18n/messages';
import { isAddress, splitList } from '../util/dial';

/** What the form holds: texts as typed. */
export interface TrunkDraft {
  name: string;
  kind: 'sip' | 'line';
  maxCalls: number;
  line: string;
  uri: string;
  username: string;
  password: string;
  addresses: string;
  register: boolean;
}

export type TrunkErrors = Partial<Record<keyof TrunkDraft, string>>;

export function trunkDraft(from?: Trunk): TrunkDraft {
  const sip = from?.kind.kind === 'sip' ? from.kind : undefined;
  return {
    name: from?.name ?? '',
    kind: from?.kind.kind ?? 'sip',
    maxCalls: from?.max_calls ?? 8,
    line: from?.kind.kind === 'line' ? from.kind.line : '',
    uri: sip?.uri ?? 'sip:',
    username: sip?.username ?? '',
    password: '',
    addresses: sip?.addresses.join(', ') ?? '',
    register: sip?.register ?? true,
  };
}

/** A line carries one call. An empty password keeps the one there is. */
export function trunkInput(draft: TrunkDraft): TrunkInput {
  const name = draft.name.trim();
  if (draft.kind === 'line') return { name, max_calls: 1, kind: { kind: 'line', line: draft.line } };
  return {
    name,
    max_calls: draft.maxCalls,
    kind: {
      kind: 'sip',
      uri: draft.uri.trim(),
      username: draft.username.trim() || null,
      password: draft.password || null,
      addresses: splitList(draft.addresses),
      register: draft.register,
    },
  };
}

/** What is wrong, field by field, in words. */
export function checkTrunk(draft: TrunkDraft, m: Messages): TrunkErrors {
  const errors: TrunkErrors = {};
  if (!draft.name.trim()) errors.name = m.common.required;
  if (draft.kind === 'line') {
    if (!draft.line) errors.line = m.common.required;
    return errors;
  }
  if (!/^sips?:[^\s@]+$/i.test(draft.uri.trim())) errors.uri = m.trunks.uriInvalid;
  if (!Number.isInteger(draft.maxCalls) || draft.maxCalls < 1 || draft.maxCalls > 1000) errors.maxCalls = m.trunks.maxCallsInvalid;
  if (!splitList(draft.addresses).every(isAddress)) errors.addresses = m.trunks.addressesInvalid;
  return errors;
}
