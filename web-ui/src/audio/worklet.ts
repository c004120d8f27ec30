import { Pump } from './pump';

// The names of the audio worklet's own world, which the DOM library does not declare.
declare const sampleRate: number;
declare function registerProcessor(name: string, processor: unknown): void;
declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}

/** What the page sends: sound heard on the line, or a voice to speak. */
export type WorkletInput = { heard: Float32Array } | { voice: Float32Array | undefined };

class LineProcessor extends AudioWorkletProcessor {
  readonly #pump = new Pump(sampleRate);

  constructor() {
    super();
    this.port.onmessage = (event: MessageEvent<WorkletInput>) => {
      if ('heard' in event.data) this.#pump.hear(event.data.heard);
      else this.#pump.speak(event.data.voice);
    };
  }

  process(inputs: Float32Array[][], outputs: Float32Array[][]): boolean {
    const output = outputs[0]?.[0];
    if (!output) return true;
    output.set(this.#pump.play(output.length));
    for (const frame of this.#pump.record(inputs[0]?.[0], output.length)) this.port.postMessage(frame, [frame.buffer]);
    return true;
  }
}

registerProcessor('offhook-line', LineProcessor);
