import type { Call, TraceMessage } from '../types';

const box = '192.168.1.10:5060';

/** What the box would have written down of a call; internal ones are between analog lines and have no message. */
export function traceOf(call: Call): TraceMessage[] {
  const messages: TraceMessage[] = [];
  if (call.direction === 'internal') return messages;
  const say = (time: number, direction: 'received' | 'sent', peer: string, line: string, cseq: string, body = ''): void => {
    const head = [line, `Via: SIP/2.0/UDP ${peer};branch=z9hG4bK${messages.length}`, `From: <sip:${call.caller}@offhook>;tag=a`, `To: <sip:${call.called}@offhook>`, `Call-ID: ${call.id}`, `CSeq: ${cseq}`];
    if (direction === 'received') head.push(`User-Agent: ${peer.startsWith('203') ? 'Carrier 9' : 'Yealink SIP-T31P 124.86'}`);
    const [from, to] = direction === 'sent' ? [box, peer] : [peer, box];
    messages.push({ time, direction, from, to, transport: 'udp', first_line: line, call_id: call.id, cseq, text: [...head, '', body].join('\r\n') });
  };
  const sdp = 'v=0\r\no=- 1 1 IN IP4 192.168.1.10\r\ns=-\r\nc=IN IP4 192.168.1.10\r\nt=0 0\r\nm=audio 30000 RTP/AVP 8 101\r\n';
  const phone = '192.168.1.23:5060';
  const carrier = '203.0.113.5:5060';
  const start = call.started;
  say(start, 'received', phone, `INVITE sip:${call.called}@offhook SIP/2.0`, '1 INVITE', sdp);
  say(start + 1, 'sent', phone, 'SIP/2.0 407 Proxy Authentication Required', '1 INVITE');
  say(start + 9, 'received', phone, `ACK sip:${call.called}@offhook SIP/2.0`, '1 ACK');
  say(start + 14, 'received', phone, `INVITE sip:${call.called}@offhook SIP/2.0`, '2 INVITE', sdp);
  say(start + 15, 'sent', phone, 'SIP/2.0 100 Trying', '2 INVITE');
  say(start + 16, 'sent', carrier, `INVITE sip:${call.called}@203.0.113.5 SIP/2.0`, '7 INVITE', sdp);
  say(start + 240, 'received', carrier, 'SIP/2.0 180 Ringing', '7 INVITE');
  say(start + 241, 'sent', phone, 'SIP/2.0 180 Ringing', '2 INVITE');
  if (!call.answered) return messages;
  say(call.answered, 'received', carrier, 'SIP/2.0 200 OK', '7 INVITE', sdp);
  say(call.answered + 1, 'sent', carrier, `ACK sip:${call.called}@203.0.113.5 SIP/2.0`, '7 ACK');
  say(call.answered + 1, 'sent', phone, 'SIP/2.0 200 OK', '2 INVITE', sdp);
  say(call.answered + 12, 'received', phone, `ACK sip:${call.called}@offhook SIP/2.0`, '2 ACK');
  if (!call.ended) return messages;
  say(call.ended - 3, 'received', phone, `BYE sip:${call.called}@offhook SIP/2.0`, '3 BYE');
  say(call.ended - 2, 'sent', phone, 'SIP/2.0 200 OK', '3 BYE');
  say(call.ended - 2, 'sent', carrier, `BYE sip:${call.called}@203.0.113.5 SIP/2.0`, '8 BYE');
  say(call.ended, 'received', carrier, 'SIP/2.0 200 OK', '8 BYE');
  return messages;
}
