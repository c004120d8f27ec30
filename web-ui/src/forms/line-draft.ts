import type { Line, LineInput } from '../api/types';
import type { Messages } from '../i18n/messages';

/** What the form holds: texts as typed. */
export interface LineDraft {
  kind: Line['kind'];
  port: number;
  label: string;
  /** Identifier of the extension whose telephone is on it, or empty. */
  extension: string;
  supervision: Line['answer_supervision'];
}

export type LineErrors = Partial<Record<keyof LineDraft, string>>;

/** Fields of the API's refusals and where they are in the form. */
export const lineFieldOf: Record<string, keyof LineDraft> = {
  port: 'port',
  label: 'label',
  kind: 'kind',
  extension_id: 'extension',
};

/** Highest port number the box takes. */
const mostPorts = 1024;

/** A line as it is, or a new one on the first port nobody has. */
export function lineDraft(from: Line | undefined, others: Line[]): LineDraft {
  const ports = new Set(others.map((line) => line.port));
  let free = 1;
  while (ports.has(free)) free++;
  return {
    kind: from?.kind ?? 'fxs',
    port: from?.port ?? free,
    label: from?.label ?? '',
    extension: from?.extension_id ?? '',
    supervision: from?.answer_supervision ?? 'delay',
  };
}

export function lineInput(draft: LineDraft): LineInput {
  const common = { kind: draft.kind, port: draft.port, label: draft.label.trim() };
  return draft.kind === 'fxs' ? { ...common, extension_id: draft.extension || null } : { ...common, answer_supervision: draft.supervision };
}

/** What is wrong, field by field, in words. `others` are the lines beside this one. */
export function checkLine(draft: LineDraft, others: Line[], m: Messages): LineErrors {
  const errors: LineErrors = {};
  if (!Number.isInteger(draft.port) || draft.port < 1 || draft.port > mostPorts) errors.port = m.lines.portInvalid;
  else if (others.some((line) => line.port === draft.port)) errors.port = m.errors.port_taken;
  return errors;
}
