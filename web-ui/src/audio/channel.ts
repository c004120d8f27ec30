import { decodeFrame, encodeFrame } from './pcm';
import { Pump } from './pump';

/** The sound of one line in the browser: plays what is heard, gives what is spoken. */
export class LineChannel {
  readonly #context: AudioContext;
  readonly #send: (frame: ArrayBuffer) => void;
  readonly #node: AudioNode;
  readonly #hear: (samples: Float32Array) => void;
  readonly #speak: (voice: Float32Array | undefined) => void;
  #stream: MediaStream | undefined;
  #source: MediaStreamAudioSourceNode | undefined;

  constructor(context: AudioContext, send: (frame: ArrayBuffer) => void) {
    this.#context = context;
    this.#send = send;
    if (context.audioWorklet) {
      const node = new AudioWorkletNode(context, 'offhook-line', { numberOfInputs: 1, numberOfOutputs: 1, outputChannelCount: [1] });
      node.port.onmessage = (event: MessageEvent<Float32Array>) => this.#send(encodeFrame(event.data));
      this.#hear = (heard) => node.port.postMessage({ heard }, [heard.buffer]);
      this.#speak = (voice) => node.port.postMessage({ voice });
      this.#node = node;
    } else {
      // Pages without https have no worklets. This node is deprecated and works everywhere.
      const pump = new Pump(context.sampleRate);
      const node = context.createScriptProcessor(1024, 1, 1);
      node.onaudioprocess = ({ inputBuffer, outputBuffer }) => {
        outputBuffer.getChannelData(0).set(pump.play(outputBuffer.length));
        const input = this.#stream ? inputBuffer.getChannelData(0) : undefined;
        for (const frame of pump.record(input, outputBuffer.length)) this.#send(encodeFrame(frame));
      };
      this.#hear = (heard) => pump.hear(heard);
      this.#speak = (voice) => pump.speak(voice);
      this.#node = node;
    }
    this.#node.connect(context.destination);
  }

  /** A frame from the line. */
  hear(frame: ArrayBuffer): void {
    this.#hear(decodeFrame(frame));
  }

  /** Speaks a sound (8 kHz) over and over; undefined stops it. */
  speak(voice: Float32Array | undefined): void {
    this.#speak(voice);
  }

  /** Speaks with the microphone. Throws when the browser or the person refuses. */
  async useMicrophone(): Promise<void> {
    if (this.#stream) return;
    this.#stream = await navigator.mediaDevices.getUserMedia({
      audio: { channelCount: 1, echoCancellation: true, noiseSuppression: true, autoGainControl: true },
    });
    this.#source = this.#context.createMediaStreamSource(this.#stream);
    this.#source.connect(this.#node);
  }

  dropMicrophone(): void {
    this.#source?.disconnect();
    this.#stream?.getTracks().forEach((track) => track.stop());
    this.#source = undefined;
    this.#stream = undefined;
  }

  close(): void {
    this.dropMicrophone();
    this.#node.disconnect();
  }
}
