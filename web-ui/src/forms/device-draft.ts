import type { CodecName, Device, DeviceInput } from '../api/types';
import type { Messages } from '../i18n/messages';

/** What the form of a telephone holds. */
export interface DeviceDraft {
  label: string;
  encryption: Device['encryption'];
  /** Whether the box chooses the codecs; then `codecs` is of no account. */
  automatic: boolean;
  /** Best first. */
  codecs: CodecName[];
}

/** All codecs of the box. */
export const codecNames: CodecName[] = ['opus', 'g722', 'pcma', 'pcmu', 'l16'];

/** The list to start a choice from: the usual ones of the box. */
const usual: CodecName[] = ['opus', 'g722', 'pcma', 'pcmu'];

export function deviceDraft(device: Device): DeviceDraft {
  const { label, encryption, codecs } = device;
  return { label, encryption, automatic: codecs.length === 0, codecs: codecs.length === 0 ? usual : codecs };
}

/** The telephone as it is to be, whole: what a request leaves out goes back to its default. */
export function deviceInput(device: Device, draft: DeviceDraft): DeviceInput {
  const { kind } = device;
  return {
    label: draft.label.trim(),
    kind: kind.kind === 'sip' ? { kind: 'sip', username: kind.username } : kind,
    encryption: draft.encryption,
    codecs: draft.automatic ? [] : draft.codecs,
  };
}

/** What is wrong, field by field, in words. */
export function checkDevice(draft: DeviceDraft, m: Messages): { codecs: string | undefined } {
  return { codecs: !draft.automatic && draft.codecs.length === 0 ? m.extensions.codecsNone : undefined };
}
