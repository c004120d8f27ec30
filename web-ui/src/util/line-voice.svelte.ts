import { startBell } from '../audio/bell';
import { LineChannel } from '../audio/channel';
import { audioContext, turnOn } from '../audio/sound.svelte';
import { readVoice } from '../audio/voice-file';
import type { LineLink } from './line-link.svelte';

export type VoiceKind = 'none' | 'microphone' | 'file';
export type VoiceProblem = '' | 'refused' | 'insecure' | 'badFile' | 'noAudio';

/** Who speaks into a line, and its sound in the browser. */
export class LineVoice {
  kind = $state<VoiceKind>('none');
  fileName = $state('');
  problem = $state<VoiceProblem>('');

  readonly #link: LineLink;
  #channel: LineChannel | undefined;
  #stopBell: (() => void) | undefined;

  constructor(link: LineLink) {
    this.#link = link;
  }

  /** Connects the line with the page's sound. To be called when sound is on. */
  attach(): void {
    const context = audioContext();
    if (!context || this.#channel) return;
    const channel = new LineChannel(context, (frame) => this.#link.speak(frame));
    this.#channel = channel;
    this.#link.onFrame = (frame) => channel.hear(frame);
  }

  detach(): void {
    this.#link.onFrame = undefined;
    this.#channel?.close();
    this.#channel = undefined;
    this.bell(false);
    this.kind = 'none';
  }

  bell(on: boolean): void {
    const context = audioContext();
    if (on && context && !this.#stopBell) this.#stopBell = startBell(context);
    else if (!on) {
      this.#stopBell?.();
      this.#stopBell = undefined;
    }
  }

  async silence(): Promise<void> {
    this.problem = '';
    this.kind = 'none';
    this.fileName = '';
    this.#channel?.speak(undefined);
    this.#channel?.dropMicrophone();
  }

  async useMicrophone(): Promise<void> {
    await this.silence();
    if (!window.isSecureContext) {
      this.problem = 'insecure';
      return;
    }
    if (!(await this.#ready())) return;
    try {
      await this.#channel?.useMicrophone();
      this.kind = 'microphone';
    } catch {
      this.problem = 'refused';
    }
  }

  async useFile(file: File): Promise<void> {
    await this.silence();
    if (!(await this.#ready())) return;
    const context = audioContext();
    if (!context) return;
    try {
      this.#channel?.speak(await readVoice(file, context));
      this.kind = 'file';
      this.fileName = file.name;
    } catch {
      this.problem = 'badFile';
    }
  }

  async #ready(): Promise<boolean> {
    if (!(await turnOn())) {
      this.problem = 'noAudio';
      return false;
    }
    this.attach();
    return true;
  }
}
