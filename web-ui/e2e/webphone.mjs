// @ts-nocheck: half of it runs inside a page, on messages taken apart by hand.
// A telephone in a browser: SIP over WebSocket (RFC 7118) by hand, sound by WebRTC. Driven by the box's tests, which read its lines.
//   WS_URL, USERNAME, PASSWORD, REALM: the account; DIAL: the number it calls first. Then it answers one call.
import { createHash, randomBytes } from 'node:crypto';
import { launch } from './browser.mjs';

const { WS_URL, USERNAME, PASSWORD, REALM, DIAL, CODEC } = process.env;
const browser = await launch(['--allow-loopback-in-peer-connection']);
const page = await browser.newPage();

/** The value of Authorization (RFC 8760). */
function authorize(challenge, method, uri) {
  const field = (name) => new RegExp(`${name}="?([^",]+)`, 'i').exec(challenge)?.[1];
  const hash = (text) => createHash((field('algorithm') ?? 'MD5').toUpperCase() === 'SHA-256' ? 'sha256' : 'md5').update(text).digest('hex');
  const [realm, nonce, cnonce] = [field('realm'), field('nonce'), randomBytes(8).toString('hex')];
  const response = hash(`${hash(`${USERNAME}:${realm}:${PASSWORD}`)}:${nonce}:00000001:${cnonce}:auth:${hash(`${method}:${uri}`)}`);
  const opaque = field('opaque') ? `, opaque="${field('opaque')}"` : '';
  return `Digest username="${USERNAME}", realm="${realm}", nonce="${nonce}", uri="${uri}", response="${response}", ` +
    `algorithm=${field('algorithm') ?? 'MD5'}, qop=auth, nc=00000001, cnonce="${cnonce}"${opaque}`;
}
await page.exposeFunction('authorize', authorize);
await page.exposeFunction('say', (line) => console.log(line));
page.on('pageerror', (error) => console.log(`ERROR ${error.stack}`));
page.on('console', (message) => console.log(`console: ${message.text()}`));

await page.evaluate(
  async ({ url, user, realm, dial, codec }) => {
    const { authorize, say } = /** @type {any} */ (window);
    const chance = () => Math.random().toString(36).slice(2);
    const host = `${chance()}.invalid`;
    const contact = `<sip:${user}@${host};transport=ws>`;
    const socket = new WebSocket(url, 'sip');
    const context = new AudioContext({ sampleRate: 48000 });
    const oscillator = new OscillatorNode(context, { frequency: 440 });
    const said = new MediaStreamAudioDestinationNode(context, { channelCount: 1 });
    oscillator.connect(new GainNode(context, { gain: 0.25 })).connect(said);
    oscillator.start();

    /** Header fields by lower-case name, all values. */
    const parse = (text) => {
      const [head, body] = text.split('\r\n\r\n');
      const [first, ...lines] = head.split('\r\n');
      const headers = {};
      for (const line of lines) {
        const colon = line.indexOf(':');
        (headers[line.slice(0, colon).trim().toLowerCase()] ??= []).push(line.slice(colon + 1).trim());
      }
      return { first, headers, body };
    };
    const send = (first, headers, body = '') => {
      const type = body ? 'Content-Type: application/sdp\r\n' : '';
      const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
      socket.send(`${first}\r\n${lines}${type}Content-Length: ${new TextEncoder().encode(body).length}\r\n\r\n${body}`);
    };
    const waiting = new Map();
    /** Sends a request and gives its final response; `early` sees the others. */
    const request = async (method, uri, dialog, body, extra = [], early = () => undefined) => {
      for (let authorization = []; ; ) {
        const branch = `z9hG4bK${chance()}`;
        dialog.cseq = (dialog.cseq ?? 0) + 1;
        const common = (name) => [
          ['Via', `SIP/2.0/WS ${host};branch=${branch}`], ['Max-Forwards', '70'], ['From', dialog.from], ['To', dialog.to],
          ['Call-ID', dialog.id], ['CSeq', `${dialog.cseq} ${name}`],
        ];
        const answer = new Promise((resolve) => waiting.set(branch, { resolve, early }));
        send(`${method} ${uri} SIP/2.0`, [...common(method), ['Contact', contact], ...authorization, ...extra], body);
        const response = await answer;
        const status = Number(response.first.split(' ')[1]);
        if (method === 'INVITE' && status >= 300) {
          send(`ACK ${uri} SIP/2.0`, common('ACK').map(([name, value]) => [name, name === 'To' ? response.headers.to[0] : value]));
        }
        if (status !== 401 || authorization.length) return { ...response, status };
        authorization = [['Authorization', await authorize(response.headers['www-authenticate'][0], method, uri)]];
      }
    };

    /** A connection that says the tone, and a promise of what it hears. */
    const connect = () => {
      const connection = new RTCPeerConnection();
      // Not addTransceiver: only what addTrack made takes the place of a stream that is offered to us.
      connection.addTrack(said.stream.getAudioTracks()[0], said.stream);
      const [sender] = connection.getTransceivers();
      const wanted = RTCRtpReceiver.getCapabilities('audio').codecs.filter((c) => c.mimeType.toLowerCase() === `audio/${codec}`.toLowerCase());
      if (wanted.length) sender.setCodecPreferences(wanted);
      connection.onconnectionstatechange = () => say(`connection ${connection.connectionState}`);
      connection.ontrack = ({ track }) => {
        const stream = new MediaStream([track]);
        const element = new Audio();
        element.srcObject = stream;
        element.muted = true;
        void element.play();
        const source = new MediaStreamAudioSourceNode(context, { mediaStream: stream });
        const analyser = new AnalyserNode(context, { fftSize: 32768, smoothingTimeConstant: 0 });
        source.connect(analyser);
        const samples = new Float32Array(analyser.fftSize);
        let steady = 0;
        const timer = setInterval(() => {
          analyser.getFloatTimeDomainData(samples);
          // Zero crossings give the frequency of a single tone, the mean square its level.
          let [crossings, first, last, square] = [0, 0, 0, 0];
          samples.forEach((value, n) => {
            square += value * value;
            if (n > 0 && samples[n - 1] < 0 && value >= 0) {
              const at = n - value / (value - samples[n - 1]);
              if (crossings++ === 0) first = at;
              last = at;
            }
          });
          const hz = ((crossings - 1) * context.sampleRate) / (last - first);
          const level = 10 * Math.log10(square / samples.length);
          steady = Math.abs(hz - 880) < 3 && level > -25 && level < -5 ? steady + 1 : 0;
          if (steady === 3) {
            clearInterval(timer);
            say(`heard ${hz.toFixed(1)} Hz at ${level.toFixed(1)} dBFS`);
          }
        }, 300);
      };
      return connection;
    };
    const gathered = (connection) => new Promise((resolve) => {
      const done = () => connection.iceGatheringState === 'complete' && resolve(undefined);
      connection.onicegatheringstatechange = done;
      done();
    });

    let call;
    socket.onmessage = async ({ data }) => {
      const message = parse(data);
      const { headers, first } = message;
      if (first.startsWith('SIP/2.0')) {
        const branch = /branch=([^;]+)/.exec(headers.via[0])[1];
        const entry = waiting.get(branch);
        if (first.startsWith('SIP/2.0 1')) return void entry?.early(message);
        waiting.delete(branch);
        return void entry?.resolve(message);
      }
      const method = first.split(' ')[0];
      const answer = (status, more = [], body = '') => send(`SIP/2.0 ${status}`, [
        ...headers.via.map((via) => ['Via', via]), ...(headers['record-route'] ?? []).map((route) => ['Record-Route', route]),
        ['From', headers.from[0]], ['To', headers.to[0] + (headers.to[0].includes('tag=') ? '' : `;tag=${host}`)],
        ['Call-ID', headers['call-id'][0]], ['CSeq', headers.cseq[0]], ...more,
      ], body);
      if (method === 'ACK') return;
      if (method === 'BYE') {
        call?.close();
        answer('200 OK');
        return void say('ended');
      }
      if (method !== 'INVITE') return void answer('200 OK');
      answer('180 Ringing', [['Contact', contact]]);
      call = connect();
      await call.setRemoteDescription({ type: 'offer', sdp: message.body });
      await call.setLocalDescription();
      await gathered(call);
      answer('200 OK', [['Contact', contact]], call.localDescription.sdp);
    };
    await new Promise((resolve) => (socket.onopen = resolve));
    const own = `<sip:${user}@${realm}>`;
    const registered = await request('REGISTER', `sip:${realm}`, { from: `${own};tag=${chance()}`, to: own, id: chance() }, '', [['Expires', '600']]);
    if (registered.status !== 200) throw new Error(registered.first);
    say('registered');

    const dialog = { from: `${own};tag=${chance()}`, to: `<sip:${dial}@${realm}>`, id: chance() };
    call = connect();
    await call.setLocalDescription();
    await gathered(call);
    const take = async ({ body }) => {
      if (body && call.signalingState === 'have-local-offer') await call.setRemoteDescription({ type: 'answer', sdp: body });
    };
    const answered = await request('INVITE', `sip:${dial}@${realm}`, dialog, call.localDescription.sdp, [], take);
    if (answered.status !== 200) throw new Error(answered.first);
    await take(answered);
    const target = /<([^>]+)>/.exec(answered.headers.contact[0])[1];
    send(`ACK ${target} SIP/2.0`, [
      ['Via', `SIP/2.0/WS ${host};branch=z9hG4bK${chance()}`], ['Max-Forwards', '70'], ['From', dialog.from], ['To', answered.headers.to[0]],
      ['Call-ID', dialog.id], ['CSeq', `${dialog.cseq} ACK`],
    ]);
    say('answered');
  },
  { url: WS_URL, user: USERNAME, realm: REALM, dial: DIAL, codec: CODEC ?? 'PCMA' },
);
// Until the test has seen enough and closes our input.
process.stdin.resume();
process.stdin.on('end', async () => {
  await browser.close();
  process.exit(0);
});
