import { describe, expect, it } from 'vitest';
import type { TraceMessage } from '../src/api/types';
import { columnName, ladderOf } from '../src/util/ladder';

function message(time: number, direction: 'received' | 'sent', peer: string, line: string, cseq: string, rest = ''): TraceMessage {
  const [from, to] = direction === 'sent' ? ['10.0.0.1:5060', peer] : [peer, '10.0.0.1:5060'];
  return { time, direction, from, to, transport: 'udp', first_line: line, call_id: 'a', cseq, text: `${line}\r\nCSeq: ${cseq}\r\n${rest}` };
}

describe('the ladder of a call', () => {
  const [a, b] = ['10.0.0.7:5060', '10.0.0.8:5060'];

  it('has the first to speak left of the box and the others right of it', () => {
    const ladder = ladderOf([
      message(1000, 'received', a, 'INVITE sip:202@box SIP/2.0', '1 INVITE', 'User-Agent: Phone A\r\n\r\nv=0\r\n'),
      message(1001, 'sent', a, 'SIP/2.0 100 Trying', '1 INVITE', '\r\n'),
      message(1004, 'sent', b, 'INVITE sip:202@10.0.0.8 SIP/2.0', '7 INVITE', 'User-Agent: Offhook\r\n\r\n'),
      message(1250, 'received', b, 'SIP/2.0 486 Busy Here', '7 INVITE', 'Server: Phone B\r\n\r\n'),
      message(1251, 'received', a, 'BYE sip:202@box SIP/2.0', '2 BYE', '\r\n'),
      message(1252, 'sent', a, 'SIP/2.0 200 OK', '2 BYE', '\r\n'),
    ]);
    expect(ladder.peers).toEqual([
      { address: `udp ${a}`, agent: 'Phone A' },
      { address: `udp ${b}`, agent: 'Phone B' },
    ]);
    expect(ladder.rungs.map(({ offset, from, to, title, kind, sdp }) => [offset, from, to, title, kind, sdp])).toEqual([
      [0, 0, 1, 'INVITE', 'request', true],
      [1, 1, 0, '100 Trying', 'progress', false],
      [4, 1, 2, 'INVITE', 'request', false],
      [250, 2, 1, '486 Busy Here', 'failure', false],
      [251, 0, 1, 'BYE', 'request', false],
      [252, 1, 0, '200 OK', 'success', false],
    ]);
    expect([0, 1, 2].map((column) => columnName(ladder, column, 'Box'))).toEqual([`udp ${a}`, 'Box', `udp ${b}`]);
  });

  it('stays narrow with many peers and whole with strange messages', () => {
    const many = ladderOf(Array.from({ length: 50 }, (_, n) => message(n, 'sent', `10.0.1.${n}:5060`, 'OPTIONS sip:x SIP/2.0', '')));
    expect(many.peers).toHaveLength(8);
    expect(Math.max(...many.rungs.map((rung) => rung.to))).toBe(8);
    expect(ladderOf([])).toEqual({ peers: [], rungs: [] });
    expect(ladderOf([message(0, 'received', a, '', '')]).rungs[0]?.title).toBe('');
  });
});
