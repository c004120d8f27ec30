import type { TraceMessage } from '../api/types';

/** Most columns beside the box; further addresses share the last. */
const mostPeers = 8;

/** Who the box spoke with: one column of the ladder. */
export interface Peer {
  /** Transport and address. */
  address: string;
  /** What it calls itself: `User-Agent` or `Server` of its messages. */
  agent: string;
}

/** A message as an arrow between two columns. The box is column 1. */
export interface Rung {
  /** Milliseconds since the first message. */
  offset: number;
  from: number;
  to: number;
  /** `INVITE`, `180 Ringing`. */
  title: string;
  /** CSeq, in brackets beside the title where there is room. */
  cseq: string;
  /** It carries a description of the sound. */
  sdp: boolean;
  kind: 'request' | 'progress' | 'success' | 'failure';
  text: string;
}

export interface Ladder {
  /** Left of the box, then those right of it. */
  peers: Peer[];
  rungs: Rung[];
}

/** Column of the box: the first to speak is left of it, the others right. */
export const boxColumn = 1;

/** The messages of a call as a ladder, in the order they came. */
export function ladderOf(messages: TraceMessage[]): Ladder {
  const peers: Peer[] = [];
  const start = messages[0]?.time ?? 0;
  const rungs = messages.map((message): Rung => {
    const sent = message.direction === 'sent';
    const address = `${message.transport} ${sent ? message.to : message.from}`;
    let index = peers.findIndex((peer) => peer.address === address);
    if (index < 0 && peers.length < mostPeers) index = peers.push({ address, agent: '' }) - 1;
    if (index < 0) index = peers.length - 1;
    const peer = peers[index];
    if (peer && !sent && !peer.agent) peer.agent = agentOf(message.text);
    const column = index === 0 ? 0 : index + 1;
    const status = /^SIP\/2\.0 (\d)(.*)$/.exec(message.first_line);
    return {
      offset: Math.max(0, message.time - start),
      from: sent ? boxColumn : column,
      to: sent ? column : boxColumn,
      title: status ? `${status[1]}${status[2]}` : (message.first_line.split(' ')[0] ?? ''),
      cseq: status ? message.cseq : (message.cseq.split(' ')[0] ?? ''),
      sdp: /\r?\n\r?\nv=0/.test(message.text),
      kind: !status ? 'request' : status[1] === '1' ? 'progress' : status[1] === '2' ? 'success' : 'failure',
      text: message.text.replaceAll('\r\n', '\n').trimEnd(),
    };
  });
  return { peers, rungs };
}

/** Name of a column. */
export function columnName(ladder: Ladder, column: number, box: string): string {
  if (column === boxColumn) return box;
  return ladder.peers[column === 0 ? 0 : column - 1]?.address ?? '';
}

function agentOf(text: string): string {
  const head = text.split(/\r?\n\r?\n/, 1)[0] ?? '';
  return /^(?:user-agent|server)[ \t]*:[ \t]*(.+)$/im.exec(head)?.[1]?.trim().slice(0, 60) ?? '';
}
