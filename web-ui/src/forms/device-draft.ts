import type { Device, DeviceInput } from '../api/types';
import type { Messages } from '../i18n/messages';
import { checkCodecs, soundDraft, soundInput, type SoundDraft } from './sound-draft';

/** What the form of a telephone holds. */
export interface DeviceDraft extends SoundDraft {
  label: string;
}

export function deviceDraft(device: Device): DeviceDraft {
  return { label: device.label, ...soundDraft(device) };
}

/** The telephone as it is to be, whole: what a request leaves out goes back to its default. */
export function deviceInput(device: Device, draft: DeviceDraft): DeviceInput {
  const { kind } = device;
  return {
    label: draft.label.trim(),
    kind: kind.kind === 'sip' ? { kind: 'sip', username: kind.username } : kind,
    ...soundInput(draft),
  };
}

/** What is wrong, field by field, in words. */
export function checkDevice(draft: DeviceDraft, m: Messages): { codecs: string | undefined } {
  return { codecs: checkCodecs(draft, m) };
}
