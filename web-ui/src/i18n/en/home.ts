import { plural } from '../plural';

export const home = {
  welcome: 'Welcome',
  title: 'Home',
  guideTitle: 'Make your first call',
  guideLead: 'Three steps, two minutes. You need nothing but this page.',
  stepExtension: 'Add two extensions',
  stepExtensionText: 'An extension is an internal number, such as 1001. Connect one to analog line 1 and another to a SIP phone or a second line.',
  stepExtensionAction: 'Add an extension',
  stepLift: 'Lift the receiver',
  stepLiftText: 'Open the analog lines, lift the handset of a telephone and listen to the dial tone.',
  stepLiftAction: 'Open the analog lines',
  stepDial: 'Dial the other extension',
  stepDialText: 'It rings. Answer it, talk, hang up: the call is in the call list.',
  stepDialAction: 'Open the call list',
  done: 'Done',
  dismiss: 'Hide this guide',
  showGuide: 'Show the guide',
  now: 'Right now',
  callsUp: (n: number) => plural(n, 'call in progress', 'calls in progress'),
  phonesConnected: (connected: number, total: number) =>
    `${connected} of ${total} ${plural(total, 'extension', 'extensions')} reachable`,
  latest: 'Latest calls',
  allCalls: 'The whole list',
  noCallsYet: 'No call yet. Calls appear here as soon as somebody dials.',
};
