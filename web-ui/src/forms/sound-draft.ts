import type { CodecName, DeviceInput } from '../api/types';
import type { Messages } from '../i18n/messages';

/** How the sound and the digits of a SIP telephone or trunk go, as the API names it. */
export type SipSound = Required<Pick<DeviceInput, 'encryption' | 'codecs' | 'digits'>>;

/** What a form holds of it. */
export interface SoundDraft {
  encryption: SipSound['encryption'];
  digits: SipSound['digits'];
  /** Whether the box chooses the codecs; then `codecs` is of no account. */
  automatic: boolean;
  /** Best first. */
  codecs: CodecName[];
}

/** All codecs of the box. */
export const codecNames: CodecName[] = ['opus', 'g722', 'pcma', 'pcmu', 'l16'];

/** The list to start a choice from: the usual ones of the box. */
const usual: CodecName[] = ['opus', 'g722', 'pcma', 'pcmu'];

export function soundDraft(from?: SipSound): SoundDraft {
  const { encryption, codecs, digits } = from ?? { encryption: 'auto', codecs: [], digits: 'auto' };
  return { encryption, digits, automatic: codecs.length === 0, codecs: codecs.length === 0 ? usual : codecs };
}

export function soundInput(draft: SoundDraft): SipSound {
  return { encryption: draft.encryption, codecs: draft.automatic ? [] : draft.codecs, digits: draft.digits };
}

/** What is wrong with the codecs, in words. */
export function checkCodecs(draft: SoundDraft, m: Messages): string | undefined {
  return !draft.automatic && draft.codecs.length === 0 ? m.sipSound.codecsNone : undefined;
}
