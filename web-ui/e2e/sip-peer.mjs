// A SIP provider for one call: answers INVITE and BYE over UDP as RFC 3261 asks, and sends no sound.
import { createSocket } from 'node:dgram';

/** @returns {Promise<{ port: number, close: () => void }>} */
export async function sipPeer() {
  const socket = createSocket('udp4');
  socket.on('message', (data, from) => {
    const text = data.toString('utf8');
    const method = text.slice(0, text.indexOf(' '));
    if (method === 'SIP/2.0' || method === 'ACK') return;
    /** @param {string} name */
    const fields = (name) => text.split('\r\n').filter((line) => line.toLowerCase().startsWith(`${name}:`));
    /** @param {string} status @param {string} [body] */
    const answer = (status, body = '') => {
      const [to = ''] = fields('to');
      const lines = [
        `SIP/2.0 ${status}`,
        ...fields('via'),
        ...fields('record-route'),
        ...fields('from'),
        to.includes(';tag=') ? to : `${to};tag=carrier`,
        ...fields('call-id'),
        ...fields('cseq'),
        `Contact: <sip:carrier@127.0.0.1:${socket.address().port}>`,
        'Server: Test carrier 1.0',
        ...(body ? ['Content-Type: application/sdp'] : []),
        `Content-Length: ${body.length}`,
      ];
      socket.send(`${lines.join('\r\n')}\r\n\r\n${body}`, from.port, from.address);
    };
    if (method !== 'INVITE') return answer('200 OK');
    answer('180 Ringing');
    answer('200 OK', ['v=0', 'o=- 1 1 IN IP4 127.0.0.1', 's=-', 'c=IN IP4 127.0.0.1', 't=0 0', 'm=audio 9 RTP/AVP 8', 'a=rtpmap:8 PCMA/8000', ''].join('\r\n'));
  });
  await new Promise((bound) => socket.bind(0, '127.0.0.1', () => bound(undefined)));
  return { port: socket.address().port, close: () => socket.close() };
}
