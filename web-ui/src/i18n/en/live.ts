export const live = {
  title: 'Live calls',
  lead: 'What is happening on the telephones, second by second.',
  emptyTitle: 'All quiet',
  emptyText: 'Nobody is on the telephone. Calls appear here the moment they begin.',
  hangUp: 'Hang up',
  hangUpTitle: 'End this call?',
  hangUpText: (from: string, to: string) => `The conversation between ${from} and ${to} is cut at once.`,
  hungUp: 'The call is ended.',
  recording: 'Recorded',
  calling: 'called',
  since: 'Duration',
  states: { dialling: 'Calling', ringing: 'Ringing', talking: 'In conversation', held: 'On hold' },
};
