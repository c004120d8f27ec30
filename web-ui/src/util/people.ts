import type { Extension, LiveCall, LiveLeg } from '../api/types';

/** `1001 · Reception` for an extension's identifier. */
export function extensionName(list: Extension[] | undefined, id: string | null | undefined): string | undefined {
  const found = id ? list?.find((item) => item.id === id) : undefined;
  return found ? `${found.extension} · ${found.name}` : undefined;
}

/** `Name · number`, or what there is of it. */
export function party(number: string, name: string | null | undefined, unknown: string): string {
  if (name && number && name !== number) return `${name} · ${number}`;
  return name || number || unknown;
}

/** The caller's leg of a call that is up. */
export function callerLeg(call: LiveCall): LiveLeg | undefined {
  return call.legs.find((leg) => leg.caller);
}

/** The other legs. */
export function calledLegs(call: LiveCall): LiveLeg[] {
  return call.legs.filter((leg) => !leg.caller);
}
