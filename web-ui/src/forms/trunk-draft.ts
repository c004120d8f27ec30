import type { Trunk, TrunkInput } from '../api/types';
import type { Messages } from '../i18n/messages';
import { isAddress, splitList } from '../util/dial';
import { checkCodecs, soundDraft, soundInput, type SoundDraft } from './sound-draft';

/** What the form holds: texts as typed. */
export interface TrunkDraft extends SoundDraft {
  name: string;
  kind: 'sip' | 'line';
  maxCalls: number;
  line: string;
  uri: string;
  username: string;
  password: string;
  /** Remove the password the box keeps. */
  forget: boolean;
  addresses: string;
  register: boolean;
}

export type TrunkErrors = Partial<Record<keyof TrunkDraft, string>>;

/** A trunk as it is, or a new one; a new one through `line` when that is given. */
export function trunkDraft(from?: Trunk, line?: string): TrunkDraft {
  const sip = from?.kind.kind === 'sip' ? from.kind : undefined;
  return {
    name: from?.name ?? '',
    kind: from?.kind.kind ?? (line ? 'line' : 'sip'),
    maxCalls: from?.max_calls ?? 8,
    line: from?.kind.kind === 'line' ? from.kind.line : (line ?? ''),
    uri: sip?.uri ?? 'sip:',
    username: sip?.username ?? '',
    password: '',
    forget: false,
    addresses: sip?.addresses.join(', ') ?? '',
    register: sip?.register ?? true,
    ...soundDraft(sip),
  };
}

/** Fields of the API's refusals and where they are in the form. */
export const trunkFieldOf: Record<string, keyof TrunkDraft> = {
  name: 'name',
  max_calls: 'maxCalls',
  'kind.line': 'line',
  'kind.uri': 'uri',
  'kind.username': 'username',
  'kind.password': 'password',
  'kind.addresses': 'addresses',
  'kind.codecs': 'codecs',
};

/** A line carries one call. */
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
      // Null keeps the one there is, empty removes it.
      password: draft.password || (draft.forget ? '' : null),
      addresses: splitList(draft.addresses),
      register: draft.register,
      ...soundInput(draft),
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
  if (draft.register && !draft.username.trim()) errors.username = m.trunks.usernameMissing;
  if (!splitList(draft.addresses).every(isAddress)) errors.addresses = m.trunks.addressesInvalid;
  const codecs = checkCodecs(draft, m);
  if (codecs) errors.codecs = codecs;
  return errors;
}
